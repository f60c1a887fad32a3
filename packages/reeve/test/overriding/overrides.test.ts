import { openTestDatabase } from '../engine/harness.ts'
import { overridesContract } from './contract.ts'
import { overrideKills } from './kills.ts'
import { secondReading } from './second-reading.ts'

overridesContract('SQLite', (clock) => openTestDatabase(clock))
secondReading('SQLite', (clock) => openTestDatabase(clock))
overrideKills('SQLite', (clock) => openTestDatabase(clock))
