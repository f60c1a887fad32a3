import { test } from 'vitest'
import { partitions } from '../partitions.ts'
import { postgresRestarts } from '../postgres-restarts.ts'
import { keepsItsInvariants } from '../short.ts'

test('Postgres restarted under a crowd of runs', { timeout: 120_000 }, () =>
  keepsItsInvariants(postgresRestarts, 2),
)
test('workers cut off from Postgres', { timeout: 120_000 }, () => keepsItsInvariants(partitions, 2))
