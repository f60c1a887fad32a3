/** What the server says went wrong. Go by `code`; `message` says what to do next. */
export class ApiError extends Error {
  /** Stable: `unknown-run`, `already-decided` … `unreachable` when there was no answer. */
  readonly code: string
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number
  /** Whether the same request may succeed later. */
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(problem: {
    code: string
    message: string
    status: number
    retryable: boolean
    details?: Record<string, unknown> | undefined
    cause?: unknown
  }) {
    super(problem.message, problem.cause === undefined ? undefined : { cause: problem.cause })
    this.name = 'ApiError'
    this.code = problem.code
    this.status = problem.status
    this.retryable = problem.retryable
    this.details = problem.details ?? {}
  }
}

/** The error that an answer tells of. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status } = response
  let told: { code?: unknown; detail?: unknown; retryable?: unknown; details?: Record<string, unknown> } = {}
  try {
    told = (await response.json()) as typeof told
  } catch {
    // Not Reeve's own words: a proxy's, perhaps.
  }
  return new ApiError({
    code: typeof told?.code === 'string' ? told.code : 'unreadable-answer',
    message:
      typeof told?.detail === 'string' ? told.detail : `The server answered ${status} without saying why.`,
    status,
    retryable: told?.retryable === true || status >= 502,
    details: told?.details,
  })
}
