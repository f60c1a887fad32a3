/**
 * A URL of Postgres whose password may have been pasted as it is, with `@ / # ? % :` in it, as a URL that every reader
 * understands. The text after the password must be `HOST[:PORT][,HOST…][/DATABASE][?name=value…]`: where only one reading
 * of the text has that shape, it is the one. `undefined` where none has, or several have.
 */
export function readPostgresUrl(url: string): string | undefined {
  const [, scheme, rest] = /^(postgres(?:ql)?:\/\/)(.*)$/s.exec(url) ?? []
  if (scheme === undefined || rest === undefined) return undefined
  const places = [...rest.matchAll(/@/g)].map(({ index }) => index)
  const readings = places.filter((place) => afterUser.test(rest.slice(place + 1)))
  if (places.length === 0) return afterUser.test(rest) ? url : undefined
  const authority = /^[^/?#]*/.exec(rest)![0]
  const plain = authority.lastIndexOf('@')
  const isPlain = readings.includes(plain) && /^[^/?]*\/[^?]/.test(rest.slice(plain + 1))
  const place = readings.length === 1 ? readings[0] : isPlain ? plain : undefined
  if (place === undefined) return undefined
  const user = rest.slice(0, place)
  const colon = user.indexOf(':')
  const parts = colon < 0 ? [user] : [user.slice(0, colon), user.slice(colon + 1)]
  return `${scheme}${parts.map(escaped).join(':')}@${rest.slice(place + 1)}`
}

const host = String.raw`(?:\[[0-9a-f:.]+(?:%25[\w.-]+)?\]|(?:[\w.-]|%[0-9a-f]{2})*)(?::\d{1,5})?`
const option = String.raw`[\w.-]+=[^&#]*`
const afterUser = new RegExp(`^${host}(?:,${host})*(?:/[^/?#@]*)?(?:\\?(?:${option}(?:&${option})*)?)?$`, 'i')

/** What has a meaning in a URL is percent-encoded; what is encoded already stays so. */
function escaped(part: string): string {
  const isEncoded = !/%(?![0-9a-f]{2})/i.test(part)
  const special = isEncoded ? /[^\w.~!$&'()*+,;=%-]/gu : /[^\w.~!$&'()*+,;=-]/gu
  return part.toWellFormed().replace(special, encodeURIComponent)
}
