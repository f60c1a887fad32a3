import { changesNothing, type EffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import { kindsOfTool } from '../request/request-kinds.ts'
import { type ArgumentSchema, roleOf } from './argument-roles.ts'
import { type ArgumentRole, type GovernedTool, partsOf, type Sends } from './governed-tool.ts'

/** What a tool says of itself, as over MCP or OpenAPI. */
export interface DescribedTool {
  name: string
  description?: string
  /** What its code declares. Absent: read from its name. */
  effect?: EffectClass
  parameters?: { properties?: Readonly<Record<string, ArgumentSchema>> }
}

const reading =
  /^(?:get|list|read|search|view|find|check|show|count|calculate|compute|total|fetch|browse|visit|open|lookup|look|query|describe|retrieve|download|summarize|compare|is|has|whoami|current|scan|preview|inspect|status|estimate|suggest|recommend|parse|extract)$/
const acting =
  /^(?:send|post|create|add|update|set|change|edit|modify|delete|remove|clear|cancel|move|rename|copy|write|append|insert|upload|submit|input|fill|click|buy|purchase|checkout|order|pay|transfer|refund|book|reserve|schedule|reschedule|invite|share|publish|reply|forward|login|logout|register|verify|confirm|approve|reject|accept|decline|close|merge|push|commit|fork|star|follow|unfollow|subscribe|unsubscribe|run|execute|install|enable|disable|grant|revoke|assign|archive|restore|reset|donate|withdraw|deposit|make|start|stop|turn|lock|unlock|clone|pull)$/
const sending =
  /^(?:send|post|mail|email|message|reply|forward|notify|share|invite|pay|transfer|transaction|money|tweet|publish|sms|call|upload|submit|donate|wire|input|push|comment|merge|deploy|refund)$/
const outsideText =
  /^(?:mail|mails|email|emails|message|messages|inbox|webpage|web|page|site|website|url|link|review|reviews|comment|comments|issue|issues|feed|article|articles|news|post|posts|chat|ticket|tickets|tweet|tweets|browse|sms|notification|notifications)$/
const proseHolders = /^(?:file|document|doc|page|webpage|web|url|site|website|article|readme|browse|node)$/
const privateThings =
  /^(?:user|account|profile|mail|mails|email|emails|inbox|message|messages|calendar|event|events|file|files|document|documents|contact|contacts|order|orders|transaction|transactions|balance|iban|password|health|salary|customer|customers|invoice|invoices|cart|directory|note|notes|reminder|reminders|bill|bills|payment|payments|history|schedule|appointment|appointments|card|cards|subscription)$/
const staged = /^(?:cart|basket|draft|drafts|wishlist|bag)$/
const committing = /^(?:checkout|place|submit|send|publish|order|buy|purchase)$/

/**
 * A tool that nobody declared, read from its name, description and schema by rules. Each rule errs towards a question: what is
 * not clearly a read acts, what is not clearly harmless directs, and text that strangers can write is untrusted.
 */
export function inferTool(tool: DescribedTool): GovernedTool {
  const parts = partsOf(tool.name)
  const has = (pattern: RegExp) => parts.some((part) => pattern.test(part))
  // What comes after "by" or "for" says how it is looked up, not what it is.
  const cut = parts.findIndex(
    (part, index) => index > 0 && /^(?:by|with|through|via|for|from|in|of)$/.test(part),
  )
  const subject = cut < 0 ? parts : parts.slice(0, cut)
  const isAbout = (pattern: RegExp) => subject.some((part) => pattern.test(part))
  const properties = tool.parameters?.properties ?? {}
  const roles: Record<string, ArgumentRole> = {}
  for (const [name, schema] of Object.entries(properties)) roles[name] = roleOf(name, schema)
  const verb = parts.find((part) => reading.test(part) || acting.test(part))
  const isRead =
    tool.effect === undefined ? verb !== undefined && reading.test(verb) : changesNothing(tool.effect)
  const takesUrl = Object.keys(properties).some((name) =>
    partsOf(name).some((part) => /^(?:url|uri|link|website|host)$/.test(part)),
  )
  const isDownload = parts.includes('download')
  const isFolder = has(/^(?:create|make)$/) && has(/^(?:dir|directory|folder)$/)
  const isNewFile = has(/^create$/) && has(/^(?:file|document|note|draft)$/)
  const thing = parts.find((part) => staged.test(part))
  const isCommit = has(committing) && (has(/^checkout$/) || thing !== undefined)
  const isStage = thing !== undefined && !isCommit && !isRead
  const confirms =
    has(/^(?:verify|confirm)$/) &&
    Object.values(roles).includes('proof') &&
    !Object.values(roles).includes('directs')
  const kinds = isRead && !takesUrl ? [] : kindsOfTool(parts, Object.keys(properties), tool.description ?? '')
  return {
    name: tool.name,
    effect: tool.effect ?? (isDownload || isFolder ? 'idempotent' : isRead ? 'read' : 'once'),
    reads: isRead && isAbout(privateThings) ? 'private' : isRead ? 'public' : 'none',
    sends: sendsOf({
      takesUrl,
      isRead,
      isSending: !isRead && has(sending) && !has(/^(?:delete|remove|archive|mark|login|draft)$/),
      description: tool.description ?? '',
    }),
    roles,
    answers: takesUrl || (isRead && isAbout(outsideText)) ? 'untrusted' : 'trusted',
    isProse: isRead && (isAbout(proseHolders) || takesUrl) && !has(/^(?:list|search)$/),
    place: placeOf(parts, tool.name),
    kinds,
    // What a tool says of what it has done, it has written itself.
    ...(!isRead && !takesUrl && { isVouched: true }),
    ...(isStage && { stages: thing }),
    ...(isCommit && { commits: thing ?? 'cart' }),
    ...((isDownload || isFolder || (tool.effect !== 'idempotent' && isNewFile)) && { isAdditive: true }),
    ...(confirms && { confirms: true }),
  }
}

function sendsOf(of: { takesUrl: boolean; isRead: boolean; isSending: boolean; description: string }): Sends {
  if (of.takesUrl || of.isSending) return 'outside'
  if (of.isRead) return 'none'
  return /\b(?:e-?mails?|notif(?:y|ies)|messages?|posts?)\b.{0,40}\b(?:participants?|recipients?|users?|members?|everyone|public)\b/i.test(
    of.description,
  )
    ? 'inside'
    : 'none'
}

/** "a mail", "the user information": what a person calls where a value stands. */
function placeOf(parts: readonly string[], name: string): string {
  const nouns: [RegExp, string][] = [
    [/^(?:mails?|emails?|inbox)$/, 'a mail'],
    [/^(?:webpage|web|page|site|website|url|link|browse)$/, 'a web page'],
    [/^(?:file|document|doc)$/, 'a file'],
    [/^(?:messages?|chat)$/, 'a message'],
    [/^(?:reviews?|comments?)$/, 'what others wrote about it'],
  ]
  for (const [pattern, place] of nouns) if (parts.some((part) => pattern.test(part))) return place
  return `an answer of ${name}`
}
