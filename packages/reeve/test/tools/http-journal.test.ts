import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/context.ts'
import type { RunHandle } from '../../src/engine/results.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import { type HttpToolInput, httpTool } from '../../src/tools/http/http.ts'
import { agentBench } from '../agents/agent-harness.ts'
import { LoopbackServer } from './loopback-server.ts'

let server: LoopbackServer
let refusals: { status: number; retryAfter: string }[]

beforeEach(async () => {
  refusals = []
  server = await LoopbackServer.start((_request, response) => {
    const refusal = refusals.shift()
    if (refusal) response.writeHead(refusal.status, { 'retry-after': refusal.retryAfter }).end()
    else response.setHeader('content-type', 'application/json').end('{"ok":true}')
  })
})

afterEach(() => server.close())

/** A workflow that makes these calls with one tool that may read and write. */
function calls(...given: Omit<HttpToolInput, 'url'>[]) {
  const api = httpTool({
    name: 'api.call',
    allow: [],
    allowPrivate: [server.host],
    methods: ['GET', 'PUT', 'POST'],
    approval: 'never',
  })
  return workflow({
    name: 'calls',
    input: z.object({}),
    async run(ctx) {
      for (const each of given) await ctx.call(api, { url: `http://${server.host}/`, ...each })
    },
  })
}

/** Lets real answers come while the engine's clock stands still, until `done`. */
async function until(done: () => Promise<boolean> | boolean): Promise<void> {
  await expect.poll(done, { interval: 2 }).toBe(true)
}

async function endOf(handle: RunHandle<unknown>, clock: FakeClock): Promise<unknown> {
  let result: unknown
  void handle.result().then((value) => {
    result = value
  })
  await until(async () => {
    await clock.advance(1)
    return result !== undefined
  })
  return result
}

test('the journal has each call by its own class: a GET is a read, a POST never', async () => {
  const flow = calls({ method: 'GET' }, { method: 'PUT', body: 1 }, { method: 'POST', body: 2 })
  const { engine, clock, events } = await agentBench([flow], {})
  const handle = await engine.startRun(flow, {})
  expect(await endOf(handle, clock)).toMatchObject({ status: 'succeeded' })
  const told = (await events(handle.id)).filter(({ type }) => type.startsWith('effect-'))
  const classOf = (payload: string | null) => (JSON.parse(payload!) as { class?: string }).class
  expect(told.map(({ type, step, payload }) => `${step} ${type} ${classOf(payload) ?? ''}`.trim())).toEqual([
    '1 effect-completed',
    '2 effect-intended idempotent',
    '2 effect-completed',
    '3 effect-intended once',
    '3 effect-completed',
  ])
  await engine.stop()
})

test.each(['GET', 'PUT'] as const)(
  'a %s that is told to come back later does, and not before',
  async (method) => {
    refusals = [
      { status: 503, retryAfter: '7200' },
      { status: 429, retryAfter: '90' },
    ]
    const flow = calls({ method, ...(method === 'PUT' && { body: 1 }) })
    const { engine, clock, events } = await agentBench([flow], {})
    const handle = await engine.startRun(flow, {})
    const waits = async () => (await events(handle.id)).filter(({ type }) => type === 'effect-retrying')
    await until(async () => (await waits()).length === 1)
    // Two hours are more than a receiver may ask for.
    await clock.advance(3_600_000 - 1)
    expect(server.received).toHaveLength(1)
    await clock.advance(1)
    await until(async () => (await waits()).length === 2)
    expect(server.received).toHaveLength(2)
    const dues = (await waits()).map(
      ({ at, payload }) => (JSON.parse(payload!) as { dueAt: number }).dueAt - at,
    )
    expect(dues).toEqual([3_600_000, 90_000])
    await clock.advance(90_000)
    expect(await endOf(handle, clock)).toMatchObject({ status: 'succeeded' })
    expect(server.received).toHaveLength(3)
    await engine.stop()
  },
)
