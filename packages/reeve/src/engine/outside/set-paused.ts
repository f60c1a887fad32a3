import { type Acting, record } from '../../store/authority/acting.ts'
import type { Database } from '../../store/database.ts'
import { pauseRuns } from '../../store/runs/changes/moves.ts'
import { wakeRuns } from '../../store/runs/inbox.ts'
import { lockRun, requireRun } from '../../store/runs/runs.ts'
import { refuseEnded } from './unheld-runs.ts'

/** Holds a run where it is, or lets it go on; answers its number. @throws `unknown-run` `run-ended` */
export async function setPaused(
  database: Database,
  runId: string,
  paused: boolean,
  acting: Acting | undefined,
): Promise<number> {
  const run = await requireRun(database, runId)
  await database.transaction(async (session) => {
    const current = (await lockRun(session, run.no))!
    refuseEnded(current, paused ? 'be paused' : 'be resumed')
    if (acting && (current.paused !== 0) !== paused)
      await record(session, acting, paused ? 'run-paused' : 'run-resumed', run.id, {}, run.id)
    await session.bulk(pauseRuns, [[run.no, paused ? 1 : 0]])
    if (paused) await session.bulk(wakeRuns, [[run.no]])
  })
  return run.no
}
