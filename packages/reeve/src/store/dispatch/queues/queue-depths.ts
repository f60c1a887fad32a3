import type { Session } from '../../database.ts'
import { type Lane, readLanes, ready } from '../lanes.ts'

export interface LaneDepth extends Lane {
  /** Ready runs, up to the most that are counted. */
  ready: number
  /** Since when the one that comes next has been ready (ms). */
  since: number
}

/** How many runs stand in each lane that holds any, each counted up to `most`. */
export async function laneDepths(session: Session, most: number): Promise<LaneDepth[]> {
  const depths: LaneDepth[] = []
  for (const lane of await readLanes(session)) {
    const { queue, workflow, version } = lane
    const where = `${ready} and queue = ? and workflow = ? and version = ?`
    const counted = await session.get<{ count: number }>(
      `select count(*) as count from (select 1 as one from runs where ${where} limit ?) as counted`,
      [queue, workflow, version, most],
    )
    const next = await session.get<{ available_at: number }>(
      `select available_at from runs where ${where} order by fresh, priority desc, available_at, no limit 1`,
      [queue, workflow, version],
    )
    if (next) depths.push({ ...lane, ready: counted!.count, since: next.available_at })
  }
  return depths
}

/**
 * How many runs of each queue stand behind others of their key, and how many workers drive, each up to `most`. `without`: those of
 * workflows whose names begin so are not counted.
 */
export async function busyOf(
  session: Session,
  queue: string,
  { most, without }: { most: number; without?: string | undefined },
): Promise<{ running: number; inLine: number }> {
  const others = without === undefined ? '' : 'and substr(workflow, 1, length(?)) <> ?'
  const count = async (where: string) => {
    const row = await session.get<{ count: number }>(
      `select count(*) as count from (select 1 as one from runs where ${where} and queue = ? ${others} limit ?) as counted`,
      [queue, ...(without === undefined ? [] : [without, without]), most],
    )
    return row!.count
  }
  return { running: await count(`status = 'running'`), inLine: await count('key_line = 1') }
}
