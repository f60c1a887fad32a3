import { test } from 'vitest'
import { duplicates } from './duplicates.ts'
import { keepsItsInvariants } from './short.ts'

test('copies of starts and signals', () => keepsItsInvariants(duplicates, 9))
