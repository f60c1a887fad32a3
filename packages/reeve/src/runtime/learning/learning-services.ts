import type { LiveLessons } from '../../autonomy/lessons/live-lessons.ts'
import type { Proposals } from '../../autonomy/proposals.ts'
import type { Clock } from '../../base/time/time.ts'
import type { ContextServices } from '../../context.ts'
import type { Engine } from '../../engine/engine.ts'
import type { RouteDefinition } from '../../models/route/route.ts'
import type { Database } from '../../store/database.ts'
import type { LiveLearners } from './live-learners.ts'

/** What learning needs of a runtime. */
export interface LearningServices {
  database: Database
  clock: Clock
  engine: Engine
  routes: ReadonlyMap<string, RouteDefinition>
  /** What contexts of runs are made with. */
  lent: ContextServices
  proposals: Proposals
  lessons: LiveLessons
  learners: LiveLearners
}
