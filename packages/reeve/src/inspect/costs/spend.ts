import { fromNanoUsd } from '../../base/money.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { dayBudgets, readBudget } from '../../store/spending/budgets.ts'

/** What models cost in a stretch of time, in US dollars. Days and months are those of UTC, as ceilings count. */
export interface Spend {
  spentUsd: number
  /** Reserved by calls under way: the most that they may cost. */
  reservedUsd: number
  /** Null: there is none. Of a month: the day's, for each of its days. */
  ceilingUsd: number | null
  /** What it comes to at its end at the pace of yesterday and today; null while there is nothing to go by. */
  forecastUsd: number | null
  /** When it ends (ISO 8601). */
  endsAt: string
}

export interface SpendView {
  today: Spend
  month: Spend
  /** Of the project as a whole, since its beginning. */
  project: Omit<Spend, 'forecastUsd' | 'endsAt'>
}

const dayMs = 86_400_000

/** What is spent today and this month against the ceilings, from the rows of the budgets: no call is added up for it. */
export async function spendAt(session: Session, now: number): Promise<SpendView> {
  const today = Math.floor(now / dayMs) * dayMs
  const date = new Date(now)
  const monthStart = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  const monthEnd = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
  const from = Math.min(monthStart, today - dayMs)
  const days = new Map((await dayBudgets(session, dayOf(from), dayOf(today))).map((row) => [row.scope, row]))
  const rowAt = (at: number) => days.get(`day:${dayOf(at)}`)
  const current = rowAt(today)
  const yesterday = rowAt(today - dayMs)
  const spentToday = fromNanoUsd(current?.spent_nanousd ?? 0)
  const perMs =
    (spentToday + fromNanoUsd(yesterday?.spent_nanousd ?? 0)) / (now - today + (yesterday ? dayMs : 0) || 1)
  const isKnown = yesterday !== undefined || now - today >= dayMs / 24
  const ceiling = current?.ceiling_nanousd ?? null
  const ceilingUsd = ceiling === null ? null : fromNanoUsd(ceiling)
  const reservedUsd = fromNanoUsd(current?.reserved_nanousd ?? 0)
  let spentMonth = 0
  for (let at = monthStart; at <= today; at += dayMs) spentMonth += fromNanoUsd(rowAt(at)?.spent_nanousd ?? 0)
  const project = await readBudget(session, 'project')
  const forecast = (spent: number, end: number) => (isKnown ? spent + perMs * (end - now) : null)
  return {
    today: {
      spentUsd: spentToday,
      reservedUsd,
      ceilingUsd,
      forecastUsd: forecast(spentToday, today + dayMs),
      endsAt: isoText(today + dayMs),
    },
    month: {
      spentUsd: spentMonth,
      reservedUsd,
      ceilingUsd: ceilingUsd === null ? null : ceilingUsd * Math.round((monthEnd - monthStart) / dayMs),
      forecastUsd: forecast(spentMonth, monthEnd),
      endsAt: isoText(monthEnd),
    },
    project: {
      spentUsd: fromNanoUsd(project?.spent_nanousd ?? 0),
      reservedUsd: fromNanoUsd(project?.reserved_nanousd ?? 0),
      ceilingUsd: project?.ceiling_nanousd == null ? null : fromNanoUsd(project.ceiling_nanousd),
    },
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
