import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Effect } from '../../src/engine/calls/effect/definition.ts'
import { effect } from '../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import type { EffectClass } from '../../src/store/journal/vocabulary/effect-class.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { mortalEngine, rowOf, testEngine } from './harness.ts'

function pays(tool: Effect): Workflow {
  return defineWorkflow({
    name: 'flow',
    input: z.unknown(),
    run: (ctx: CoreContext) => effect(CoreContext.callSiteOf(ctx), tool, { amount: 5 }),
  }) as Workflow
}

const changes: [EffectClass, EffectClass][] = [
  ['once', 'read'],
  ['once', 'idempotent'],
  ['once', 'verifiable'],
  ['verifiable', 'idempotent'],
  ['idempotent', 'once'],
]

test.each(changes)(
  'an attempt made as %s is not repeated because its tool is %s now',
  async (before, now) => {
    const sent: string[] = []
    const hanging: Effect = {
      name: 'pay',
      effect: before,
      run: () => {
        sent.push('before')
        return new Promise(() => {})
      },
      verify: () => ({ outcome: 'not-applied' }),
    }
    const first = await mortalEngine([pays(hanging)])
    const { id } = await first.engine.startRun('flow', {})
    await settle()
    await first.die()
    const changed: Effect = { name: 'pay', effect: now, run: () => sent.push('after') }
    if (now === 'verifiable') changed.verify = () => ({ outcome: 'not-applied' })
    const second = await testEngine([pays(changed)], { database: first.database, clock: first.clock })
    await second.engine.start()
    await second.clock.advance(5000)
    expect(sent).toEqual(['before'])
    expect(await rowOf(first.database, id)).toMatchObject({ status: 'waiting' })
    const [question] = await listPending(first.database)
    expect(question).toMatchObject({ kind: 'outcome', subject: 'pay' })
    await second.engine.stop()
  },
)
