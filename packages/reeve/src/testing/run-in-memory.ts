import { ReeveError } from '../base/errors.ts'
import type { RunResult } from '../engine/results.ts'
import type { Workflow } from '../engine/workflow.ts'
import type { ProjectConfig } from '../project/config.ts'
import type { JournalEvent } from '../store/journal/journal.ts'
import type { TestOptions } from './test-options.ts'
import { testRuntime } from './test-runtime.ts'

/** What became of a run in memory, and all that its journal says. */
export interface MemoryRun<Output> {
  result: RunResult<Output>
  journal: JournalEvent[]
}

/**
 * Runs a workflow to its end in a `testRuntime` of its own: on a database in memory, with a clock that jumps over what it waits for, and
 * without keys. Nobody decides or sends signals here: a run that comes to wait for somebody for ever is an error.
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
  options: Pick<TestOptions, 'mocks' | 'live' | 'patience'> = {},
): Promise<MemoryRun<Output>> {
  if (workflow.name === '')
    throw new ReeveError('bad-workflow', 'A workflow that runs in memory has no file: give it a `name`.')
  await using test = await testRuntime({ ...options, workflows: [workflow as Workflow], config })
  const result = await test.run(workflow, input)
  return { result, journal: await (await test.lastRun(workflow as Workflow<never, Output>)).journal() }
}
