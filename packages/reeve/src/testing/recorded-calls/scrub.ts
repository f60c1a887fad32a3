import type { Json } from '../../base/json/json.ts'

/** In the place of what is left out. */
const hidden = '[hidden]'
/** In the place of an effect's key, which is another one in each run. */
const keyMark = '[key]'

/** `DATABASE:RUN:CALL`, or with the number of the request behind it; as it is, or in a form. */
const keyPattern = /\b[0-9a-z]{15,20}(:|%3A)[0-9a-z]{15,20}\1\d{1,7}(?:\1\d{1,4})?/g
const secretField = /^(?:.*[_-])?(?:token|secret|password|passwd|authorization|api[_-]?key|session|cookie)$/i
/** Parts of a credential that are shorter are no secrets. */
const leastSecret = 6

/** What of a credential must stand nowhere: its texts, as they are and as they go out. */
export function secretsIn(credential: string): string[] {
  const texts = new Set<string>([credential])
  try {
    const all = JSON.parse(credential) as Json
    if (typeof all === 'object' && all !== null)
      for (const [name, value] of Object.entries(all))
        if (typeof value === 'string' && name !== 'client_id' && name !== 'user') texts.add(value)
  } catch {
    // A key, as it is.
  }
  const long = [...texts].filter(({ length }) => length >= leastSecret)
  return long.flatMap((text) => [text, encodeURIComponent(text), Buffer.from(text).toString('base64')])
}

/** A text without what is secret; the keys of effects, which are others in each run, as `mark` says. */
export function scrubbed(text: string, secrets: readonly string[], mark: KeyMark = () => keyMark): string {
  let left = text
  for (const secret of secrets) left = left.replaceAll(secret, hidden)
  return left.replaceAll(keyPattern, (key) => mark(decodeURIComponent(key)))
}

/** What stands in the place of an effect's key. */
export type KeyMark = (key: string) => string

/** The same of JSON, and of what is named as a secret. */
export function scrubbedJson(value: Json, secrets: readonly string[], mark?: KeyMark): Json {
  if (typeof value === 'string') return scrubbed(value, secrets, mark)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => scrubbedJson(each, secrets, mark))
  const entries = Object.entries(value).map(([name, each]): [string, Json] => [
    name,
    typeof each === 'string' && secretField.test(name) ? hidden : scrubbedJson(each as Json, secrets, mark),
  ])
  return Object.fromEntries(entries)
}

/** The keys of effects in texts, in the order in which they come. */
export function keysIn(...texts: string[]): string[] {
  const found = texts.flatMap((text) =>
    [...text.matchAll(keyPattern)].map(([key]) => decodeURIComponent(key)),
  )
  return [...new Set(found)]
}
