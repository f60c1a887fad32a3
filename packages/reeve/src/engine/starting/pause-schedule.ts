import { type Acting, record } from '../../store/authority/acting.ts'
import type { Session } from '../../store/database.ts'
import {
  lockSchedule,
  recordOccurrence,
  type ScheduleRow,
  saveSchedule,
  setSchedulePaused,
} from '../../store/dispatch/schedules.ts'
import { type KeptDefinition, nextAfter } from './schedule-times.ts'

/**
 * In a transaction, by somebody: a paused schedule starts nothing. Its times that pass meanwhile are skipped when it is
 * resumed, whatever its catch-up says: somebody did not want them. The first of them is told. Answers false for an unknown
 * schedule; one that is so already stays as it is, and nothing is recorded.
 */
export async function pauseSchedule(
  session: Session,
  name: string,
  paused: boolean,
  acting: Acting,
): Promise<boolean> {
  const row = await lockSchedule(session, name)
  if (row === undefined) return false
  if ((row.paused !== 0) === paused) return true
  await setSchedulePaused(session, name, paused)
  if (!paused && row.next_at !== null && row.next_at <= acting.at) await skipPassed(session, row, acting.at)
  await record(session, acting, paused ? 'schedule-paused' : 'schedule-resumed', name, {})
  return true
}

async function skipPassed(session: Session, row: ScheduleRow, now: number): Promise<void> {
  const { earlier, since, ...definition } = JSON.parse(row.definition) as KeptDefinition
  const { name, workflow } = row
  await recordOccurrence(session, {
    schedule: name,
    nominal: row.next_at!,
    outcome: 'skipped',
    reason: `the schedule was paused; so was every other time before ${new Date(now).toISOString()}`,
    run: null,
    at: now,
  })
  const next_at = nextAfter(name, definition, now)
  await saveSchedule(session, { name, workflow, definition: JSON.stringify(definition), next_at })
}
