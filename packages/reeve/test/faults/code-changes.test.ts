import { test } from 'vitest'
import { codeChanges } from './code-changes.ts'
import { keepsItsInvariants } from './short.ts'

test('workflows changed under their runs', () => keepsItsInvariants(codeChanges, 30))
