import { test } from 'vitest'
import { oversize } from '../oversize.ts'
import { keepsItsInvariants } from '../short.ts'

test('values and runs that are far too large', () => keepsItsInvariants(oversize, 4))
