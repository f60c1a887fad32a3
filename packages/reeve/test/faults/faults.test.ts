import { test } from 'vitest'
import { bitFlips } from './bit-flips.ts'
import { powerLoss } from './power-loss.ts'
import { keepsItsInvariants } from './short.ts'
import { simulation } from './simulation.ts'

test('simulated lives', { timeout: 120_000 }, () => keepsItsInvariants(simulation, 120))
test('power lost between two commits', { timeout: 120_000 }, () => keepsItsInvariants(powerLoss, 40))
test('bits flipped at rest', { timeout: 120_000 }, () => keepsItsInvariants(bitFlips, 60))
