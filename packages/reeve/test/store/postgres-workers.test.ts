import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { Engine } from '../../src/engine/engine.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { verifyAudit } from '../../src/store/audit/audit.ts'
import { noLimits, type QueueLimits, saveQueue } from '../../src/store/dispatch/queues/queues.ts'
import { readEvents } from '../../src/store/journal/journal.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { storeNow } from './contract/fixtures.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

let ids = 0

interface Fleet {
  url: string
  /** Starts runs and waits for them, but drives none. */
  client: Engine
  /** An engine on connections of its own. */
  open(workflows: Workflow[], capacity?: number): Promise<Engine>
}

/** Engines on one new database, all stopped in the end. */
async function fleet(
  limits: Record<string, Partial<QueueLimits>>,
  body: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const url = await server.createDatabase()
  const opened: { engine: Engine; database: PostgresDatabase }[] = []
  const open = async (workflows: Workflow[], capacity = 1000) => {
    const database = new PostgresDatabase({ url, clock: systemClock, connections: 4 })
    await migrate(database, () => 'identity')
    const engine = new Engine({
      database,
      clock: database.clock,
      log: silentLog,
      newId: () => `id${ids++}`,
      random: Math.random,
      capacity,
      identity: await identityOf(database),
      onFatal: (error) => {
        throw error
      },
    })
    for (const workflow of workflows) engine.workflows.add(workflow)
    opened.push({ engine, database })
    return engine
  }
  try {
    const client = await open([])
    for (const [name, some] of Object.entries(limits)) {
      await saveQueue(client.database, name, { ...noLimits, ...some })
    }
    await body({ url, client, open })
  } finally {
    for (const { engine, database } of opened) {
      await engine.stop()
      await database.close()
    }
  }
}

const anything = z.unknown()
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Starts `count` runs through `client` and answers their results in order. */
async function startAll(client: Engine, workflow: Workflow, inputs: unknown[]) {
  client.workflows.add(workflow)
  const handles = await Promise.all(inputs.map((input) => client.startRun(workflow, input)))
  const stop = client.database.onOutsideChange(() => {})
  const ends = await Promise.all(handles.map((handle) => resultOf(client, handle.id)))
  stop()
  return { handles, ends }
}

/** Looks until the run has ended: the client has no worker that would tell it. */
async function resultOf(client: Engine, id: string) {
  for (;;) {
    const run = await requireRun(client.database, id)
    if (!['queued', 'running', 'waiting'].includes(run.status)) return run
    await pause(20)
  }
}

test.each([2, 4])('%d workers drive each run once', (count) =>
  fleet({}, async ({ client, open }) => {
    const bodies = new Map<string, number>()
    const drivers = new Set<number>()
    const workflowOf = (worker: number) =>
      defineWorkflow({
        name: 'count',
        input: anything,
        async run(ctx: CoreContext) {
          for (const name of ['first', 'second']) {
            await ctx.step(name, async () => {
              const key = `${ctx.runId}:${name}`
              bodies.set(key, (bodies.get(key) ?? 0) + 1)
              drivers.add(worker)
              await pause(2)
              return worker
            })
          }
        },
      })
    const engines = await Promise.all(
      Array.from({ length: count }, (_, worker) => open([workflowOf(worker)], 10)),
    )
    for (const engine of engines) await engine.start()
    const { ends } = await startAll(client, workflowOf(-1), Array(150).fill({}))
    expect(ends.every((run) => run.status === 'succeeded')).toBe(true)
    expect(bodies.size).toBe(300)
    expect([...bodies.values()].every((times) => times === 1)).toBe(true)
    expect(ends.every((run) => run.epoch === 1 && run.head_seq === 4)).toBe(true)
    expect(drivers.size).toBeGreaterThan(1)
    expect(await verifyAudit(client.database)).toEqual({
      runs: 150,
      events: 600,
      pruned: { runs: 0, events: 0 },
      faults: [],
      integrity: [],
    })
  }),
)

test('concurrency, by queue and by key, holds across workers', () =>
  fleet({ narrow: { concurrency: 4, key_concurrency: 1 } }, async ({ client, open }) => {
    const now = new Map<string, number>()
    let most = 0
    let mostOfKey = 0
    const narrow = defineWorkflow({
      name: 'narrow',
      queue: 'narrow',
      input: z.object({ key: z.string() }),
      key: (input) => input.key,
      async run(ctx: CoreContext, { key }) {
        await ctx.step('alone', async () => {
          now.set(key, (now.get(key) ?? 0) + 1)
          mostOfKey = Math.max(mostOfKey, now.get(key)!)
          most = Math.max(
            most,
            [...now.values()].reduce((sum, count) => sum + count, 0),
          )
          await pause(5)
          now.set(key, now.get(key)! - 1)
        })
      },
    })
    const engines = await Promise.all([0, 1, 2].map(() => open([narrow])))
    for (const engine of engines) await engine.start()
    const inputs = Array.from({ length: 60 }, (_, index) => ({ key: `k${index % 6}` }))
    const { ends } = await startAll(client, narrow, inputs)
    expect(ends.every((run) => run.status === 'succeeded')).toBe(true)
    expect(mostOfKey).toBe(1)
    expect(most).toBeLessThanOrEqual(4)
    expect(most).toBeGreaterThan(1)
  }))

test('a rate holds across workers', () =>
  fleet({ slow: { rate_count: 10, rate_ms: 300 } }, async ({ client, open }) => {
    const begun: number[] = []
    const slow = defineWorkflow({
      name: 'slow',
      queue: 'slow',
      input: anything,
      async run(ctx: CoreContext) {
        await ctx.step('begin', () => {
          begun.push(client.services.clock.now())
        })
      },
    })
    const engines = await Promise.all([0, 1].map(() => open([slow])))
    for (const engine of engines) await engine.start()
    const before = await storeNow(client.database)
    await startAll(client, slow, Array(40).fill({}))
    begun.sort((left, right) => left - right)
    expect(begun).toHaveLength(40)
    // The first window may have been open for long; every later one lasts 300 ms and admits ten.
    for (const [index, earliest] of [
      [20, 300],
      [30, 600],
    ] as const) {
      expect(begun[index]! - before).toBeGreaterThanOrEqual(earliest)
    }
  }))

test('a queued run wakes an idle worker by a notification, long before it would look', () =>
  fleet({}, async ({ client, open }) => {
    const begun = new Map<string, number>()
    const quick = defineWorkflow({
      name: 'quick',
      input: anything,
      async run(ctx: CoreContext) {
        await ctx.step('begin', () => {
          begun.set(ctx.runId, performance.now())
        })
      },
    })
    const worker = await open([quick])
    await worker.start()
    const { changes } = worker.database as PostgresDatabase
    await changes.ready()
    expect(changes.state).toBe('listening')
    client.workflows.add(quick)
    const delays: number[] = []
    for (let index = 0; index < 5; index++) {
      const before = performance.now()
      const { id } = await client.startRun(quick, {})
      await resultOf(client, id)
      delays.push(begun.get(id)! - before)
    }
    // It looks by itself every 2,000 ms.
    expect(delays.sort((left, right) => left - right)[2]).toBeLessThan(500)
  }))

test('a signal from another process reaches the run that a worker parked', () =>
  fleet({}, async ({ client, open }) => {
    const wait = defineWorkflow({
      name: 'wait',
      input: anything,
      run: (ctx: CoreContext) => ctx.waitFor('go'),
    })
    const [first, second] = [await open([wait]), await open([wait])]
    await first.start()
    await second.start()
    client.workflows.add(wait)
    const { id } = await client.startRun(wait, {})
    while ((await requireRun(client.database, id)).status !== 'waiting') await pause(5)
    await client.control.signal(id, 'go', { answer: 42 })
    expect(await resultOf(client, id)).toMatchObject({ status: 'succeeded' })
    const result = await second.resultOf(id)
    expect(result).toEqual({ status: 'succeeded', output: { answer: 42 } })
  }))

interface Child {
  process: ChildProcess
  /** Resolves with the first line for which `found` holds. */
  line(found: (line: string) => boolean, count?: number): Promise<string[]>
}

function startChild(url: string): Child {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('./holding-worker.ts')), url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const waiting: (() => void)[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line)
    for (const check of waiting) check()
  })
  return {
    process: child,
    line: (found, count = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const matching = lines.filter(found)
          if (matching.length >= count) resolve(matching)
        }
        waiting.push(check)
        check()
      }),
  }
}

/** What the holding worker drives, for the worker that takes over: it holds nothing. */
const hold = defineWorkflow({
  name: 'hold',
  input: anything,
  async run(ctx: CoreContext) {
    await ctx.step('begin', () => -1)
    return ctx.step('hold', () => process.pid)
  },
})

test('the runs of a killed worker are taken over within a heartbeat, from where they were', () =>
  fleet({}, async ({ url, client, open }) => {
    const child = startChild(url)
    await child.line((line) => line === 'working')
    client.workflows.add(hold)
    const handles = await Promise.all(Array.from({ length: 20 }, () => client.startRun(hold, {})))
    await child.line((line) => line.startsWith('holding'), 20)
    const heir = await open([hold])
    await heir.start()
    child.process.kill('SIGKILL')
    await once(child.process, 'close')
    const killed = performance.now()
    for (const { id } of handles) {
      const run = await resultOf(client, id)
      expect(run).toMatchObject({ status: 'succeeded', epoch: 2 })
      const steps = (await readEvents(client.database, run.no)).filter(
        (event) => event.type === 'step-completed',
      )
      expect(steps.map((event) => event.payload)).toEqual([String(child.process.pid), String(process.pid)])
    }
    expect(performance.now() - killed).toBeLessThan(5000)
    expect((await verifyAudit(client.database)).faults).toEqual([])
  }))

test('a worker that was stopped past its lease is refused when it comes back', () =>
  fleet({}, async ({ url, client, open }) => {
    const child = startChild(url)
    try {
      await child.line((line) => line === 'working')
      client.workflows.add(hold)
      const { id } = await client.startRun(hold, {})
      await child.line((line) => line.startsWith('holding'))
      child.process.kill('SIGSTOP')
      await client.database.run('update workers set heartbeat_at = heartbeat_at - 60000')
      const heir = await open([hold])
      await heir.start()
      const run = await resultOf(client, id)
      expect(run).toMatchObject({ status: 'succeeded', epoch: 2 })
      const before = await readEvents(client.database, run.no)
      child.process.kill('SIGCONT')
      child.process.stdin!.write('go\n')
      expect(await child.line((line) => line.startsWith('ended'))).toEqual([`ended ${id} lost`])
      expect(await readEvents(client.database, run.no)).toEqual(before)
      expect(await requireRun(client.database, id)).toEqual(run)
    } finally {
      child.process.kill('SIGKILL')
      await once(child.process, 'close')
    }
  }))

test('timers follow the clock of the database, not that of the worker', () =>
  fleet({}, async ({ client, open }) => {
    const due: number[] = []
    const nap = defineWorkflow({
      name: 'nap',
      input: z.object({ ms: z.number() }),
      async run(ctx: CoreContext, { ms }) {
        const began = ctx.now().getTime()
        await ctx.sleep(ms)
        due.push(ctx.now().getTime() - began - ms)
      },
    })
    const worker = await open([nap])
    await worker.start()
    // 30 ms lingers in memory; 1,500 ms is parked and woken by the claim.
    const { ends } = await startAll(client, nap, [{ ms: 30 }, { ms: 1500 }])
    for (const run of ends) {
      const events = await readEvents(client.database, run.no)
      const set = events.find((event) => event.type === 'timer-set')!
      const fired = events.find((event) => event.type === 'timer-fired')!
      expect(fired.at).toBeGreaterThanOrEqual((JSON.parse(set.payload!) as { dueAt: number }).dueAt)
    }
    expect(due.every((late) => late >= 0)).toBe(true)
    const known = client.services.clock.now()
    expect(await storeNow(client.database)).toBeGreaterThanOrEqual(known)
  }))
