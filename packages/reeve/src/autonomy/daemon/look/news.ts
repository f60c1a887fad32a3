import { visibleBrief } from '../../../base/text/visible-text.ts'
import type { Clock } from '../../../base/time/time.ts'
import type { Database } from '../../../store/database.ts'
import { type EventType, errorIfSound, payloadIfSound } from '../../../store/journal/events.ts'
import { Tail, type TailEvent } from '../../../store/journal/tail.ts'
import { whoseRuns } from '../../../store/runs/family.ts'
import { isWork } from '../../work.ts'
import type { DaemonNews } from '../daemon-state.ts'

const ends = ['run-succeeded', 'run-failed', 'run-cancelled', 'run-stuck'] as const
const told: EventType[] = [
  ...ends,
  'run-started',
  'approval-requested',
  'approval-decided',
  'signal-received',
]
/** Events that one look reads; what happened besides counts as news, uncounted. */
const mostEvents = 5000
const mostFailures = 10

const noNews: DaemonNews = { started: 0, ended: [], failures: [], asked: 0, decided: 0, isMore: false }

/**
 * What happened since `cursor`, each of it once: the events of runs that are work of the project (`isWork`) and not started by this one.
 * Without a cursor it begins now.
 */
export async function newsSince(
  { database, clock }: { database: Database; clock: Clock },
  cursor: string | null,
  principal: string,
): Promise<{ news: DaemonNews; cursor: string }> {
  if (cursor === null) {
    const tail = await Tail.fromNow(database, clock, told)
    return { news: noNews, cursor: tail.cursor }
  }
  const tail = Tail.fromCursor(database, clock, told, cursor)
  const events: TailEvent[] = []
  for (;;) {
    const page = await tail.read()
    events.push(...page.filter(({ workflow }) => isWork(workflow)))
    if (page.length === 0 || events.length >= mostEvents) break
  }
  const isMore = events.length >= mostEvents
  const from = isMore ? await Tail.fromNow(database, clock, told) : tail
  const others = events.length === 0 ? events : await ofOthers(database, events, principal)
  return { news: { ...summed(others), isMore }, cursor: from.cursor }
}

/** What a daemon does itself is no news to it: it knows what came of it. */
async function ofOthers(database: Database, events: TailEvent[], principal: string): Promise<TailEvent[]> {
  const runs = [...new Set(events.map(({ run }) => run))]
  const own = new Set<number>()
  for (let from = 0; from < runs.length; from += 500) {
    const slice = runs.slice(from, from + 500)
    for (const { no, principal: its } of await whoseRuns(database, slice)) if (its === principal) own.add(no)
  }
  return events.filter(({ run }) => !own.has(run))
}

function summed(events: readonly TailEvent[]): Omit<DaemonNews, 'isMore'> {
  const count = (...types: EventType[]) =>
    events.filter(({ type }) => types.includes(type as EventType)).length
  const byWorkflow = Map.groupBy(
    events.filter(({ type }) => (ends as readonly string[]).includes(type)),
    ({ workflow }) => workflow,
  )
  const failures = events
    .filter(({ type }) => type === 'run-failed' || type === 'run-stuck')
    .slice(-mostFailures)
  return {
    started: count('run-started'),
    ended: [...byWorkflow]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([workflow, of]) => {
        const ended = (type: EventType) => of.filter((event) => event.type === type).length
        return {
          workflow,
          succeeded: ended('run-succeeded'),
          failed: ended('run-failed'),
          cancelled: ended('run-cancelled'),
          stuck: ended('run-stuck'),
        }
      }),
    failures: failures.map((event) => ({
      workflow: event.workflow,
      run: event.run_id,
      reason: visibleBrief(
        errorIfSound(event)?.message ?? payloadIfSound(event, 'run-stuck')?.reason ?? event.run_reason ?? '',
        300,
      ),
    })),
    asked: count('approval-requested'),
    decided: count('approval-decided', 'signal-received'),
  }
}
