import { namedFolderOf, namingOf } from '../request/named-items.ts'
import { isTelling, type Request } from '../request/request.ts'
import { saysKind } from '../request/request-kinds.ts'
import { canonicalValue, hostOf, wordsOf } from './canonical.ts'
import type { Item, Leaf, RunValues } from './run-values.ts'

/**
 * Where a directing value comes from, from the best place that it stands in:
 *
 * - `operator`: in the operator's own words
 * - `trusted`: in a field of a trusted record that the words led to
 * - `delegated`: in a source that the words name; `within`: they name only the folder
 * - `unpicked`: in a trusted record, but nothing that the operator said leads to this one of several
 * - `pushed`: in a trusted record, and untrusted text elsewhere pushes it
 * - `ambiguous`: in a source that the words name, which holds several of its kind
 * - `untrusted`: only in untrusted content
 * - `nowhere`: the model's own making
 */
export type Trust =
  | 'operator'
  | 'trusted'
  | 'delegated'
  | 'within'
  | 'unpicked'
  | 'pushed'
  | 'ambiguous'
  | 'untrusted'
  | 'nowhere'

export interface Origin {
  trust: Trust
  /** For a person: "the sender of this mail", "only in a web page". */
  place: string
  /** The item of the run's values that it was found in. */
  item?: number
  /** Of `within`: what was found there speaks of what the request speaks of. */
  isOnTopic?: boolean
}

const nowhere: Origin = { trust: 'nowhere', place: 'nothing that was read: the model made it up' }

/** Whether this prose is by somebody whom the words do not name. */
export function isByStrangers(leaf: Leaf, values: RunValues, request: Request): boolean {
  return leaf.label === 'untrusted' && leaf.isFree && !isDelegating(values.itemOf(leaf), request, values)
}

export function originOf(value: string | number | boolean, values: RunValues, request: Request): Origin {
  if (request.says(value)) return { trust: 'operator', place: 'the words of the request' }
  const folder = namedFolderOf(String(value), request)
  if (folder !== undefined) return { trust: 'within', place: `the folder ${folder}, which the request names` }
  const leaves = values.find(value)
  const trusted = leaves.filter(
    ({ label }) => label === 'operator' || label === 'project' || label === 'trusted',
  )
  const untrusted = leaves.filter(({ label }) => label === 'untrusted')
  if (trusted.length > 0) {
    const best = fromRecords(value, trusted, untrusted, values, request)
    if (best.trust === 'trusted' || untrusted.length === 0) return best
    const named = fromNamed(value, untrusted, values, request)
    return named?.trust === 'delegated' ? named : best
  }
  if (untrusted.length > 0) {
    const leaf = untrusted[0]!
    return (
      fromNamed(value, untrusted, values, request) ?? {
        trust: 'untrusted',
        place: `only ${values.itemOf(leaf).place}`,
        item: leaf.item,
      }
    )
  }
  return leaves.length > 0 ? { trust: 'nowhere', place: values.itemOf(leaves[0]!).place } : nowhere
}

/** The numbers in the sources that the words name. */
export function delegatedNumbers(values: RunValues, request: Request): number[] {
  const named = values.items.filter(
    (item) => item.values.has('number') && isDelegating(item, request, values),
  )
  return named.slice(-5).flatMap((item) => [...item.values.get('number')!].slice(0, 20).map(Number))
}

/** Where text that steers comes from: a search's words need not stand together, and some may be the model's own. */
export function steeringOf(text: string, values: RunValues, request: Request): Origin['trust'] {
  const { trust } = originOf(text, values, request)
  if (trust !== 'nowhere') return trust
  const words = wordsOf(text).filter(isTelling)
  const own = words.filter((word) => !request.saysWord(word))
  const isPushed = own.some((word) =>
    values.withWord(word).some(({ label, isFree }) => label === 'untrusted' && isFree),
  )
  if (isPushed) return 'untrusted'
  return own.length < words.length ? 'operator' : 'nowhere'
}

function fromRecords(
  value: string | number | boolean,
  trusted: readonly Leaf[],
  untrusted: readonly Leaf[],
  values: RunValues,
  request: Request,
): Origin {
  // A small number stands in any text by chance.
  const isSpecific = !/^\d{0,3}$/.test(String(value))
  const pushing = untrusted.find(
    (leaf) =>
      isSpecific && !trusted.some(({ item }) => item === leaf.item) && isByStrangers(leaf, values, request),
  )
  let unpicked: Leaf | undefined
  for (const leaf of trusted) {
    const item = values.itemOf(leaf)
    const origin = { place: item.place, item: leaf.item }
    // A record that the words name in full is meant, whoever else speaks of it.
    if (item.titles.some((title) => isNamedInFull(title, request))) return { trust: 'trusted', ...origin }
    if (pushing) continue
    const isLed =
      item.reading.steering === 'operator' ||
      item.siblings === 1 ||
      isPicked(item, request) ||
      isWhereNamedStands(value, values, request)
    if (isLed || item.reading.label !== 'trusted') return { trust: 'trusted', ...origin }
    unpicked ??= leaf
  }
  if (pushing) return { trust: 'pushed', place: values.itemOf(pushing).place, item: pushing.item }
  return { trust: 'unpicked', place: values.itemOf(unpicked!).place, item: unpicked!.item }
}

/** The channel or folder in which something stands that the words name: "reply where Alice asked". */
function isWhereNamedStands(value: string | number | boolean, values: RunValues, request: Request): boolean {
  return (
    typeof value === 'string' && values.itemsAt(value).some((item) => isDelegating(item, request, values))
  )
}

function isNamedInFull(title: string, request: Request): boolean {
  const words = wordsOf(title).filter(isTelling)
  return words.length > 0 && words.every((word) => request.saysWord(word))
}

/** One of several records is led to by a word of its title that the operator said. */
function isPicked({ titles }: Item, request: Request): boolean {
  return titles.some((title) => request.sharedWords(title).some((word) => !/^\d{1,2}$/.test(word)))
}

/**
 * Naming a source delegates the addresses, accounts and links there. Of its words only those count that stand behind a word of the
 * request ("Username: alice", "the password is …"), unless the request leaves it to the text what is to be done.
 */
function isLabelled(text: string, value: string, request: Request): boolean {
  if (request.leavesItToText) return true
  const plain = text.normalize('NFKC')
  for (let at = plain.indexOf(value); at >= 0; at = plain.indexOf(value, at + 1)) {
    const label = /([\p{L}\p{N}]{2,40})\s{0,3}(?:[:=]|\bis\b|\bare\b)\s{0,3}["'`]?$/u.exec(
      plain.slice(Math.max(0, at - 60), at),
    )?.[1]
    if (label !== undefined && isTelling(label.toLowerCase()) && request.saysWord(label.toLowerCase()))
      return true
  }
  return false
}

function isDelegating(item: Item, request: Request, values: RunValues): boolean {
  return item.reading.steering !== 'untrusted' && namingOf(item, request, values) !== undefined
}

/**
 * Of several things in a channel: whether this one speaks of what the request speaks of. Words that name the channel, or a kind of
 * effect (visit, link, send), stand in any planted text.
 */
function isOnTopic({ leaves, locations, siblings }: Item, request: Request): boolean {
  if (siblings < 2) return false
  const folder = new Set(locations.flatMap(wordsOf))
  const isTopic = (word: string) =>
    word.length >= 4 && !folder.has(word) && !saysKind(word) && !request.isGeneral(word)
  return leaves.some((leaf) => leaf.isFree && request.sharedWords(String(leaf.value)).some(isTopic))
}

/** A page that the words name does not name the pages that it links to: only those of its own host. */
function isLinkAway(kind: string, key: string, item: Item): boolean {
  if (kind !== 'url') return false
  const pages = item.locations
    .map((location) => canonicalValue(location))
    .filter((location) => location.kind === 'url')
  return pages.length > 0 && pages.every((page) => hostOf(page.key) !== hostOf(key))
}

/** Values of a source that the operator's words name count as delegated, if there is no choice among several of their kind. */
function fromNamed(
  value: string | number | boolean,
  leaves: readonly Leaf[],
  values: RunValues,
  request: Request,
): Origin | undefined {
  const { kind, key } = canonicalValue(value)
  let best: Origin | undefined
  for (const leaf of leaves) {
    const item = values.itemOf(leaf)
    if (item.reading.steering === 'untrusted') continue
    const origin = { place: item.place, item: leaf.item }
    if (leaf.isHeader && request.addressesAll) return { trust: 'delegated', ...origin }
    const naming = namingOf(item, request, values)
    if (!naming) continue
    if (leaf.isHeader) return { trust: 'delegated', ...origin }
    if (isLinkAway(kind, key, item)) continue
    if (kind === 'text' && !isLabelled(String(leaf.value), String(value), request)) continue
    const same = kind === 'text' || kind === 'number' ? undefined : item.values.get(kind)
    const others = same ? [...same].filter((other) => other !== key) : []
    if (others.length > 0) best ??= { trust: 'ambiguous', ...origin }
    else if (naming === 'within')
      best =
        best?.trust === 'delegated'
          ? best
          : { trust: 'within', ...origin, isOnTopic: isOnTopic(item, request) }
    else return { trust: 'delegated', ...origin }
  }
  return best
}
