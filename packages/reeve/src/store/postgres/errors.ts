import { messageOf, ReeveError } from '../../base/errors.ts'
import { isOfValues } from '../values.ts'

/**
 * The connection was lost between sending COMMIT and hearing of it: the transaction is on disk whole, or not at all,
 * and only the database can tell.
 */
export class CommitUnknown extends ReeveError {
  constructor(cause: unknown) {
    super(
      'commit-unknown',
      `The connection to Postgres was lost while a change was being committed (${messageOf(cause)}); whether it was, is not known. Look before you repeat it.`,
      { cause },
    )
  }
}

/** The SQLSTATE of a server's answer, or Node's code of a socket's error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Another transaction stood in the way; the same work can be done again at once. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === '40001' || codeOf(error) === '40P01'
}

/** The server's own answer to a statement, after which the connection goes on. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR' && !isLoss(error)
}

const socketErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** The server is going or not there yet, or it ended a connection that was silent inside a transaction for too long. */
const lossCode = /^(08|57P|25P0[34])/

/** The connection is gone, or the server is. */
export function isLoss(error: unknown): boolean {
  const code = codeOf(error)
  if (socketErrors.has(code) || lossCode.test(code)) return true
  return (
    code === '' &&
    /connection (was )?terminated|connection ended|read timeout|timeout (exceeded|expired)|not queryable|closed the connection/i.test(
      messageOf(error),
    )
  )
}

/** Full disk, no memory, too many connections, a lock held too long, a primary that became a replica. */
const passing = /^(53|40|55P03|57014|25006)/

/** What is wrong with the values of one commit: a broken constraint, or a text that Postgres cannot keep. */
const ownFault = /^(23|22|54000)/

export function classifyPostgres(error: unknown): 'retry' | 'constraint' | 'unknown' | 'fatal' {
  if (error instanceof CommitUnknown) return 'unknown'
  if (isOfValues(error)) return 'constraint'
  const code = codeOf(error)
  if (isLoss(error) || passing.test(code)) return 'retry'
  return ownFault.test(code) ? 'constraint' : 'fatal'
}

/** Whether the connection on which this happened must not be used again. */
export function spoilsConnection(error: unknown): boolean {
  return error instanceof CommitUnknown || isLoss(error) || codeOf(error) === '25006'
}
