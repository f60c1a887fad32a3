import { test } from 'vitest'
import { modelFaults } from '../model-faults.ts'
import { keepsItsInvariants } from '../short.ts'

test('a provider that fails in every way', { timeout: 120_000 }, () => keepsItsInvariants(modelFaults, 120))
