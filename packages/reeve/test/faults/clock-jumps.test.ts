import { test } from 'vitest'
import { clockJumps } from './clock-jumps.ts'
import { keepsItsInvariants } from './short.ts'

test('clocks that are set', () => keepsItsInvariants(clockJumps, 14))
