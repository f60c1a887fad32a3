/** Answers repeat what they were sent more often than one thinks: error pages, debug headers, redirects. */

/** The values themselves, and the token after a scheme such as `Bearer`. Shorter ones would blot out plain words. */
export function secretsIn(credentials: Record<string, string>): string[] {
  return Object.values(credentials)
    .flatMap((value) => [value, value.replace(/^\S+\s+/, '')])
    .filter((value) => value.length >= 8)
}

export function blotOut(text: string, secrets: string[]): string {
  let clean = text
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]')
  return clean
}

export function withoutSecrets(body: Buffer, secrets: string[]): Buffer {
  if (!secrets.some((secret) => body.includes(secret))) return body
  return Buffer.from(blotOut(body.toString('latin1'), secrets), 'latin1')
}
