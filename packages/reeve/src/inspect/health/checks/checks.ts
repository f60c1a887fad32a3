import type { Database } from '../../../store/database.ts'
import { checkClock, checkData, checkDisk, checkIntegrity, checkNumbers } from './database.ts'
import type { Finding } from './finding.ts'
import { checkMemory } from './memory.ts'
import { checkRuns, checkVersions, checkWorkers } from './runs.ts'

/** A check of a project's data; `subject` is what a finding is about when the check cannot be made. */
export interface Check {
  subject: string
  /** `folder`: the project's, for the room on its disk. */
  look(database: Database, folder: string): Promise<Finding | Finding[]>
}

/** All that must hold of a database for runs to be driven, in the order in which it is told. They change nothing. */
export const checks: readonly Check[] = [
  { subject: 'data', look: checkData },
  { subject: 'data', look: checkIntegrity },
  { subject: 'data', look: checkMemory },
  { subject: 'data', look: checkWorkers },
  { subject: 'data', look: checkVersions },
  { subject: 'data', look: checkDisk },
  { subject: 'data', look: checkClock },
  { subject: 'numbers', look: checkNumbers },
  { subject: 'runs', look: checkRuns },
]
