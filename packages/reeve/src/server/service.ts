import type { Log } from '../base/log.ts'
import type { Clock } from '../base/time/time.ts'
import type { Engine } from '../engine/engine.ts'
import type { Project } from '../project/load.ts'
import type { RuntimeInternals } from '../runtime/runtime.ts'
import type { Database } from '../store/database.ts'
import type { KeyPlace } from '../store/secrets/key/key-file.ts'
import type { EventHub } from './events/event-hub.ts'

/** What the endpoints work with. */
export interface Service {
  project: Project
  internals: RuntimeInternals
  engine: Engine
  database: Database
  /** Where an SQLite database is; absent: Postgres. */
  sqliteFile: string | undefined
  /** Where the key is that secrets are sealed with. */
  keyPlace: KeyPlace
  /** Of the environment: those that triggers name have their secrets. */
  variables: Readonly<Record<string, string | undefined>>
  clock: Clock
  log: Log
  newId: () => string
  hub: EventHub
  /** Wakes what carries bulk actions out. */
  bulkStarted: () => void
  /** Whether answers are held against the schemas that are told of them: in tests. */
  checksAnswers: boolean
}
