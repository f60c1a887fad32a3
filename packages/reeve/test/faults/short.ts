import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Fault } from './fault.ts'

/** The short form of `npm run faults`: the first trials of a fault, each of which must keep its invariants. */
export async function keepsItsInvariants(fault: Fault, trials: number): Promise<void> {
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
