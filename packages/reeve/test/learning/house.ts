import { onTestFinished } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { ProjectConfig } from '../../src/project/config.ts'
import { projectOf } from '../../src/project/load.ts'
import type { LearnReport } from '../../src/runtime/learning/learn-workflow.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { addPrincipal } from '../../src/store/identity/principals.ts'

/** A project that learns, on a database in memory, with a person who decides. */
export async function openLearning(config: ProjectConfig, workflows: Workflow[]) {
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], learning: {}, ...config }, workflows, '/nowhere'),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: false },
    log: silentLog,
  })
  await runtime.start()
  onTestFinished(() => runtime.stop(0))
  const internals = internalsOf(runtime)
  const { database, engine } = internals
  const acting = { by: 'ada', proof: 'session' as const, at: internals.clock.now() }
  await database.transaction((session) =>
    addPrincipal(session, { name: 'ada', kind: 'person', role: 'owner' }, acting),
  )
  return {
    runtime,
    internals,
    acting,
    run: async (workflow: string, input: unknown) => {
      const started = await runtime.startRun(workflow, input as never)
      return { id: started.id, result: () => started.result() }
    },
    /** One night. */
    learn: async (): Promise<LearnReport> => {
      const started = await engine.startRun('reeve.learn', {}, { channel: 'operator' })
      const ended = await started.result()
      if (ended.status !== 'succeeded') throw new Error(JSON.stringify(ended))
      return ended.output as unknown as LearnReport
    },
    decide: (id: string, decision: 'adopted' | 'rejected' | 'withdrawn') =>
      internals.proposals.decide(id, { decision, role: 'owner', acting }),
  }
}
