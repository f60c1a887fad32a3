import { test } from 'vitest'
import { partitions } from '../partitions.ts'
import { postgresRestarts } from '../postgres-restarts.ts'
import { keepsItsInvariants } from '../short.ts'

test('Postgres restarted under a crowd of runs', () => keepsItsInvariants(postgresRestarts, 2))
test('workers cut off from Postgres', () => keepsItsInvariants(partitions, 2))
