import type { AgentListener } from '../agents/agent-events.ts'
import type { Environment } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import type { Bodies } from '../engine/services.ts'
import type { Substitutes } from '../engine/substitutes.ts'
import type { TextListener } from '../models/asking/text-stream.ts'
import type { Project } from '../project/load.ts'
import type { Database } from '../store/database.ts'

/** For `Runtime.open`. */
export interface RuntimeOptions {
  /** What to run: from `loadProject(folder)`, or `projectOf(config, workflows)` without files. */
  project: Project
  /** Where the data is, which keys there are, and who acts: from `readEnvironment(folder)`. */
  environment: Environment
  /** Default: the system's. Tests give a `FakeClock`. */
  clock?: Clock
  /** Default: a line of JSON for each entry, on standard error. */
  log?: Log
  /** The most runs held in memory at once. Default 1,000. */
  capacity?: number
  /**
   * How long a worker whose event loop is blocked keeps its runs (ms). After that it counts as dead, and its runs go on
   * elsewhere. Default 120,000.
   */
  maxBlockedMs?: number
  /**
   * How many parked runs are kept in memory for up to ten minutes, so that they go on without a replay. Default 1,000;
   * 0 replays each wake, as a restart would.
   */
  keptRuns?: number
  /** All connections are in sandbox, whatever the project says. Default: as the project says. */
  sandbox?: boolean
  /** Hears what agents do while they do it. */
  agentListener?: AgentListener
  /** Hears what models write while they write it; hosted models then stream. Agents with output guards are not heard. */
  textListener?: TextListener
  /** @internal What tests and evals put in the way. */
  seams?: RuntimeSeams
}

/** Where tests and evals reach into a runtime. */
export interface RuntimeSeams {
  bodies?: Bodies
  /** A run whose next timer is due within this time (ms) stays in memory. */
  lingerMs?: number
  substitutes?: Substitutes
  /** Makes the ids of runs, approvals and all else, for that time (ms). Each is another one, and they sort by time. */
  idFor?(at: number): string
  /** Answers the database to work on: the one that `open` opens, or another. */
  database?(open: () => Database): Database
}
