/** Headers of an answer that every caller sees. */
export const plainResponseHeaders = [
  'cache-control',
  'content-language',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'link',
  'location',
  'retry-after',
]

/** Types of answers that are taken, unless others are named. */
export const plainContentTypes = [
  'application/json',
  'application/*+json',
  'text/*',
  'application/xml',
  'application/*+xml',
]

/** Whether a type is the allowed one, in which one `*` stands for anything. */
export function typeMatches(allowed: string, type: string): boolean {
  const star = allowed.indexOf('*')
  if (star < 0) return allowed === type
  const end = allowed.slice(star + 1)
  return type.length >= allowed.length && type.startsWith(allowed.slice(0, star)) && type.endsWith(end)
}

/** By the encoding that the answer names; UTF-8 where it names none that is known. */
export function decodeText(bytes: Buffer, parameters: string[]): string {
  const charset = parameters.map((part) => /^\s*charset="?([\w-]{1,40})"?\s*$/.exec(part)?.[1]).find(Boolean)
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(bytes)
  } catch {
    // An encoding that nobody knows.
    return new TextDecoder().decode(bytes)
  }
}
