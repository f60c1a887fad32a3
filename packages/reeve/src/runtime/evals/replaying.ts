import { Context } from '../../context.ts'
import type { ReplayedRun } from '../../evals/replay/compare.ts'
import { type RecordedRun, tryRecord } from '../../evals/replay/recorded-run.ts'
import {
  type ReplayOptions,
  type ReplayParts,
  type ReplayReport,
  replayRuns,
} from '../../evals/replay/replay-runs.ts'
import { Questions } from '../../models/asking/questions.ts'
import { CircuitBreakers } from '../../models/route/breaker.ts'
import { migrate } from '../../store/migrations.ts'
import { openDatabase } from '../../store/open.ts'
import { internalsOf, type Runtime } from '../runtime.ts'

/**
 * Tries the code of a project over the runs that its database has. What models are asked, if they may be, is paid from the
 * budgets of the project as in a database of its own, and no run's cost grows by it.
 */
export function replayProject(
  runtime: Runtime,
  options: ReplayOptions,
  onRun?: (replayed: ReplayedRun) => void,
): Promise<ReplayReport> {
  return withReplayParts(runtime, (parts) => replayRuns(parts, options, onRun))
}

/** Tries the code of a project over one run that a file keeps. @throws `bad-record` `unknown-workflow` `invalid-input` */
export function replayRecorded(runtime: Runtime, record: RecordedRun): Promise<ReplayedRun> {
  return withReplayParts(runtime, (parts) => tryRecord(parts, record))
}

async function withReplayParts<T>(runtime: Runtime, body: (parts: ReplayParts) => Promise<T>): Promise<T> {
  const { database, engine, lent, clock, routes } = internalsOf(runtime)
  const { workflows, services } = engine
  const { secrets, records, identity } = services
  const scratch = openDatabase({ kind: 'sqlite', file: ':memory:' }, clock, {
    secrets,
    onBroken: (error) => {
      throw error
    },
  })
  try {
    await migrate(scratch, services.newId)
    const questions = new Questions({
      routes,
      breakers: new CircuitBreakers({ clock }),
      // Nobody waits here until there is budget again.
      budgets: { ...runtime.project.config.budgets, whenExhausted: 'fail' },
      database: scratch,
      workflows,
    })
    const contextFor = (site: ConstructorParameters<typeof Context>[0]) =>
      new Context(site, workflows, { ...lent, questions })
    const parts = { database, workflows, contextFor, secrets, records, identity }
    return await body(parts)
  } finally {
    await scratch.close()
  }
}
