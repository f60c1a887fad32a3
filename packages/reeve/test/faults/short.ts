import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import type { Fault } from './fault.ts'

/**
 * The short form of `npm run faults`: the first trials of a fault, each of which must keep its invariants. Where they
 * cannot be made, the test (`context`) is skipped with the reason, and never counts as passed.
 */
export async function keepsItsInvariants(fault: Fault, trials: number, context?: TestContext): Promise<void> {
  const unavailable = fault.unavailable?.()
  if (unavailable !== undefined) {
    if (!context) throw new Error(`${fault.name} cannot run here: ${unavailable}`)
    context.skip(unavailable)
  }
  const place = join(import.meta.dirname, '..', '.tmp')
  mkdirSync(place, { recursive: true })
  const folder = mkdtempSync(join(place, `short-${fault.name}-`))
  try {
    for (let seed = 1; seed <= trials; seed++) {
      const violations = await fault.trial(seed, { folder, note() {} })
      expect({ seed, violations }).toEqual({ seed, violations: [] })
    }
  } finally {
    await fault.close?.()
    rmSync(folder, { recursive: true })
  }
}
