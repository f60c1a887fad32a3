import { ReeveError } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import type { RunResult } from '../engine/results.ts'
import type { Workflow } from '../engine/workflow.ts'
import { standingOf } from '../inspect/standing.ts'
import type { ProjectConfig } from '../project/config.ts'
import { projectOf } from '../project/load.ts'
import { internalsOf, Runtime } from '../runtime/runtime.ts'
import { type JournalEvent, readEvents } from '../store/journal/journal.ts'
import { topOf } from '../store/runs/family.ts'
import { readRun, requireRun } from '../store/runs/runs.ts'

/** What became of a run in memory, and all that its journal says. */
export interface MemoryRun<Output> {
  result: RunResult<Output>
  journal: JournalEvent[]
}

/**
 * Runs a workflow to its end on a database in memory, with the system's clock and without keys: for examples and tests.
 * Nobody decides or sends signals here, so that a run which comes to wait for somebody is an error.
 * @throws `bad-workflow` when it has no name, `run-waits` when the run waits for somebody
 * @example
 * import { workflow } from 'reeve'
 * import { runInMemory, scriptedSolver } from 'reeve/testing'
 * import { z } from 'zod'
 *
 * const greet = workflow({
 *   name: 'greet',
 *   input: z.string(),
 *   run: (ctx, name) => ctx.generate('greeting', { route: 'writing', with: { name } }),
 * })
 * const solver = scriptedSolver(['Good morning, Ada.'])
 * const { result, journal } = await runInMemory(greet, 'Ada', { routes: { writing: { solvers: [solver] } } })
 */
export async function runInMemory<Input, Output>(
  workflow: Workflow<Input, Output>,
  input: Input,
  config: ProjectConfig = {},
): Promise<MemoryRun<Output>> {
  if (workflow.name === '')
    throw new ReeveError('bad-workflow', 'A workflow that runs in memory has no file: give it a `name`.')
  const runtime = await Runtime.open({
    // Each wake is a replay, as after a restart: what is not deterministic shows in a test.
    keptRuns: 0,
    project: projectOf({ knowledge: [], ...config }, [workflow as Workflow]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'nobody', ci: false },
    log: silentLog,
  })
  try {
    await runtime.start()
    const rest = Promise.withResolvers<never>()
    rest.promise.catch(() => {})
    runtime.onRest(({ runId, status }) => {
      if (status === 'waiting') refuseWaiting(runtime, runId).catch(rest.reject)
    })
    const handle = await runtime.startRun(workflow, input)
    const result = await Promise.race([handle.result(), rest.promise])
    const run = await readRun(internalsOf(runtime).database, handle.id)
    return { result, journal: run ? await readEvents(internalsOf(runtime).database, run.no) : [] }
  } finally {
    await runtime.stop()
  }
}

/** @throws `run-waits` unless something of the run goes on by itself, as with a timer or a child */
async function refuseWaiting(runtime: Runtime, id: string): Promise<void> {
  const { database } = internalsOf(runtime)
  const run = await topOf(database, await requireRun(database, id))
  const standing = await standingOf(database, run)
  if (standing.state !== 'waiting') return
  throw new ReeveError(
    'run-waits',
    `The run waits, and nobody can answer it in memory: ${standing.run.reason ?? 'it does not say for what'}. Give it nothing to wait for, or drive it with a Runtime and decide there.`,
  )
}
