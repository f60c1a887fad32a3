import { join } from 'node:path'
import { projectOf, Runtime, readEnvironment } from '../../packages/reeve/src/index.ts'

type Config = Parameters<typeof projectOf>[0]
type Workflows = Parameters<typeof projectOf>[1]

/** A runtime on a database file in `folder`, not started. */
export function opened(folder: string, workflows: Workflows, config: Config = {}): Promise<Runtime> {
  return Runtime.open({
    project: projectOf(config, workflows, folder),
    environment: readEnvironment(folder, { DATABASE_URL: `file:${join(folder, 'reeve.db')}` }),
  })
}

/** Writes `count` rows of runs in one statement: their state, queue and key as told, everything else as of old runs. */
export async function seedRuns(
  { database }: Runtime,
  count: number,
  row: {
    status: string
    queue?: string
    key?: string
    availableAt?: number
    paused?: boolean
    workflow?: string
  },
): Promise<void> {
  const first = 10_000_000
  const ended = row.status === 'succeeded' ? Date.now() - 86_400_000 : null
  await database.transaction((session) =>
    session.run(
      `with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < ?)
       insert into runs (no, id, workflow, version, status, queue, key, priority, available_at, wake_at, fresh, principal,
         epoch, paused, created_at, ended_at)
       select ? + i, 'seed' || i, ?, '1', ?, ?, ?, 0, ?, ?, 1, 'bench', 0, ?, ?, ? from n`,
      [
        count,
        first,
        row.workflow ?? 'old',
        row.status,
        row.queue ?? 'default',
        row.key ?? null,
        row.availableAt ?? 0,
        row.availableAt ?? null,
        row.paused ? 1 : 0,
        Date.now() - 86_400_000,
        ended,
      ],
    ),
  )
}
