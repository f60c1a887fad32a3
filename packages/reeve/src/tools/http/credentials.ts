import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { openAll, type Reveal, type Secret } from '../../base/secrets/secret-handle.ts'

/** Headers with secrets, as texts or as handles. */
export type CredentialHeaders = Readonly<Record<string, string | Secret>>

/** Headers with secrets, by the origin that gets them. */
export type Credentials =
  | Readonly<Record<string, CredentialHeaders>>
  | ((origin: string) => CredentialHeaders | undefined)

/** @throws `bad-host` `bad-option` */
export function checkCredentials(credentials: Credentials | undefined): void {
  if (credentials === undefined || typeof credentials === 'function') return
  for (const [origin, headers] of Object.entries(credentials)) {
    if (URL.parse(origin)?.origin !== origin)
      throw new ReeveError(
        'bad-host',
        `\`credentials\` has an entry for ${JSON.stringify(origin)}, which is not an origin. Write https://HOST, without a path.`,
      )
    if (!isRecord(headers))
      throw new ReeveError('bad-option', `\`credentials\` for ${origin} must be an object of headers.`)
  }
}

/** As they go out. Nothing was sent before. */
export async function openCredentials(
  headers: CredentialHeaders,
  reveal: Reveal | undefined,
  origin: string,
): Promise<Record<string, string>> {
  try {
    return await openAll(headers, reveal, `A request to ${origin}`)
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    const { code, message, retryable, details } = error
    throw new ReeveError(code, message, { retryable, cause: error, details: { ...details, sent: false } })
  }
}
