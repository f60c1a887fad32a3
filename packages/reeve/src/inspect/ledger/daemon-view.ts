import { ReeveError } from '../../base/errors.ts'
import { isRecord } from '../../base/json/record.ts'
import { fromNanoUsd } from '../../base/money.ts'
import { isoText } from '../../base/time/time.ts'
import { givenIn } from '../../engine/starting/run-input.ts'
import {
  type CycleRow,
  type DaemonRow,
  type KeptDaemon,
  listDaemons,
  readCycle,
  readDaemon,
} from '../../store/autonomy/daemons.ts'
import type { Session } from '../../store/database.ts'
import { payloadAt } from '../../store/journal/journal.ts'
import { readBudget } from '../../store/spending/budgets.ts'
import { type LedgerLine, ledgerPage } from './ledger.ts'

/** How a daemon stands. */
export const daemonViewStates = [
  'new',
  'waiting',
  'deciding',
  'stalled',
  'paused',
  'stuck',
  'between',
] as const

export type DaemonViewState = (typeof daemonViewStates)[number]

/** A daemon as screens show it. Times are ISO 8601. */
export interface DaemonView {
  name: string
  /**
   * `new`: no cycle has begun yet · `waiting` for its time · `deciding`: a cycle is under way · `stalled`: its breaker stopped it, for
   * its last decisions brought nothing · `paused` by a person · `stuck`: its cycle needs a person, and no other begins · `between`:
   * its next cycle is not there yet, as where no worker runs.
   */
  state: DaemonViewState
  /** Why it is stuck or stalled; null: it is neither. Foreign text. */
  reason: string | null
  /** The number of its cycle, and the run that is this cycle. */
  cycle: number
  runId: string | null
  /** When its next cycle begins; null: it is under way, or nobody knows. */
  nextAt: string | null
  /** What woke it last before its time; null: nothing ever did. */
  woken: string | null
  /** Who decides: a route, rules, or rules where the route cannot be asked. */
  decides: string
  goals: string[]
  /** Null: all directives of the project. */
  directives: string[] | null
  events: string[]
  /** The bounds of its wakes (ms). */
  wakes: { floorMs: number; everyMs: number; ceilingMs: number }
  /** Of today, UTC (US dollars). A null ceiling: there is none. */
  today: { spentUsd: number; ceilingUsd: number | null }
  /** What it decided last; null: nothing yet. */
  last: LedgerLine | null
}

export async function daemonViews(session: Session, now: number): Promise<DaemonView[]> {
  const views: DaemonView[] = []
  for (const row of await listDaemons(session)) views.push(await viewOf(session, row, now))
  return views
}

/** @throws `unknown-daemon` */
export async function daemonView(session: Session, name: string, now: number): Promise<DaemonView> {
  return viewOf(session, await requireDaemon(session, name), now)
}

/** @throws `unknown-daemon` */
export async function requireDaemon(session: Session, name: string): Promise<DaemonRow> {
  const row = await readDaemon(session, name)
  if (row) return row
  const known = (await listDaemons(session)).map((each) => each.name).join(', ') || 'none'
  throw new ReeveError('unknown-daemon', `There is no daemon "${name}". The project has: ${known}.`)
}

async function viewOf(session: Session, row: DaemonRow, now: number): Promise<DaemonView> {
  const { name, cycle, run, paused, woken } = row
  const kept = JSON.parse(row.definition) as KeptDaemon
  const { floorMs, everyMs, ceilingMs, route, rules, goals, directives, events } = kept
  const found = run === null ? undefined : await readCycle(session, run)
  const isQueued = isWaiting(found)
  const stalled = isQueued ? await whyStalled(session, found, name) : null
  const state = stateOf(row, found, stalled !== null)
  const day = new Date(now).toISOString().slice(0, 10)
  const budget = await readBudget(session, `day:${day}:daemon:${name}`)
  const { lines } = await ledgerPage(session, { daemon: name, limit: 1 })
  return {
    name,
    state,
    reason: state === 'stuck' ? (found?.reason ?? null) : state === 'stalled' ? stalled : null,
    cycle,
    runId: run,
    nextAt: isQueued && paused === 0 ? isoText(found.available_at) : null,
    woken,
    decides: route === null ? 'rules' : rules ? `route ${route}, else rules` : `route ${route}`,
    goals,
    directives,
    events,
    wakes: { floorMs, everyMs, ceilingMs },
    today: {
      spentUsd: budget ? fromNanoUsd(budget.spent_nanousd + budget.reserved_nanousd) : 0,
      ceilingUsd: budget?.ceiling_nanousd == null ? kept.dayUsd : fromNanoUsd(budget.ceiling_nanousd),
    },
    last: lines[0] ?? null,
  }
}

function isWaiting(cycle: CycleRow | undefined): cycle is CycleRow {
  return cycle?.ended_at === null && cycle.status === 'queued' && cycle.fresh === 1
}

function stateOf(row: DaemonRow, cycle: CycleRow | undefined, isStalled: boolean): DaemonViewState {
  if (cycle?.status === 'stuck') return 'stuck'
  if (row.paused === 1) return 'paused'
  if (!cycle) return row.cycle === 0 ? 'new' : 'between'
  if (cycle.ended_at !== null) return 'between'
  if (!isWaiting(cycle)) return 'deciding'
  return isStalled ? 'stalled' : 'waiting'
}

/** As its last cycle left it, which stands in the input of the next one; null: it still tries. */
async function whyStalled(session: Session, cycle: CycleRow, name: string): Promise<string | null> {
  const first = await payloadAt(session, cycle.no, 1)
  const given = first === undefined ? undefined : givenIn(first)
  const memory = isRecord(given) ? given.memory : undefined
  if (!isRecord(memory) || typeof memory.stalledDigest !== 'string') return null
  return `${memory.fruitless} decisions in a row brought nothing: it waits until the state that it decides on changes, or for: reeve daemons wake ${name}`
}
