import { test } from 'vitest'
import { bitFlips } from './bit-flips.ts'
import { powerLoss } from './power-loss.ts'
import { keepsItsInvariants } from './short.ts'
import { simulation } from './simulation.ts'

test('simulated lives', () => keepsItsInvariants(simulation, 120))
test('power lost between two commits', () => keepsItsInvariants(powerLoss, 40))
test('bits flipped at rest', () => keepsItsInvariants(bitFlips, 60))
