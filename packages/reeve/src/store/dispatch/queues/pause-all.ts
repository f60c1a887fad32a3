import { type Acting, record } from '../../authority/acting.ts'
import type { Session } from '../../database.ts'
import { listQueues, setQueuePaused } from './queues.ts'

/** That somebody paused everything: stands in `meta`, and queues that become known meanwhile are paused from the start. */
export interface PausedAll {
  by: string
  /** Why; null: nobody said. */
  why: string | null
  /** ms since 1970. */
  at: number
}

interface Kept extends PausedAll {
  /** Queues that somebody had paused before: they stay so when everything goes on. */
  before: string[]
}

/** Its name in `meta`; see `ensureQueue`. */
export const pausedAllMark = 'paused-all'

export async function readPausedAll(session: Session): Promise<PausedAll | undefined> {
  const kept = await readKept(session)
  return kept && { by: kept.by, why: kept.why, at: kept.at }
}

async function readKept(session: Session): Promise<Kept | undefined> {
  const row = await session.get<{ value: string }>('select value from meta where name = ?', [pausedAllMark])
  return row && (JSON.parse(row.value) as Kept)
}

/** In a transaction: pauses every queue. Who was first stands. Answers the queues that were paused now. */
export async function pauseAll(session: Session, acting: Acting): Promise<string[]> {
  const { by, why = null, at } = acting
  const queues = await listQueues(session)
  const before = queues.filter(({ paused }) => paused !== 0).map(({ name }) => name)
  const kept: Kept = { by, why, at, before }
  const isFirst = await session.run(
    'insert into meta (name, value) values (?, ?) on conflict (name) do nothing',
    [pausedAllMark, JSON.stringify(kept)],
  )
  if (isFirst === 0) return []
  const paused = queues.map(({ name }) => name).filter((name) => !before.includes(name))
  for (const name of paused) await setQueuePaused(session, name, true)
  await record(session, acting, 'all-paused', 'everything', {})
  return paused
}

/** In a transaction: lets everything go on but what was paused before. Answers the queues that go on now. */
export async function resumeAll(session: Session, acting: Acting): Promise<string[]> {
  const kept = await readKept(session)
  if (!kept) return []
  await session.run('delete from meta where name = ?', [pausedAllMark])
  const resumed = (await listQueues(session))
    .map(({ name }) => name)
    .filter((name) => !kept.before.includes(name))
  for (const name of resumed) await setQueuePaused(session, name, false)
  await record(session, acting, 'all-resumed', 'everything', {})
  return resumed
}
