import { openTestDatabase } from '../engine/harness.ts'
import { undoContract } from './contract.ts'

undoContract('SQLite', (clock) => openTestDatabase(clock))
