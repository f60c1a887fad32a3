import { contradictionEffects, lessonEffects } from '../../autonomy/lessons/lesson-effects.ts'
import type { LiveLessons } from '../../autonomy/lessons/live-lessons.ts'
import { amendmentEffects, contradictingItems, isOfMemory } from '../../autonomy/memory-changes.ts'
import { type ProposalEffects, Proposals } from '../../autonomy/proposals.ts'
import type { Log } from '../../base/log.ts'
import type { Clock } from '../../base/time/time.ts'
import type { ScheduleDefinition } from '../../engine/starting/schedule-times.ts'
import type { Memory } from '../../memory/memory.ts'
import type { LearningConfig } from '../../project/config.ts'
import type { Database } from '../../store/database.ts'
import { learnWorkflowName } from './learn-workflow.ts'
import type { LiveLearners } from './live-learners.ts'
import { trainingEffects } from './training-effects.ts'

type Effects = ConstructorParameters<typeof Proposals>[1]
type Learned = 'lesson' | 'amendment' | 'contradiction' | 'training'

/** Whatever decides proposals, with what each kind of them comes to. `others`: kinds that are none of learning. */
export function proposalsOf(
  {
    withheld = 20,
    ...parts
  }: {
    database: Database
    clock: Clock
    log: Log
    memory: Memory
    lessons: LiveLessons
    learners: LiveLearners
    withheld: number | undefined
  },
  others: Omit<Effects, Learned>,
): Proposals {
  const proposals: Proposals = new Proposals(parts, {
    ...others,
    lesson: lessonEffects({ ...parts, withheld }),
    amendment: amendmentEffects(parts.memory),
    contradiction: contradictionOf(contradictionEffects(() => proposals)),
    training: trainingEffects(parts.learners),
  })
  return proposals
}

/** Of lessons, or of items of memory. */
function contradictionOf(lessons: ProposalEffects): ProposalEffects {
  const items = contradictingItems()
  return {
    role: lessons.role,
    adopt: async (...told) => (isOfMemory(told[1]) ? items : lessons).adopt?.(...told),
    reject: async (...told) => (isOfMemory(told[1]) ? items : lessons).reject?.(...told),
    withdraw: async (...told) => (isOfMemory(told[1]) ? items : lessons).withdraw?.(...told),
    carryOut: async (row) => (isOfMemory(row) ? undefined : lessons.carryOut?.(row)),
  }
}

/** When the project learns by the clock. */
export function learnSchedules(learning: LearningConfig | undefined): Record<string, ScheduleDefinition> {
  if (learning === undefined) return {}
  const { at: cron = '0 3 * * *', zone } = learning
  return { [learnWorkflowName]: { workflow: learnWorkflowName, cron, ...(zone !== undefined && { zone }) } }
}
