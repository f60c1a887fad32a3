import { ReeveError } from '../../base/errors.ts'
import { dataWithoutSecretShapes, withoutSecretShapes } from '../../base/secrets/secret-shapes.ts'
import { firstCharacters } from '../../base/text/shorten.ts'

/** An error as the API tells it: RFC 9457, with the stable `code` of Reeve's errors. */
export interface Problem {
  /** A link to what the code means. */
  type: string
  title: string
  status: number
  /** What failed, with which value, and what to do next. */
  detail: string
  code: string
  /** Whether the same request may succeed later. */
  retryable: boolean
  /** Machine-readable particulars, such as the fields at fault. */
  details?: Record<string, unknown>
}

/** What codes mean over HTTP; every other error of Reeve's is a request that cannot be done as it is. */
const statuses: Readonly<Record<string, number>> = {
  'not-signed-in': 401,
  'session-expired': 401,
  'token-revoked': 401,
  'token-expired': 401,
  'sign-in-link-used': 401,
  'sign-in-link-expired': 401,
  'webhook-unsigned': 401,
  'webhook-stale': 401,
  'webhook-forged': 401,
  'foreign-origin': 403,
  'csrf-token-missing': 403,
  'role-too-low': 403,
  'may-not-decide': 403,
  'may-not-override': 403,
  'cannot-override': 409,
  'call-denied': 403,
  'no-such-endpoint': 404,
  'method-not-served': 405,
  'bad-media-type': 415,
  'request-too-large': 413,
  'payload-too-large': 413,
  'input-too-large': 413,
  'json-too-large': 413,
  'host-not-served': 421,
  'too-many-requests': 429,
  'idempotency-conflict': 409,
  'principal-exists': 409,
  'last-owner': 409,
  'already-decided': 409,
  'approval-changed': 409,
  'memory-changed': 409,
  'proposal-changed': 409,
  'directive-changed': 409,
  'proposal-decided': 409,
  'approval-rests-on-it': 409,
  'approval-cut': 409,
  'already-revoked': 409,
  'not-revoked': 409,
  'cannot-undo': 409,
  'contradicting-grants': 409,
  'delegation-too-deep': 409,
  'grant-change-undone': 409,
  'level-not-earned': 409,
  'no-owner': 409,
  'principal-removed': 409,
  'run-ending': 409,
  'run-released': 409,
  'secret-changed': 409,
  'start-refused': 409,
  'untestable-trigger': 409,
  'approval-expired': 410,
  'second-look': 409,
  'approval-link-used': 401,
  'approval-link-expired': 401,
  'run-ended': 409,
  'cannot-retry': 409,
  'child-not-mended': 409,
  'fork-repeats': 409,
  'audit-key-foreign': 500,
  'audit-key-missing': 500,
  'bad-secrets-key': 500,
  'integrity-check-failed': 500,
  'invalid-output': 500,
  'journal-damaged': 500,
  'missing-package': 500,
  'secret-forged': 500,
  'secrets-key-missing': 500,
  'commit-unknown': 503,
  'not-committed': 503,
  'provider-limited': 503,
  'provider-unavailable': 503,
  unreachable: 503,
  'webhook-closed': 503,
  'account-unknown': 503,
  'server-busy': 503,
  'query-timeout': 422,
  'query-failed': 422,
  'invalid-input': 422,
  'bad-mapping': 422,
  'not-read': 422,
  'invalid-edit': 422,
  'wrong-answer': 422,
  'unfit-signal': 422,
  'problem-stands': 422,
}

const titles: Readonly<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'Sign in first',
  403: 'Not allowed',
  404: 'Not there',
  405: 'Not this method',
  409: 'It does not fit how things stand',
  410: 'It is over',
  413: 'Too large',
  415: 'Not this content type',
  421: 'Not this host',
  422: 'The content does not fit',
  429: 'Too many requests',
  500: 'Something went wrong inside',
  503: 'Not now',
}

/** Where that of the status says something else. */
const titlesOfCodes: Readonly<Record<string, string>> = {
  'webhook-unsigned': 'Not signed',
  'webhook-forged': 'Not signed with its secret',
  'webhook-stale': 'Not signed just now',
}

export const problemMediaType = 'application/problem+json'

/** What is not there is 404; what is wrong with the database is no fault of whoever asks. */
export function statusOf(code: string): number {
  const named = statuses[code]
  if (named !== undefined) return named
  if (code.startsWith('unknown-')) return 404
  return code.startsWith('database-') ? 503 : 400
}

/** Codes that come with a status of their own, for the reference. */
export function namedStatuses(): [code: string, status: number][] {
  return Object.entries(statuses)
}

const longestDetail = 8_000

/** What was not foreseen is told without its words: they may hold what nobody outside should see. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ReeveError)) {
    return problem('internal', 500, 'Something went wrong inside Reeve. Its own log says what.', true)
  }
  const { code, message, retryable, details } = error
  const detail = withoutSecretShapes(firstCharacters(message, longestDetail))
  const told = problem(code, statusOf(code), detail, retryable)
  return Object.keys(details).length > 0 ? { ...told, details: dataWithoutSecretShapes(details) } : told
}

function problem(code: string, status: number, detail: string, retryable: boolean): Problem {
  const title = titlesOfCodes[code] ?? titles[status] ?? titles[400]!
  const again = retryable || status === 429 || status === 503
  return { type: `/docs/api#code-${code}`, title, status, detail, code, retryable: again }
}
