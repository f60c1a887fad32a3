import type { Database, Session } from '../database.ts'
import { dropAwaited, dropOwn, insertAwaited, isWanted, wakeFitting } from '../runs/awaited.ts'

const prefix = 'budget:'
/** Sorts behind all that begins with it. */
const afterPrefix = 'budget;'

/** What a call waits for whose question the budget of this scope has no room for. */
export function awaitedBudget(scope: string): string {
  return `${prefix}${scope}`
}

/** How much may be reserved in the scope now; undefined: nothing is known of it. Locked until the commit, where `isLocked`. */
async function roomIn(session: Session, scope: string, isLocked = false): Promise<number | undefined> {
  const row = await session.get<{ ceiling: number | null; taken: number }>(
    `select ceiling_nanousd as ceiling, reserved_nanousd + spent_nanousd as taken from budgets where scope = ?${isLocked ? ' {lock}' : ''}`,
    [scope],
  )
  if (!row) return undefined
  return row.ceiling === null ? Number.MAX_SAFE_INTEGER : row.ceiling - row.taken
}

/**
 * In a transaction: whether so much could be reserved in the scope now. If not, the call is told when it can. The scope is locked
 * first, as whoever makes room locks it: of the two, the later one sees what the other did.
 */
export async function waitForRoom(
  session: Session,
  { scope, nanousd, run, step }: { scope: string; nanousd: number; run: number; step: number },
): Promise<boolean> {
  const what = awaitedBudget(scope)
  const room = await roomIn(session, scope, true)
  if (room !== undefined && room >= nanousd) {
    await dropOwn(session, { what, run, step })
    return true
  }
  await session.bulk(insertAwaited, [[what, run, step, nanousd]])
  return false
}

/** In a transaction that has changed these scopes. Answers the runs that try again. */
export async function moneyCameBack(session: Session, scopes: readonly string[]): Promise<number[]> {
  const woken: number[] = []
  // Beyond its own limit, or that of a run above it, a run does not wait.
  for (const scope of scopes.filter((each) => !each.startsWith('run:'))) {
    if (!(await isWanted(session, awaitedBudget(scope), Number.MAX_SAFE_INTEGER))) continue
    const room = await roomIn(session, scope)
    if (room !== undefined && room > 0)
      woken.push(...(await wakeFitting(session, awaitedBudget(scope), room)))
  }
  return woken
}

/**
 * Wakes those who wait where there is room: whoever was woken for it did not take it, or was one of very many. Answers how many
 * runs try again.
 */
export async function wakeWhereRoomIs(database: Database): Promise<number> {
  let woken = 0
  for (const { scope } of await database.all<{ scope: string }>(scopesWithRoom))
    woken += (await database.transaction((session) => wakeIn(session, scope))).length
  return woken
}

/** Each heartbeat asks it: one step in an index for each scope that calls wait for, however many they are. */
const scopesWithRoom = `with recursive waited (what) as (
    select min(what) from awaited where what > '${prefix}' and what < '${afterPrefix}'
    union all
    select (select min(a.what) from awaited a where a.what > waited.what and a.what < '${afterPrefix}')
    from waited where waited.what is not null)
  select b.scope from waited join budgets b on b.scope = substr(waited.what, ${prefix.length + 1})
  where exists (select 1 from awaited a where a.what = waited.what and a.needs <=
    coalesce(b.ceiling_nanousd - b.reserved_nanousd - b.spent_nanousd, ${Number.MAX_SAFE_INTEGER}))`

async function wakeIn(session: Session, scope: string): Promise<number[]> {
  await roomIn(session, scope, true)
  return moneyCameBack(session, [scope])
}

/** How many runs wait for room, by the scope of the budget. */
export function countBudgetWaits(session: Session): Promise<{ scope: string; runs: number }[]> {
  return session.all(
    `select substr(a.what, ${prefix.length + 1}) as scope, count(distinct a.run) as runs
     from awaited a join runs r on r.no = a.run
     where a.what > '${prefix}' and a.what < '${afterPrefix}' and r.status = 'waiting' and r.wake_at is not null
     group by a.what order by a.what`,
  )
}

/** Calls that waited for days that are over went on by the clock. Answers how many rows went. */
export function dropPastWaits(session: Session, today: string, most: number): Promise<number> {
  return dropAwaited(session, { from: awaitedBudget('day:'), before: awaitedBudget(today), most })
}
