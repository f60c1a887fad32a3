/** Answers repeat what they were sent more often than one thinks: error pages, debug headers, redirects. */

/** The values themselves, and the token after a scheme such as `Bearer`. Shorter ones would blot out plain words. */
export function secretsIn(credentials: Record<string, string>): string[] {
  return Object.values(credentials)
    .flatMap((value) => [value, value.replace(/^\S+\s+/, '')])
    .filter((value) => value.length >= 8)
}

export function blotOut(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]')
  return clean
}

/** A copy of a JSON value with the secrets taken out of its texts and its keys; the value itself when there are none. */
export function withoutSecrets<T>(value: T, secrets: readonly string[]): T {
  return secrets.length === 0 ? value : (cleaned(value, secrets) as T)
}

function cleaned(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return blotOut(value, secrets)
  if (Array.isArray(value)) return value.map((item) => cleaned(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [blotOut(key, secrets), cleaned(inner, secrets)]),
  )
}

export function bytesWithoutSecrets(body: Buffer, secrets: readonly string[]): Buffer {
  if (!secrets.some((secret) => body.includes(secret))) return body
  return Buffer.from(blotOut(body.toString('latin1'), secrets), 'latin1')
}
