/** The headers of a letter by their names in lower case, unfolded and otherwise as they stand; of several the first. */
export function readHeaders(raw: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  const lines = headerBytes(raw)
    .toString('utf8')
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim())
  }
  return headers
}

/** Up to and with the empty line. */
export function headerBytes(raw: Buffer): Buffer {
  const ends = [
    [raw.indexOf('\r\n\r\n'), 4],
    [raw.indexOf('\n\n'), 2],
  ] as const
  const [end] = ends.filter(([at]) => at >= 0).sort(([one], [other]) => one - other)
  return end ? raw.subarray(0, end[0] + end[1]) : raw
}
