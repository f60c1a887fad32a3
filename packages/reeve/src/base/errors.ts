import { dataWithoutSecretShapes, withoutSecretShapes } from './secrets/secret-shapes.ts'
import { shorten } from './text/shorten.ts'

/**
 * The one family of errors. A message says what failed, with which value, and what to do next.
 * Retries follow `retryable`, never the message.
 */
export class ReeveError extends Error {
  readonly code: string
  readonly retryable: boolean
  /** Machine-readable particulars, safe to print. */
  readonly details: Record<string, unknown>

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ReeveError'
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
  }
}

/** Errors that come from a record, and the stack that it had. */
const recordedStacks = new WeakMap<ReeveError, string>()

/** An error as the journal keeps it. */
export interface ErrorRecord {
  code: string
  message: string
  retryable: boolean
  stack?: string
  details?: Record<string, unknown>
}

const programmingErrors = new Set(['ReferenceError', 'SyntaxError', 'TypeError'])

/**
 * Whether trying the same thing again could help. An error that carries `retryable` decides itself;
 * mistakes in code do not heal by repetition (`fetch` reports a lost connection as a TypeError with a cause,
 * so a cause makes it retryable); everything else may.
 */
export function isRetryable(error: unknown): boolean {
  try {
    return saysRetryable(error)
  } catch {
    return true
  }
}

function saysRetryable(error: unknown): boolean {
  if (error instanceof Error && 'retryable' in error && typeof error.retryable === 'boolean')
    return error.retryable
  if (error instanceof Error && programmingErrors.has(error.name)) return error.cause !== undefined
  return true
}

/** Never throws: what cannot be read of an error (a getter or a proxy that throws) must not keep a run from ending. */
export function toErrorRecord(error: unknown): ErrorRecord {
  try {
    return recordOf(error)
  } catch {
    return { code: 'thrown', message: 'an error that cannot be read was thrown', retryable: true }
  }
}

function recordOf(error: unknown): ErrorRecord {
  if (error instanceof ReeveError) {
    const message = shortened(textOf(error.message))
    const retryable = isRetryable(error)
    const record: ErrorRecord = { code: shorten(textOf(error.code), 200), message, retryable }
    const stack = recordedStacks.get(error)
    if (stack !== undefined) record.stack = stack
    const { details } = error
    if (typeof details === 'object' && details !== null && Object.keys(details).length > 0 && isKept(details))
      record.details = dataWithoutSecretShapes(details)
    return record
  }
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : textOf(error.name)
    const cause = error.cause instanceof Error ? ` (${textOf(error.cause.message)})` : ''
    const message = shortened(textOf(error.message) + cause)
    const record: ErrorRecord = { code: shorten(code, 200), message, retryable: isRetryable(error) }
    if (error.stack) record.stack = shortened(textOf(error.stack))
    return record
  }
  return {
    code: 'thrown',
    message: `a value that is not an Error was thrown: ${shortened(textOf(error))}`,
    retryable: true,
  }
}

const longestMessage = 64 * 1024

/** What was thrown may hold whatever failed: a page, a file, a request with its credentials. Half a surrogate pair becomes U+FFFD. */
function shortened(text: string): string {
  const cut = text.length - longestMessage
  const short = shorten(text, longestMessage, `… (${cut} characters left out)`)
  return withoutSecretShapes(short.toWellFormed())
}

/** Anything may be thrown, and anything may stand where an error has its message. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    const text = String(value)
    // It says nothing of what was thrown: its fields do.
    return text === '[object Object]' ? (JSON.stringify(value) ?? text) : text
  } catch {
    return 'a value that cannot be written as text'
  }
}

/** Particulars that are not JSON, or too many, are left out: the error itself must always reach the journal. */
function isKept(details: Record<string, unknown>): boolean {
  try {
    const text = JSON.stringify(details)
    return text !== undefined && text.length <= longestDetails
  } catch {
    return false
  }
}

const longestDetails = 4 * 1024 * 1024

/** The error of a record. Its stack leads to where it was thrown first. */
export function fromErrorRecord({ code, message, retryable, stack, details }: ErrorRecord): ReeveError {
  const error = new ReeveError(code, message, { retryable, ...(details && { details }) })
  if (stack === undefined) return error
  recordedStacks.set(error, stack)
  error.stack = stack
  return error
}

export function messageOf(error: unknown): string {
  try {
    return textOf(error instanceof Error ? error.message : error)
  } catch {
    return 'an error that cannot be read'
  }
}
