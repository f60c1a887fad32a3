import { test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { type ApprovalOfRun, listPending } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { type TestEngine, testEngine } from '../engine/harness.ts'

type Asked = Parameters<CoreContext['approve']>[1]

/** A database of its own with the clock that it goes by. */
export type OpenApprovals = (clock: FakeClock) => Promise<Database>

/** A case on a database of its own, with a clock that stands still. */
export function approvalCase(
  name: string,
  open: OpenApprovals,
  body: (store: { database: Database; clock: FakeClock }) => Promise<void>,
): void {
  test(name, async () => {
    const clock = new FakeClock()
    const database = await open(clock)
    try {
      await body({ database, clock })
    } finally {
      await database.close()
    }
  })
}

/** A workflow that asks once and gives the decision. */
export function asksFor(options: Asked, name = 'asks'): Workflow {
  return defineWorkflow({
    name,
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.approve('send', options),
  })
}

export interface Bench extends TestEngine {
  run: string
  asked: ApprovalOfRun
}

/** Runs `body` while a run of the workflow waits for its first approval. */
export async function whileAsked(
  store: { database: Database; clock: FakeClock },
  workflow: Workflow,
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const opened = await testEngine([workflow], store)
  await opened.engine.start()
  try {
    const { id } = await opened.engine.startRun(workflow, {})
    await body({ ...opened, run: id, asked: await nextAsked(store.database) })
  } finally {
    await opened.engine.stop()
  }
}

/** What is asked first, once something is. */
export async function nextAsked(database: Database, but: readonly string[] = []): Promise<ApprovalOfRun> {
  return until(async () => (await listPending(database)).find(({ id }) => !but.includes(id)))
}

/** What `look` finds, once it finds something: of work that is under way in this process. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error('It did not come within 20 s.')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
