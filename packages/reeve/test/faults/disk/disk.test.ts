import { test } from 'vitest'
import { diskFull } from '../disk-full.ts'
import { keepsItsInvariants } from '../short.ts'
import { syncErrors } from '../sync-errors.ts'

test('a disk that is full for a while', (context) => keepsItsInvariants(diskFull, 3, context))
test('a disk that fails to sync', (context) => keepsItsInvariants(syncErrors, 2, context))
