import { Context } from '../../context.ts'
import type { ReplayedRun } from '../../evals/replay/compare.ts'
import { type ReplayOptions, type ReplayReport, replayRuns } from '../../evals/replay/replay-runs.ts'
import { Questions } from '../../models/asking/questions.ts'
import { CircuitBreakers } from '../../models/route/breaker.ts'
import { migrate } from '../../store/migrations.ts'
import { openDatabase } from '../../store/open.ts'
import { internalsOf, type Runtime } from '../runtime.ts'

/**
 * Tries the code of a project over the runs that its database has. What models are asked, if they may be, is paid from the
 * budgets of the project as in a database of its own, and no run's cost grows by it.
 */
export async function replayProject(
  runtime: Runtime,
  options: ReplayOptions,
  onRun?: (replayed: ReplayedRun) => void,
): Promise<ReplayReport> {
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
    return await replayRuns(parts, options, onRun)
  } finally {
    await scratch.close()
  }
}
