import { test } from 'vitest'
import { poisonAmong } from '../poison.ts'
import { keepsItsInvariants } from '../short.ts'

test('a run that ends its process each time', () => keepsItsInvariants(poisonAmong(60, false), 1))
