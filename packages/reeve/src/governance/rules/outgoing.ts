import { canonicalValue, hostOf, valuesIn, wordsOf } from '../provenance/canonical.ts'
import { unencoded } from '../provenance/encoded.ts'
import { originOf } from '../provenance/origin.ts'
import type { Leaf } from '../provenance/run-values.ts'
import { lettersOf, SecretFinder } from '../provenance/secret-finder.ts'
import type { Reason } from '../reasons.ts'
import { argumentsOf, type JudgedCall } from './call.ts'
import type { Directed } from './directing.ts'

/**
 * What leaves: private values go only where the operator's words say, secrets only when they speak of the secret itself, and
 * links and addresses that only untrusted text holds are not passed on unasked.
 */
export function judgeOutgoing(call: JudgedCall, directed: readonly Directed[]): Reason[] {
  if (call.tool.sends === 'none') return []
  const reasons: Reason[] = []
  const texts = argumentsOf(call, (role) => role !== 'plain' && role !== 'count' && role !== 'proof')
  const parts = texts.map(({ value }) => String(value))
  const content = texts.filter(({ role }) => role === 'content' || role === 'query')
  const said = texts
    .filter(
      ({ role, value }) => role === 'content' || role === 'query' || canonicalValue(value).kind === 'url',
    )
    .map(({ value }) => String(value))
  const secret = secretIn(call, parts)
  if (secret) {
    const name = secret.path.at(-1) ?? 'a secret'
    reasons.push({
      code: 'secret-leaves',
      text: `It would carry out "${name}" from ${call.values.itemOf(secret).place}; the request does not speak of it.`,
      verdict: 'ask',
      origin: call.values.itemOf(secret).place,
    })
  }
  const isMeant =
    directed.some(({ role }) => role === 'directs') &&
    directed.every(
      ({ role, origin }) => role !== 'directs' || origin.trust === 'operator' || origin.trust === 'delegated',
    )
  if (
    !secret &&
    !isMeant &&
    call.tool.sends === 'outside' &&
    call.values.hasReadUntrusted &&
    call.values.hasReadPrivate
  ) {
    const leaf = privateIn(call, said)
    if (leaf) {
      reasons.push({
        code: 'private-leaves',
        text: `It would carry out "${leaf.path.at(-1) ?? 'a value'}" from ${call.values.itemOf(leaf).place} to somebody whom the request does not name, in a run that has read untrusted text.`,
        verdict: 'ask',
        origin: call.values.itemOf(leaf).place,
      })
    }
  }
  for (const { name, value } of content) {
    const link = valuesIn(String(value)).find(
      ({ kind, key }) => (kind === 'url' || kind === 'address') && isStrangers(key, call),
    )
    if (!link) continue
    const [place] = call.values.find(link.key)
    reasons.push({
      code: 'untrusted-link',
      text: `${name} holds ${link.key}, which stands only in untrusted text.`,
      verdict: 'ask',
      argument: name,
      ...(place && { origin: call.values.itemOf(place).place }),
    })
    break
  }
  return reasons
}

/** Only untrusted text that the request does not name holds it. */
function isStrangers(key: string, { values, request }: JudgedCall): boolean {
  const { trust } = originOf(key, values, request)
  return (
    trust !== 'operator' &&
    trust !== 'trusted' &&
    trust !== 'delegated' &&
    trust !== 'nowhere' &&
    !request.matches(new RegExp(escapeText(hostOf(key)), 'i'))
  )
}

function escapeText(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

const finders = new WeakMap<Leaf, SecretFinder>()

function finderOf(leaf: Leaf): SecretFinder {
  const finder = finders.get(leaf) ?? new SecretFinder(String(leaf.value))
  finders.set(leaf, finder)
  return finder
}

/** Also encoded, with other signs between its letters, in pieces, or split over the arguments, or over this call and those before. */
function secretIn({ values, request, sent = [] }: JudgedCall, parts: readonly string[]): Leaf | undefined {
  const { secrets } = values
  if (secrets.length === 0) return undefined
  const now = formsOf(parts)
  const before = sent.length === 0 ? [] : formsOf(sent)
  const together = sent.length === 0 ? now : formsOf([...sent, ...parts])
  const tells = (leaf: Leaf, forms: readonly string[]) => forms.some((form) => finderOf(leaf).isIn(form))
  return secrets.find(
    (leaf) =>
      // What is out already, as a person has allowed, this call adds nothing to.
      (tells(leaf, now) || (tells(leaf, together) && !tells(leaf, before))) &&
      !wordsOf(leaf.path.join(' ')).some((word) => word.length > 3 && request.saysWord(word)),
  )
}

/** In one, since each piece may be in another form; and without what parts them, for pieces of few letters. */
function formsOf(parts: readonly string[]): string[] {
  const letters = unencoded(parts).map(lettersOf)
  return [letters.join('|'), letters.join('')]
}

function privateIn({ values, request }: JudgedCall, parts: readonly string[]): Leaf | undefined {
  for (const form of unencoded(parts)) {
    const found = values.privateIn(wordsOf(form), (leaf) => request.says(leaf.value))
    if (found) return found
  }
  return undefined
}
