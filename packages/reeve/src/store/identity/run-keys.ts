import { sha256 } from '../../base/hash.ts'
import type { RunRow } from '../runs/runs.ts'

/** How the runtime's own idempotency keys begin: nobody's name for a run. */
export const ownKeys = 'reeve:'

const ofCallers = `${ownKeys}by:`
/** `:` and a SHA-256. */
const callerLength = 44

/**
 * The idempotency key of a start over HTTP or MCP: each caller has keys of their own, so that none learns of another's run by
 * guessing its key, or takes a key before another does. The key stands before its caller, so that runs are found by it.
 */
export function callerKey(principal: string, key: string): string {
  return `${ofCallers}${key}:${sha256(principal)}`
}

/** The key that whoever started a run gave it; null: none. */
export function givenKey({ idempotency }: Pick<RunRow, 'idempotency'>): string | null {
  if (idempotency?.startsWith(ofCallers)) return idempotency.slice(ofCallers.length, -callerLength)
  return idempotency === null || idempotency.startsWith(ownKeys) ? null : idempotency
}

/** Runs that anybody started over HTTP or MCP with a key: a condition on `idempotency`, and its values. */
export function ofAnyCaller(key: string): { sql: string; values: string[] } {
  const before = `${ofCallers}${key}:`
  const length = 'length(cast(? as text))'
  return {
    sql: `idempotency is not null and substr(idempotency, 1, ${length}) = ? and length(idempotency) = ${length} + ${callerLength - 1}`,
    values: [before, before, before],
  }
}
