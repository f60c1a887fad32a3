import { ReeveError } from '../../base/errors.ts'
import type { Database, Session } from '../../store/database.ts'
import { type ApiRequestRow, recordApiRequest } from '../../store/identity/api-requests.ts'

/** Two requests under one key came at the same moment, and the other was first: nothing of this one was written. */
export class KeyTaken extends Error {}

/**
 * A database whose first transaction records a request under its idempotency key. What the request does and that it was
 * done then commit together: a request that is repeated, whoever died in between, does nothing twice.
 */
export function recordingOnce(
  database: Database,
  request: () => ApiRequestRow,
): { database: Database; finish: () => Promise<void> } {
  let isRecorded = false
  const record = async (session: Session) => {
    if (!(await recordApiRequest(session, request()))) throw new KeyTaken()
  }
  const transaction: Database['transaction'] = async (body) => {
    if (isRecorded) return database.transaction(body)
    const result = await database.transaction(async (session) => {
      const made = await body(session)
      await record(session)
      return made
    })
    isRecorded = true
    return result
  }
  return {
    database: through(database, transaction),
    /** For a request that had nothing to write. */
    finish: async () => {
      if (!isRecorded) await database.transaction(record)
    },
  }
}

/** The database with another way to write: methods of classes with private fields must be called on their own object. */
function through(database: Database, transaction: Database['transaction']): Database {
  return new Proxy(database, {
    get(target, name) {
      if (name === 'transaction') return transaction
      if (name === 'writeElsewhere') return undefined
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** @throws `idempotency-conflict` */
export function refuseOtherRequest(known: ApiRequestRow, digest: string): void {
  if (known.digest === digest) return
  throw new ReeveError(
    'idempotency-conflict',
    `The idempotency key ${JSON.stringify(known.key)} was used for another request. Nothing was done. Use a new key for a new request, and the same request for the same key.`,
  )
}
