import { openTestDatabase } from '../engine/harness.ts'
import { overridesContract } from './contract.ts'

overridesContract('SQLite', (clock) => openTestDatabase(clock))
