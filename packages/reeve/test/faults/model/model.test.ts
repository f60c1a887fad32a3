import { test } from 'vitest'
import { modelFaults } from '../model-faults.ts'
import { keepsItsInvariants } from '../short.ts'

test('a provider that fails in every way', () => keepsItsInvariants(modelFaults, 80))
