/** What kind of thing a value is, as far as its form tells. */
export type ValueKind = 'address' | 'url' | 'account' | 'phone' | 'number' | 'path' | 'text'

/** A value in the one form in which equal values are equal. */
export interface CanonicalValue {
  kind: ValueKind
  key: string
}

// Each pattern is a sequence of classes without nested repetition: its cost is bounded by the length times a constant.
const addressPattern = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu
const urlPattern =
  /(?:https?:\/\/|\/\/)[^\s<>"'`()[\]{}|\\^]{1,2048}|(?<![@\p{L}\p{N}._-])(?:[\p{L}\p{N}_-]{1,63}\.){1,6}[\p{L}]{2,24}(?![\p{L}\p{N}@_])(?::\d{1,5})?(?:\/[^\s<>"'`()[\]{}|\\^]{0,2048})?/giu
const accountPattern = /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){6,30}(?![\p{L}\p{N}])/gu
const cardPattern = /(?<![\d-])(?:\d[ -]?){12,18}\d(?![\d-])/g
const phonePattern =
  /(?<![\p{L}\p{N}])(?:\+\d{7,15}|\+?\(?\d{1,4}\)?(?:[ .-]\(?\d{2,5}\)?){1,5})(?![\p{L}\p{N}])/gu
const numberPattern =
  // What follows letters is part of a name: P-2, user_123.
  /(?<![\p{L}\p{N}.,]|[\p{L}\p{N}]_|\p{L}-)\d{1,15}(?:[,'\u202f\u00a0]\d{3}){0,5}(?:\.\d{1,10})?(?![\p{L}\p{N}])/gu
const pathPattern =
  /(?<![\p{L}\p{N}:/.])(?:~|\.{1,2})?\/[\p{L}\p{N}._@+-]{1,255}(?:\/[\p{L}\p{N}._@+-]{1,255}){0,32}\/?/gu
const fileEndings =
  /\.(?:txt|md|pdf|docx?|xlsx?|csv|json|ya?ml|html?|png|jpe?g|zip|eml|ics|log|py|js|ts|sh|bin|exe|pptx?|rtf|xml)$/i
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g

/** Letters that look the same are the same, invisible ones are gone, case and spaces do not count. */
export function canonicalText(text: string): string {
  return plainText(text).toLowerCase().replace(/\s+/g, ' ').trim()
}

/** The words of a text in its canonical form: letters and digits only. */
export function wordsOf(text: string): string[] {
  const plain = plainText(text).toLowerCase()
  return plain.match(isAscii(plain) ? /[a-z0-9]+/g : /[\p{L}\p{N}]+/gu) ?? []
}

function plainText(text: string): string {
  return isAscii(text) ? text : text.normalize('NFKC').replace(invisible, '')
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
  return !/[^\x00-\x7f]/.test(text)
}

/** The names in how a writer is called: `Bob Olive <bob.olive@example.com>` → bob, olive. The domain names nobody. */
export function namesIn(writer: string): string[] {
  const [first = ''] = writer.split('<')
  const display = first.trim() === '' ? writer : first
  const words = wordsOf(display.split('@')[0]!.replace(/[._+-]/g, ' '))
  return words.filter((word) => word.length >= 3 && !/^\d+$/.test(word))
}

/** What a whole value is, and its canonical form. A number is a number also as text; text that is none of the kinds is `text`. */
export function canonicalValue(value: string | number | boolean): CanonicalValue {
  if (typeof value === 'number') return { kind: 'number', key: numberKey(String(value)) }
  const text = plainText(String(value)).trim()
  if (isWhole(addressPattern, text)) return { kind: 'address', key: text.toLowerCase() }
  if (isWhole(accountPattern, text)) return { kind: 'account', key: text.replaceAll(' ', '') }
  if (/^[$€£¥]? ?-?[\d,]+(\.\d+)?( ?(usd|eur|gbp|€|\$|£))?$/i.test(text)) {
    return isWhole(cardPattern, text)
      ? { kind: 'account', key: text.replace(/\D/g, '') }
      : { kind: 'number', key: numberKey(text.replace(/[^\d.-]/g, '')) }
  }
  if (isWhole(cardPattern, text)) return { kind: 'account', key: text.replace(/\D/g, '') }
  if (isWhole(urlPattern, text) && !isFileName(text)) return { kind: 'url', key: urlKey(text) }
  if (isWhole(pathPattern, text)) return { kind: 'path', key: pathKey(text) }
  if (isPhone(text) && isWhole(phonePattern, text)) return { kind: 'phone', key: text.replace(/\D/g, '') }
  return { kind: 'text', key: canonicalText(text) }
}

/** Every address, URL, account, phone number, number and path that stands in a text. */
export function valuesIn(text: string): CanonicalValue[] {
  const plain = plainText(text)
  const found: CanonicalValue[] = []
  const add = (
    kind: ValueKind,
    pattern: RegExp,
    key: (match: string) => string,
    holds = (_: string) => true,
  ) => {
    for (const [match] of plain.matchAll(pattern)) if (holds(match)) found.push({ kind, key: key(match) })
  }
  if (plain.includes('@')) add('address', addressPattern, (match) => match.toLowerCase().replace(/\.+$/, ''))
  if (plain.includes('.') || plain.includes('//'))
    add('url', urlPattern, urlKey, (match) => !isFileName(match))
  if (plain.includes('/')) add('path', pathPattern, pathKey)
  if (/\d/.test(plain)) {
    add('account', accountPattern, (match) => match.replaceAll(' ', ''))
    add('account', cardPattern, (match) => match.replace(/\D/g, ''))
    add('phone', phonePattern, (match) => match.replace(/\D/g, ''), isPhone)
    add('number', numberPattern, (match) => numberKey(match.replace(/[^\d.]/g, '')))
  }
  return found
}

/** The host of a canonical URL. */
export function hostOf(urlKey: string): string {
  return urlKey.split(/[/?#:]/, 1)[0]!
}

function isWhole(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  const match = pattern.exec(text)
  pattern.lastIndex = 0
  return match !== null && match.index === 0 && match[0].length === text.length
}

/** Without scheme, `www.`, the port that goes without saying, user and trailing slash; the host in lower case. */
function urlKey(url: string): string {
  const bare = url
    .replace(/^(?:https?:)?\/\//i, '')
    .replace(/[.,;:!?]+$/, '')
    .replace(/^[^/@]*@/, '')
  const end = bare.search(/[/?#]/)
  const host = (end < 0 ? bare : bare.slice(0, end))
    .toLowerCase()
    .replace(/^www\./, '')
    .replace(/:(?:80|443)$/, '')
  const rest = end < 0 ? '' : bare.slice(end).replace(/\/+$/, '')
  return host + rest
}

function pathKey(path: string): string {
  const parts: string[] = []
  for (const part of path.replace(/(?<=[^./])\.+$/, '').split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function numberKey(text: string): string {
  const value = Number(text)
  return Number.isFinite(value) ? String(Math.round(value * 1e6) / 1e6) : text
}

/** `report.txt` looks like a host; it is a file's name. */
export function isFileName(text: string): boolean {
  return fileEndings.test(text) && !/^https?:/i.test(text) && !/^www\./i.test(text)
}

/** Dates and times are written with the same signs. */
function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  return (
    digits.length >= 7 &&
    digits.length <= 15 &&
    !/^\d{4}-\d{1,2}-\d{1,2}/.test(text) &&
    !/^\d{1,2}[.]\d{1,2}[.]\d{2,4}$/.test(text)
  )
}
