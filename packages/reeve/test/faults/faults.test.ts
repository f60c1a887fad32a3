import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bitFlips } from './bit-flips.ts'
import type { Fault } from './fault.ts'
import { powerLoss } from './power-loss.ts'
import { simulation } from './simulation.ts'

/** The short forms of `npm run faults`. */
let folder: string

beforeAll(async () => {
  const place = join(import.meta.dirname, '..', '.tmp')
  await mkdir(place, { recursive: true })
  folder = mkdtempSync(join(place, 'faults-short-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

async function keepsItsInvariants(fault: Fault, trials: number): Promise<void> {
  for (let seed = 1; seed <= trials; seed++) {
    const violations = await fault.trial(seed, { folder: join(folder, fault.name), note() {} })
    expect({ seed, violations }).toEqual({ seed, violations: [] })
  }
  await fault.close?.()
}

test('simulated lives', { timeout: 30_000 }, () => keepsItsInvariants(simulation, 120))
test('power lost between two commits', { timeout: 30_000 }, () => keepsItsInvariants(powerLoss, 40))
test('bits flipped at rest', { timeout: 30_000 }, () => keepsItsInvariants(bitFlips, 60))
