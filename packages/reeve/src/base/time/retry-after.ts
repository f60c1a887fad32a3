/**
 * What a receiver asks to wait before the next try, in ms: `retry-after-ms`, or `retry-after` in seconds or as a date
 * (measured from the reply's own date). Names of headers in lower case.
 */
export function retryAfterMs(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const ms = amount(headers['retry-after-ms'])
  if (ms !== undefined) return ms
  const header = headers['retry-after']
  const seconds = amount(header)
  if (seconds !== undefined) return Math.ceil(seconds * 1000)
  const until = Date.parse(header ?? '') - Date.parse(headers.date ?? '')
  return Number.isNaN(until) ? undefined : Math.max(0, until)
}

function amount(header: string | undefined): number | undefined {
  return header !== undefined && /^\d+(?:\.\d+)?$/.test(header.trim()) ? Number(header) : undefined
}
