import { test } from 'vitest'
import { restartHerdOf } from '../restart-herd.ts'
import { keepsItsInvariants } from '../short.ts'

test('many timers due at once when workers come back', () =>
  keepsItsInvariants(restartHerdOf(1000, 60, 8000), 1))
