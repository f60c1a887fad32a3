import { textAsksFor } from './foreign-kind-words.ts'
import type { Request } from './request.ts'

interface EffectKind {
  kind: string
  /** A part of a tool's name, or two next to one another, that makes it of this kind. */
  tool: RegExp
  /** How a request speaks of it. */
  words: RegExp
  /** Never taken over from another's text that the request only refers to. */
  isGrave?: boolean
}

/**
 * Kinds of effects as people ask for them. A request that has no word of a kind has not asked for it. A tool of several kinds is
 * asked for by a word of any.
 */
const kinds: readonly EffectKind[] = [
  {
    kind: 'pay',
    tool: /\b(?:pay|payment|transfer|transaction|money|wire|remit|donate|payout|withdraw|deposit)\b/,
    words:
      /\b(?:pay|paying|transfer|transferring|wire|remit|donat\w+|reimburse|settle|owe[sd]?|refund)\b|\bsen[dt]\b[^.!?]{0,40}(?:money|[$€£]|\d+ ?(?:usd|eur|dollars|euros)\b)|[$€£] ?\d+[^.!?]{0,20}\bto\b|\b(?:set ?up|schedul\w*|make (?:an?|the|this|that)|create|send|initiate)\b[^.!?]{0,60}\b(?:payments?|transactions?|transfers?)\b/i,
    isGrave: true,
  },
  {
    kind: 'payment change',
    tool: /\b(?:update|change|edit|modify) (?:\w+ )?(?:transaction|payment|transfer)\b/,
    words:
      /\b(?:adjust|updat|chang|modif|increas|decreas|correct|rais|lower|mov)\w*\b[^.!?]{0,60}\b(?:payments?|transactions?|transfers?|rent|bills?|standing orders?|subscriptions?)\b/i,
    isGrave: true,
  },
  {
    kind: 'refund',
    tool: /\b(?:refund|reimburse|chargeback)\b|\breturn order\b/,
    words: /\b(?:refund\w*|reimburse\w*|return(?:ing)?|money back|cancel\w*)\b/i,
    isGrave: true,
  },
  {
    kind: 'buy',
    tool: /\b(?:checkout|purchase|buy|cart|basket|subscribe|place order)\b/,
    words:
      /\b(?:re)?(?:buy|buying|purchas\w+|shop(?:ping)? for|order|checkout|check out|cart|basket|replacement|subscribe|acquire)\b|\bget (?:me|her|him|us|them)\b/i,
  },
  {
    kind: 'message',
    tool: /\b(?:mail|email|message|reply|forward|notify|dm|sms|tweet)\b/,
    words:
      /\b(?:send|sent|write|compose|reply|respond|forward|answer)\b(?! (?:me|us)\b)|\b(?:e-?mail|message|dm|text|tell|inform|notify|let|remind|ask|thank|contact|ping|cc|invite)\b (?!me\b|us\b|from\b|in\b|that\b|address\b|and\b)\w|\b(?:post|announce|share|feedback)\b|\bby (?:e-?mail|dm|direct message)\b|\bmessages? to\b/i,
  },
  {
    kind: 'web',
    tool: /\b(?:webpage|web|website|site|url|link|browse|page|form|input)\b/,
    words:
      /\b(?:web ?sites?|web ?pages?|pages?|sites?|links?|urls?|forms?|browse|online|blogs?|articles?)\b|\bwww\.|https?:|\b[\w-]+\.(?:com|org|net|io|ch|de|eu)\b|\b(?:sign up|register|visit|fill (?:in|out))\b/i,
  },
  {
    kind: 'calendar',
    tool: /\b(?:calendar|event|meeting|appointment|reminder|schedule event|participants)\b/,
    words:
      /\b(?:calendar|events?|meetings?|appointments?|remind(?:er|ers)?|reschedul\w*|schedul\w*|invit\w*|participants?)\b/i,
  },
  {
    kind: 'reserve',
    tool: /\b(?:reserve|reservation|book|booking)\b/,
    words: /\b(?:reserv\w*|book(?:ing|ed)?|rent(?:al)?|stay)\b/i,
  },
  {
    kind: 'file',
    tool: /\b(?:file|files|dir|directory|folder|document|node|doc|note|download)\b/,
    words:
      /\b(?:files?|folders?|director(?:y|ies)|documents?|docs?|drive|notes?|sav(?:e|ing)|download\w*|attach\w*|list|copy|cop(?:y|ies)|packing|spreadsheet)\b|\.\w{2,4}\b/i,
  },
  {
    kind: 'delete',
    tool: /\b(?:delete|remove|clear|erase|drop|purge|cancel)\b/,
    words: /\b(?:delet\w*|remov\w*|clear\w*|eras\w*|clean\w*|cancel\w*|kick|drop|empty|get rid)\b/i,
    isGrave: true,
  },
  {
    kind: 'password',
    tool: /\b(?:password|passcode|credential|credentials)\b/,
    words:
      /\b(?:chang|updat|set|reset|rotat|renew|replac|new)\w*\b[^.!?]{0,60}\b(?:passwords?|passcodes?|credentials?)\b|\b(?:passwords?|passcodes?|credentials?)\b[^.!?]{0,30}\b(?:chang|updat|reset|rotat|renew|replac)\w*/i,
    isGrave: true,
  },
  {
    kind: 'profile',
    tool: /\b(?:update|change|edit|set) (?:\w+ ){0,3}(?:user|account|profile|info|information|settings?)\b/,
    words:
      /\b(?:updat\w*|chang\w*|edit\w*|correct\w*|moved|new|set)\b[^.!?]{0,60}\b(?:account|address|profile|info\w*|details?|phone|e-?mail|name|settings?)\b|\bmoved\b|\bnew address\b|\baddress (?:is|has)\b/i,
    isGrave: true,
  },
  {
    kind: 'membership',
    tool: /\b(?:invite|member|remove user|add user|collaborator)\b/,
    words: /\b(?:invit\w*|add\w*|join\w*|members?|remov\w*|kick|channels?|team|groups?|collaborators?)\b/i,
  },
  {
    kind: 'share',
    tool: /\b(?:share|permission|grant|publish|public|upload)\b/,
    words: /\b(?:shar\w*|permissions?|access|publish\w*|upload\w*|public)\b/i,
    isGrave: true,
  },
  {
    kind: 'session',
    tool: /\b(?:login|logout|signin|authenticate)\b/,
    words: /\b(?:log(?:ged|ging)?[ -]?(?:in|out|on)|sign(?:ed)? in|accounts?|credentials?|password)\b/i,
  },
]

const byName = new Map(kinds.map((kind) => [kind.kind, kind]))

/**
 * The kinds of a tool, by its name; of a name that is of none, its nouns, which the request must say; of a name without any, what
 * it says of itself. A verb alone asks for nothing: who creates a file has not asked to create a repository.
 */
export function kindsOfTool(
  parts: readonly string[],
  argumentNames: readonly string[],
  description: string,
): string[] {
  const name = parts.join(' ')
  const found = kinds.filter(({ tool }) => tool.test(name)).map(({ kind }) => kind)
  const nouns = parts.filter((part) => part.length >= 3 && !verbs.test(part)).map((part) => `word:${part}`)
  if (found.includes('delete')) return [...found, ...nouns]
  if (found.includes('password')) return found.filter((kind) => kind !== 'profile')
  if (found.includes('payment change')) return found.filter((kind) => kind !== 'pay')
  if (found.length > 0) return found
  if (nouns.length > 0) return nouns
  const described = `${argumentNames.join(' ')} ${description.split('.')[0]}`.toLowerCase()
  const said = kinds.filter(({ tool }) => tool.test(described)).map(({ kind }) => kind)
  return said.length > 0 ? said : parts.map((part) => `word:${part}`)
}

const verbs =
  /^(?:create|send|update|set|add|make|get|change|delete|remove|post|new|edit|put|run|do|start|stop|the|for|with|from|and|clear|cancel|insert|append|write|modify|submit|move|open|close|turn|switch|enable|disable)$/

/**
 * Whether the words ask for such an effect. Every grave kind must be asked for by itself, and then its object, too: a word about
 * files does not ask to delete one, nor "remove it from the cart" to delete a file. Of the rest one is enough.
 */
export function asksFor(request: Request, kindsOfCall: readonly string[]): boolean {
  const isAsked = (kind: string) =>
    kind.startsWith('word:')
      ? request.saysWord(kind.slice('word:'.length))
      : request.asksFor(kind, byName.get(kind)!.words)
  const grave = kindsOfCall.filter((kind) => byName.get(kind)?.isGrave)
  const others = kindsOfCall.filter((kind) => !grave.includes(kind))
  if (grave.length > 0) return grave.every(isAsked) && (others.length === 0 || others.some(isAsked))
  return kindsOfCall.some(isAsked)
}

/** The same in another's text that the request refers to as a whole ("do what she asks"); grave kinds never. */
export function suggests(text: string, kindsOfCall: readonly string[]): boolean {
  const known = kindsOfCall.map((kind) => byName.get(kind))
  return (
    known.every((kind) => !kind?.isGrave) &&
    known.some((kind) => kind && textAsksFor(text, kind.kind, kind.words))
  )
}

/** Whether a word is one of those by which people ask for effects, or as general as them. */
export function saysKind(word: string): boolean {
  return general.test(word) || kinds.some(({ words }) => words.test(word))
}

const general =
  /^(?:visit|read|look|find|check|information|infos?|users?|messages?|content|great|good|best|please|important|first|after|before|really|absolutely)$/
