/** Headers are read as far as this (bytes). */
const mostBytes = 256 * 1024

/**
 * What the server that received a letter says of who sent it: the topmost `Authentication-Results` (RFC 8601), unfolded and otherwise
 * as it stands in the bytes, for what is decoded in it could say something else. Each server writes above what was there, so all
 * below may be the sender's own. Null: there is none, or the letter has several senders.
 */
export function topmostResults(raw: Buffer): string | null {
  const bytes = raw.subarray(0, mostBytes).toString('latin1')
  const [head = ''] = bytes.split(/\r?\n\r?\n/, 1)
  const fields = head.replaceAll(/\r?\n(?=[ \t])/g, '').split(/\r?\n/)
  const named = (name: RegExp) => fields.filter((line) => name.test(line))
  if (named(/^from[ \t]*:/i).length !== 1) return null
  const [results] = named(/^authentication-results[ \t]*:/i)
  return results?.slice(results.indexOf(':') + 1).trim() ?? null
}
