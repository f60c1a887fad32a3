import { hash } from 'node:crypto'
import type { ArrivalLog, ReceiverName } from './arrival-log.ts'

export interface Outcome {
  status: number
  body: Record<string, unknown>
  replayed?: boolean
}

interface Receipt {
  bodyHash: string
  body: Record<string, unknown>
  at: string
  /** Resolves when the first arrival is on the disk; until then nobody may be told that it took effect. */
  durable: Promise<void>
}

/**
 * Remembers what each key did. A key is either new (takes effect), known with the same body (the first answer again)
 * or known with another body (422, no effect). The key is taken before the disk is waited for, so that two requests
 * with one key that arrive together take effect once; if the disk fails, the key is free again.
 */
export function createReceipts(log: ArrivalLog, now: () => number) {
  const receipts = new Map<string, Receipt>()
  for (const { applied, receiver, key, body, at } of log.earlier) {
    if (applied)
      receipts.set(`${receiver} ${key}`, { bodyHash: hashBody(body), body, at, durable: Promise.resolve() })
  }

  return {
    async accept(receiver: ReceiverName, key: string, body: Record<string, unknown>): Promise<Outcome> {
      const id = `${receiver} ${key}`
      const at = new Date(now()).toISOString()
      const bodyHash = hashBody(body)
      const known = receipts.get(id)
      if (known === undefined) {
        const durable = log.append({ at, receiver, key, replayed: false, applied: true, body })
        receipts.set(id, { bodyHash, body, at, durable })
        try {
          await durable
        } catch (error) {
          receipts.delete(id)
          throw error
        }
        return { status: 201, body: { key, receivedAt: at } }
      }
      await known.durable
      const replayed = known.bodyHash === bodyHash
      await log.append({ at, receiver, key, replayed, applied: false, body })
      if (replayed) return { status: 201, body: { key, receivedAt: known.at }, replayed }
      const error = `the key "${key}" was used for another body at ${known.at}; a new message needs a new key`
      return { status: 422, body: { error } }
    },

    find(receiver: ReceiverName, key: string): Outcome {
      const receipt = receipts.get(`${receiver} ${key}`)
      return receipt
        ? { status: 200, body: { key, receivedAt: receipt.at, reply: receipt.body } }
        : { status: 404, body: { error: `nothing was received with the key "${key}"` } }
    },

    count: () => receipts.size,
  }
}

/** The fields are few and checked, so sorting the top level makes equal bodies equal. */
function hashBody(body: Record<string, unknown>): string {
  return hash('sha256', JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))))
}
