import { test } from 'vitest'
import { keepsItsInvariants } from './short.ts'
import { zombiesAhead } from './zombies.ts'

test('workers stopped in mid-effect', () => keepsItsInvariants(zombiesAhead(2), 4))
