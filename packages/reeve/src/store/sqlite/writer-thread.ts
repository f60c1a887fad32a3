import { parentPort, workerData } from 'node:worker_threads'
import { ReeveError } from '../../base/errors.ts'
import { writeBatch } from '../batch.ts'
import type { Bulk } from '../database.ts'
import type { Failure, Order, Reply } from './bulk-writer.ts'
import { announcedBy, announceIn } from './changes.ts'
import { Connection } from './connection.ts'
import { Unpacking } from './packed-rows.ts'

// The thread itself: writes each batch that it gets in a transaction, one after the other.

const { file, busyMs } = workerData as { file: string; busyMs: number }
const port = parentPort!
const statements = new Map<number, Bulk>()
let now = 0
const connection = new Connection(file, () => now, false)
let last: Promise<void> = Promise.resolve()

port.on('message', (order: Order) => {
  last = last.then(async () => port.postMessage(await obey(order)))
})
port.postMessage({ ready: true } satisfies Reply)

async function obey(order: Order): Promise<Reply> {
  try {
    now = order.now
    for (const [number, statement] of order.statements) statements.set(number, statement)
    const unpacking = new Unpacking(order.values)
    const batch = {
      guards: order.guards.map(({ statement, rows }) => ({
        statement: statements.get(statement)!,
        rows: unpacking.rows(rows),
      })),
      writes: order.writes.map(({ statement, rows, next }) => ({
        statement: statements.get(statement)!,
        rows: unpacking.rows(rows),
        owners: unpacking.numbers(rows.count),
        ...(next !== undefined && { next: statements.get(next)! }),
      })),
    }
    const refused = await connection.transaction(busyMs, async (session) => {
      const answer = await writeBatch(session, batch)
      await announceIn(session, announcedBy(batch))
      return answer
    })
    return { refused }
  } catch (error) {
    return { failed: told(error) }
  }
}

function told(error: unknown): Failure {
  const { code, errcode, message } = error as { code?: unknown; errcode?: unknown; message?: unknown }
  const isOurs = error instanceof ReeveError
  return { message: String(message ?? error), code, errcode, isOurs, retryable: isOurs && error.retryable }
}
