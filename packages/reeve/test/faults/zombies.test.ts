import { test } from 'vitest'
import { keepsItsInvariants } from './short.ts'
import { zombiesAhead } from './zombies.ts'

test('workers stopped in mid-effect', { timeout: 120_000 }, () => keepsItsInvariants(zombiesAhead(2), 6))
