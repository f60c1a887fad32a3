import { isIPv4, isIPv6 } from 'node:net'

/** Longer texts fit none of them; the work of each is linear in the length. */
const longest = 8192

/** The formats that are checked. Others say nothing, as JSON Schema has it. */
export const formats: ReadonlyMap<string, (text: string) => boolean> = new Map(
  Object.entries({
    date: isDate,
    time: isTime,
    'date-time': isDateTime,
    duration: isDuration,
    email: (text: string) => isEmail(text, isHostname),
    'idn-email': (text: string) => isEmail(text, isInternationalHostname),
    hostname: isHostname,
    ipv4: isIPv4,
    ipv6: (text: string) => isIPv6(text) && !text.includes('%'),
    uri: isUri,
    iri: isIri,
    'uri-reference': (text: string) => hasUriCharacters(text) && !/[^\x21-\x7e]/.test(text),
    'iri-reference': hasUriCharacters,
    url: isUrl,
    uuid: (text: string) => /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text),
    'json-pointer': isJsonPointer,
    'relative-json-pointer': isRelativePointer,
    regex: isRegex,
  }).map(([name, check]) => [name, (text: string) => text.length <= longest && check(text)]),
)

const daysOf = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isDate(text: string): boolean {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number)
  if (year === undefined || month === undefined || day === undefined) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && isLeap ? 29 : (daysOf[month - 1] ?? 0)
  return day >= 1 && day <= days
}

function isTime(text: string): boolean {
  const written = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i.exec(text)
  if (!written) return false
  const [hour, minute, second] = written.slice(1, 4).map(Number) as [number, number, number]
  const [awayHour, awayMinute] = [Number(written[5] ?? 0), Number(written[6] ?? 0)]
  if (hour > 23 || minute > 59 || second > 60 || awayHour > 23 || awayMinute > 59) return false
  if (second < 60) return true
  const away = (awayHour * 60 + awayMinute) * (written[4] === '-' ? -1 : 1)
  return (hour * 60 + minute - away + 2880) % 1440 === 1439
}

function isDateTime(text: string): boolean {
  return /^[t ]$/i.test(text[10] ?? '') && isDate(text.slice(0, 10)) && isTime(text.slice(11))
}

function isDuration(text: string): boolean {
  return (
    /^P(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/.test(text) &&
    /\d[YMWDHS]$/.test(text) &&
    !/^P(?:\d+Y\d+D|[^T]*T\d+H\d+S)/.test(text)
  )
}

function isEmail(text: string, isHost: (host: string) => boolean): boolean {
  const at = text.lastIndexOf('@')
  const [name, host] = [text.slice(0, at), text.slice(at + 1)]
  if (at < 1 || name.length > 64) return false
  if (name.startsWith('"')) {
    if (name.length < 3 || !name.endsWith('"') || hasControls(name)) return false
  } else if (hasControls(name) || /[\s"(),:;<>@[\\\]]/.test(name) || /^\.|\.$|\.\./.test(name)) return false
  if (!host.startsWith('[')) return isHost(host)
  const address = host.slice(1, -1)
  return host.endsWith(']') && (isIPv4(address) || (/^ipv6:/i.test(address) && isIPv6(address.slice(5))))
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

function isHostname(text: string): boolean {
  return /^[a-z\d.-]*$/i.test(text) && isInternationalHostname(text)
}

function isInternationalHostname(text: string): boolean {
  return text.length <= 253 && text.split('.').every(isLabel)
}

function isLabel(label: string): boolean {
  return /^[\p{L}\p{M}\p{N}-]{1,63}$/u.test(label) && !/^-|-$/.test(label)
}

/** What RFC 3986 lets stand in an address, and whole percent-escapes. */
function hasUriCharacters(text: string): boolean {
  return !hasControls(text) && !/[\s<>"\\^`{|}]/.test(text) && !/%(?![\da-f]{2})/i.test(text)
}

function isIri(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:/i.test(text) && hasUriCharacters(text) && !hasBadAuthority(text)
}

function isUri(text: string): boolean {
  return isIri(text) && !/[^\x21-\x7e]/.test(text)
}

function hasBadAuthority(text: string): boolean {
  const start = text.indexOf(':') + 1
  if (!text.startsWith('//', start)) return /[[\]]/.test(text)
  const [authority = ''] = text.slice(start + 2).split(/[/?#]/, 1)
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const [, inside, port] = /^\[([^\]]*)\](.*)$/.exec(host) ?? []
  if (inside !== undefined)
    return !(isIPv6(inside) || /^v[\da-f]+\./i.test(inside)) || !/^(?::\d*)?$/.test(port!)
  const colon = host.indexOf(':')
  return /[[\]]/.test(text) || (colon >= 0 && /[^\d]/.test(host.slice(colon + 1)))
}

function isUrl(text: string): boolean {
  if (!/^(?:https?|ftp):\/\/[^\s/?#]/i.test(text) || /\s/.test(text)) return false
  const url = URL.parse(text)
  return (
    url !== null && (url.hostname.startsWith('[') || url.hostname.split('.').every((part) => part !== ''))
  )
}

function isJsonPointer(text: string): boolean {
  return (text === '' || text.startsWith('/')) && !/~(?![01])/.test(text)
}

function isRelativePointer(text: string): boolean {
  const steps = /^(?:0|[1-9]\d*)/.exec(text)?.[0]
  if (steps === undefined) return false
  const rest = text.slice(steps.length)
  return rest === '#' || isJsonPointer(rest)
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}
