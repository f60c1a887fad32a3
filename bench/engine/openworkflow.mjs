import { join } from 'node:path'
import { OpenWorkflow } from 'openworkflow'
import { BackendSqlite } from 'openworkflow/sqlite'
import { closedLoop, measure, resultOf, versionsOf } from './measure.ts'

// In its favour: its worker sleeps for 50 to 1,000 ms whenever it finds nothing to claim, and its handle polls for the
// result once a second. Here the worker is ticked as soon as there is a run to claim, and a run counts as ended when
// the store has recorded it.

await measure(async (spec) => {
  const backend = BackendSqlite.connect(join(spec.dataFolder, 'openworkflow.db'))
  const client = new OpenWorkflow({ backend })
  const workflow = client.defineWorkflow({ name: 'six-steps' }, async ({ input, step }) => {
    for (let index = 1; index <= spec.steps; index++) {
      await step.run({ name: `step-${index}` }, () => resultOf(input.number, index, spec.resultBytes))
    }
    return { steps: spec.steps }
  })
  const worker = client.newWorker({ concurrency: spec.concurrency })

  const waiting = new Map()
  const complete = backend.completeWorkflowRun.bind(backend)
  backend.completeWorkflowRun = async (params) => {
    const run = await complete(params)
    waiting.get(params.workflowRunId)?.resolve()
    waiting.delete(params.workflowRunId)
    return run
  }
  const fail = backend.failWorkflowRun.bind(backend)
  backend.failWorkflowRun = async (params) => {
    waiting.get(params.workflowRunId)?.reject(new Error(`run failed: ${JSON.stringify(params.error)}`))
    return fail(params)
  }

  let unclaimed = 0
  let ticking = false
  const tick = async () => {
    if (ticking) return
    ticking = true
    while (unclaimed > 0) {
      await new Promise(setImmediate)
      unclaimed -= await worker.tick()
    }
    ticking = false
  }

  const pragma = (name) => Object.values(backend.db.prepare(`pragma ${name}`).get())[0]
  return {
    versions: versionsOf('.', 'openworkflow'),
    durability: `journal_mode=${pragma('journal_mode')} synchronous=${pragma('synchronous')} (2 is FULL)`,
    drive: closedLoop(async (number) => {
      const handle = await workflow.run({ number })
      const ended = Promise.withResolvers()
      waiting.set(handle.workflowRun.id, ended)
      unclaimed++
      void tick()
      await ended.promise
    }),
    count: () =>
      backend.db
        .prepare(
          `select count(*) as found from workflow_runs as run
           where status = 'completed' and ? = (
             select count(*) from step_attempts
             where workflow_run_id = run.id and namespace_id = run.namespace_id and status = 'completed'
           )`,
        )
        .get(spec.steps).found,
    close: () => backend.stop(),
  }
})
