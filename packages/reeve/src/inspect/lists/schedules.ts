import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { listOccurrences, listSchedules } from '../../store/dispatch/schedules.ts'

/** A schedule with its next time and its last outcome. Times are ISO 8601. */
export interface ScheduleView {
  name: string
  workflow: string
  paused: boolean
  /** Null: there is none any more, or it is paused. */
  nextAt: string | null
  last: {
    /** The time that it was for. */
    nominalAt: string
    outcome: 'started' | 'skipped'
    /** Why it was skipped. */
    reason: string | null
    runId: string | null
  } | null
}

/** All schedules, what comes next first. */
export async function schedulesView(session: Session): Promise<ScheduleView[]> {
  const rows = await listSchedules(session)
  const views = await Promise.all(
    rows.map(async ({ name, workflow, paused, next_at }) => {
      const [last] = await listOccurrences(session, name, 1)
      const nextAt = paused === 0 ? next_at : null
      const view: ScheduleView = {
        name,
        workflow,
        paused: paused !== 0,
        nextAt: nextAt === null ? null : isoText(nextAt),
        last: last
          ? { nominalAt: isoText(last.nominal), outcome: last.outcome, reason: last.reason, runId: last.run }
          : null,
      }
      return { view, order: nextAt ?? Number.POSITIVE_INFINITY }
    }),
  )
  return views.sort((left, right) => left.order - right.order || 0).map(({ view }) => view)
}
