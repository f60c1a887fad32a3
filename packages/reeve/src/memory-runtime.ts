import { ReeveError } from './base/errors.ts'
import { silentLog } from './base/log.ts'
import type { RunResult } from './engine/engine.ts'
import type { Workflow } from './engine/workflow.ts'
import type { ProjectConfig } from './project.ts'
import { projectOf, Runtime } from './runtime.ts'
import { type JournalEvent, readEvents } from './store/journal.ts'
import { readRun } from './store/runs.ts'

export interface MemoryRun<Output> {
  result: RunResult<Output>
  journal: JournalEvent[]
}

/**
 * Runs a workflow to its end on a database in memory, with the system's clock and without keys: for examples and tests.
 * A run that comes to wait for a person would wait for ever, so give it nobody to wait for.
 * @throws `bad-workflow` when it has no name
 */
export async function runInMemory<Input, Output>(
  workflow: Workflow<Input, Output>,
  input: Input,
  config: ProjectConfig = {},
): Promise<MemoryRun<Output>> {
  if (workflow.name === '')
    throw new ReeveError('bad-workflow', 'A workflow that runs in memory has no file: give it a `name`.')
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], ...config }, [workflow as Workflow]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'nobody', ci: false },
    log: silentLog,
  })
  try {
    await runtime.start()
    const handle = await runtime.engine.startRun(workflow, input)
    const result = await handle.result()
    const run = await readRun(runtime.database, handle.id)
    return { result, journal: run ? await readEvents(runtime.database, run.no) : [] }
  } finally {
    await runtime.stop()
  }
}
