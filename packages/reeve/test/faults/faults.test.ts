import { test } from 'vitest'
import { bitFlips } from './bit-flips.ts'
import { powerLoss } from './power-loss.ts'
import { keepsItsInvariants } from './short.ts'
import { simulation } from './simulation.ts'

test('simulated lives', () => keepsItsInvariants(simulation, 70))
test('power lost between two commits', () => keepsItsInvariants(powerLoss, 25))
test('bits flipped at rest', () => keepsItsInvariants(bitFlips, 40))
