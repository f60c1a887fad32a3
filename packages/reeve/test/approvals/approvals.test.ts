import { openTestDatabase } from '../engine/harness.ts'
import { approvalsContract } from './contract.ts'

approvalsContract('SQLite', (clock) => openTestDatabase(clock))
