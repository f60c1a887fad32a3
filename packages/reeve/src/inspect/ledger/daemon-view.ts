import { ReeveError } from '../../base/errors.ts'
import { fromNanoUsd } from '../../base/money.ts'
import { isoText } from '../../base/time/time.ts'
import {
  type DaemonRow,
  type KeptDaemon,
  listDaemons,
  readCycle,
  readDaemon,
} from '../../store/autonomy/daemons.ts'
import type { Session } from '../../store/database.ts'
import { readBudget } from '../../store/ledger/budgets.ts'
import { type LedgerLine, ledgerPage } from './ledger.ts'

/** A daemon as screens show it. Times are ISO 8601. */
export interface DaemonView {
  name: string
  /**
   * `waiting` for its time · `deciding`: a cycle is under way · `paused` by a person · `stuck`: its cycle needs a person, and no
   * other begins · `between`: its next cycle is not there yet, as where no worker runs.
   */
  state: 'waiting' | 'deciding' | 'paused' | 'stuck' | 'between'
  /** Why its cycle is stuck; null: it is not. Foreign text. */
  reason: string | null
  /** The number of its cycle, and the run that is this cycle. */
  cycle: number
  run: string | null
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
  const isOpen = found !== undefined && found.ended_at === null
  const isQueued = isOpen && found.status === 'queued' && found.fresh === 1
  const day = new Date(now).toISOString().slice(0, 10)
  const budget = await readBudget(session, `day:${day}:daemon:${name}`)
  const { lines } = await ledgerPage(session, { daemon: name, limit: 1 })
  return {
    name,
    state:
      found?.status === 'stuck'
        ? 'stuck'
        : paused === 1
          ? 'paused'
          : !isOpen
            ? 'between'
            : isQueued
              ? 'waiting'
              : 'deciding',
    reason: found?.status === 'stuck' ? found.reason : null,
    cycle,
    run,
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
