import { expect } from 'vitest'
import { z } from 'zod'
import { effect } from '../../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { GivenOverride } from '../../../src/engine/overriding/request-override.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { listActs } from '../../../src/inspect/authority/act-list.ts'
import type { Database } from '../../../src/store/database.ts'
import { definitionOf } from '../../../src/store/journal/events.ts'
import { verifyChain } from '../../../src/store/journal/journal.ts'
import { headOf } from '../../../src/store/runs/runs.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { eventsOf, rowOf } from '../../engine/harness.ts'

const acting = { by: 'ada', proof: 'session', at: 1_700_000_000_000 } as const

/** What happens outside, which no death takes back. */
export interface Outside {
  note(line: string): void
  /** A body that acts goes on from here. */
  isReleased: boolean
}

export interface Scene {
  what: string
  /** The call that is overridden: the first of its run. */
  call(ctx: CoreContext, outside: Outside): Promise<unknown>
  given: GivenOverride
  /** What the call comes to by the override. */
  overridden: object
  /** What it may come to by itself. */
  own?: object
}

const long = { delay: '30d', maxDelay: '30d' } as const
const reason = 'looked it up by hand'

/** Which call is overridden, in which state. */
export const scenes: readonly Scene[] = [
  {
    what: 'a timer that waits',
    call: (ctx) => ctx.sleep('30d'),
    given: { how: 'skip-wait', reason },
    overridden: { value: null },
  },
  {
    what: 'a signal that is awaited',
    call: (ctx) => ctx.waitFor('go'),
    given: { how: 'result', result: 'given', reason },
    overridden: { value: 'given' },
  },
  {
    what: 'a step that waits for its next attempt',
    call: (ctx) =>
      ctx.step(
        'fetch',
        () => {
          throw new Error('down')
        },
        { retry: long },
      ),
    given: { how: 'result', result: 'given', reason },
    overridden: { value: 'given' },
  },
  {
    what: 'an effect that waits for its next attempt',
    call: (ctx) =>
      effect(
        CoreContext.callSiteOf(ctx),
        {
          name: 'pay',
          effect: 'idempotent',
          retry: long,
          run: () => {
            throw Object.assign(new Error('down'), { retryable: true })
          },
        },
        { amount: 5 },
      ),
    given: { how: 'error', error: 'it is not coming', reason },
    overridden: { code: 'overridden' },
  },
  {
    what: 'a step that acts, and comes to its end at the same moment',
    call: (ctx, outside) =>
      ctx.step('act', async () => {
        while (!outside.isReleased) await settle()
        return 'own'
      }),
    given: { how: 'result', result: 'given', reason },
    overridden: { value: 'given' },
    own: { value: 'own' },
  },
]

export function flowOf(scene: Scene, outside: Outside): Workflow {
  return defineWorkflow({
    name: 'killed',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      const got = await scene.call(ctx, outside).then(
        (value) => ({ value: value ?? null }),
        ({ code }: { code: string }) => ({ code }),
      )
      await ctx.step('tell', () => outside.note(JSON.stringify(got)))
      return got
    },
  })
}

/** A run whose call is as the scene has it. */
export async function begin(engine: Engine, database: Database, scene: Scene): Promise<string> {
  const { id } = await engine.startRun('killed', {})
  const wanted = scene.own ? 'running' : 'waiting'
  while ((await rowOf(database, id)).status !== wanted) await settle()
  return id
}

export function override(engine: Engine, run: string, scene: Scene, outside: Outside): Promise<unknown> {
  outside.isReleased = true
  return engine.control.override(run, 1, scene.given, acting)
}

/**
 * Another worker goes on where one was killed; a person whose override was not taken says it again. It counts, or it came too late:
 * never both, and never is nothing said of it.
 */
export async function goOn(
  engine: Engine,
  database: Database,
  { run, scene, outside, lines }: { run: string; scene: Scene; outside: Outside; lines: () => string[] },
): Promise<'overridden' | 'own'> {
  outside.isReleased = true
  await engine.start()
  const given = () => listActs(database, { type: 'run-overridden', limit: 10 })
  if ((await given()).length === 0 && !scene.own) await override(engine, run, scene, outside)
  const result = await engine.resultOf(run)
  await engine.stop()
  const acts = await given()
  const events = await eventsOf(database, run)
  const overridden = events.filter(({ type }) => type === 'call-overridden')
  const refused = events.filter(({ type }) => type === 'override-refused')
  const settled = events.filter(({ type, step }) => step === 1 && definitionOf(type)?.role === 'settlement')
  const isOverridden = overridden.length > 0
  const output = isOverridden ? scene.overridden : scene.own
  expect({
    settlements: settled.length,
    said: overridden.length + refused.length,
    result,
    told: [...new Set(lines())],
  }).toEqual({
    settlements: 1,
    said: acts.length,
    result: { status: 'succeeded', output },
    told: [JSON.stringify(output)],
  })
  expect(verifyChain(run, events, headOf(await rowOf(database, run)))).toBeUndefined()
  return isOverridden ? 'overridden' : 'own'
}
