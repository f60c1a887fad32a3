import type { ReceiverName } from './arrival-log.ts'

/**
 * What goes wrong, for tests and rehearsals:
 * `fail-before` answers `status` (503) and does nothing; `lose-reply` takes effect, then drops the connection;
 * `fail-after` takes effect, then answers `status`; `delay` waits `delayMs` before it goes on as usual.
 */
export interface ReceiverFault {
  kind: 'fail-before' | 'fail-after' | 'lose-reply' | 'delay'
  /** Only for this receiver; absent: for both. */
  receiver?: ReceiverName
  /** Only for this idempotency key. */
  key?: string
  status?: number
  delayMs?: number
  /** How many requests it hits; absent: one. */
  times?: number
}

/** Hands out each fault as often as it says, in the order given. */
export function createFaultPlan(faults: ReceiverFault[]) {
  const left = faults.map((fault) => ({ fault, times: fault.times ?? 1 }))
  return {
    next(receiver: ReceiverName, key: string): ReceiverFault | undefined {
      const match = left.find(
        ({ fault, times }) =>
          times > 0 &&
          (fault.receiver === undefined || fault.receiver === receiver) &&
          (fault.key === undefined || fault.key === key),
      )
      if (!match) return
      match.times--
      return match.fault
    },
  }
}

const kinds = new Set(['fail-before', 'fail-after', 'lose-reply', 'delay'])

/** Reads faults from a JSON array, such as the script takes from RECEIVERS_FAULTS. */
export function parseFaults(json: string): ReceiverFault[] {
  const value: unknown = JSON.parse(json)
  if (!Array.isArray(value) || !value.every((each) => kinds.has(String(each?.kind)))) {
    throw new Error(`RECEIVERS_FAULTS must be a JSON array of {"kind": ${[...kinds].join(' | ')}, …}.`)
  }
  return value as ReceiverFault[]
}
