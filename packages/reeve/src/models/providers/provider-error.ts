import type { APICallError } from 'ai'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { Secrets } from '../../base/secrets/secrets.ts'
import { retryAfterMs } from '../../base/time/retry-after.ts'

/**
 * What an AI SDK call threw, in Reeve's terms:
 * `provider-limited` 429, retryable, `retryAfterMs` when the provider says so ·
 * `provider-unavailable` 408, 409, 5xx, a lost connection or a garbled reply, retryable ·
 * `provider-denied` no access, no credit or no such model: every question would fare alike ·
 * `provider-rejected` this request is not acceptable.
 * `details.billUnknown` marks calls that may have been billed although no answer came: all but plain refusals.
 */
export function toProviderError(
  error: unknown,
  model: string,
  secret: string | undefined,
  isApiCallError: (error: unknown) => error is APICallError,
): ReeveError {
  const message = redact(messageOf(error), secret)
  if (!isApiCallError(error)) {
    return new ReeveError('provider-unavailable', `${model} gave no usable reply: ${message}`, {
      retryable: true,
      details: { model, billUnknown: true },
    })
  }
  const status = error.statusCode
  const details: Record<string, unknown> = { model }
  if (status !== undefined) details.status = status
  const waitMs = retryAfterMs(error.responseHeaders ?? {})
  if (waitMs !== undefined) details.retryAfterMs = waitMs
  const said = `${model} answered ${status ?? 'nothing'}: ${message}`

  if (status === undefined || status < 400) {
    details.billUnknown = true
    return new ReeveError('provider-unavailable', said, { retryable: true, details })
  }
  if (isOutOfCredit(error)) return new ReeveError('provider-denied', said, { details })
  if (status === 429) return new ReeveError('provider-limited', said, { retryable: true, details })
  if (status >= 500 || status === 408 || status === 409) {
    if (status === 504 || status === 408 || !saysWhy(error)) details.billUnknown = true
    return new ReeveError('provider-unavailable', said, { retryable: true, details })
  }
  const denied = [401, 402, 403, 404].includes(status)
  return new ReeveError(denied ? 'provider-denied' : 'provider-rejected', said, { details })
}

/**
 * A provider that refuses sends an error. Without one it was a gateway that failed, after the model had worked perhaps,
 * or a reply of 200 that the AI SDK could not use and gave a status of its own.
 */
function saysWhy(error: APICallError): boolean {
  return /"error"\s*:/.test(error.responseBody ?? '')
}

/** OpenAI reports an empty account as 429, which no waiting mends. */
function isOutOfCredit(error: APICallError): boolean {
  return error.statusCode === 429 && /"insufficient_quota"/.test(error.responseBody ?? '')
}

function redact(message: string, secret: string | undefined): string {
  return new Secrets(secret ? [secret] : []).redact(message)
}
