import { expect, test, vi } from 'vitest'
import { retentionWords } from '../../src/project/config.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { startServer } from './server-harness.ts'

test('workflows come with JSON Schema of what they take and give', async () => {
  const reeve = await (await startServer()).as('viewer')
  const greet = await reeve.workflows.one({ params: { workflow: 'greet' } })
  expect(greet).toMatchObject({
    version: '1',
    limits: { steps: 1000, timeMs: null, costUsd: null },
    input: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    output: { type: 'string' },
  })
  const { items } = await reeve.workflows.list()
  expect(items.map(({ name }) => name)).toEqual(['await-go', 'decide', 'fail', 'greet', 'reply'])
})

test('a queue that is paused lets nothing begin until it goes on', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'greet', input: { name: 'x' } } })
  const params = { queue: 'default' }
  expect(await reeve.queues.pause({ params })).toMatchObject({ name: 'default', paused: true })
  const held = await reeve.runs.start({ body: { workflow: 'greet', input: { name: 'held' } } })
  await vi.waitFor(async () => {
    const [queue] = (await reeve.queues.list()).items
    expect(queue).toMatchObject({ ready: 1, running: 0, readySince: expect.any(String) })
  })
  expect(await reeve.queues.resume({ params })).toMatchObject({ paused: false })
  expect(await server.runtime.result(held.id)).toMatchObject({ status: 'succeeded' })
  await expect(reeve.queues.pause({ params: { queue: 'none' } })).rejects.toMatchObject({
    code: 'unknown-queue',
    status: 404,
  })
})

test('everything is paused by one switch, with who and why; what was paused before stays so', async () => {
  const server = await startServer({ config: { queues: { slow: {}, other: {} } } })
  const reeve = await server.as('operator')
  await reeve.queues.pause({ params: { queue: 'slow' } })
  const { principal } = await reeve.session()
  const paused = { by: principal, why: 'a fire', at: expect.any(String) }
  const { queues, ...set } = await reeve.pause.set({ body: { why: 'a fire' } })
  expect({ ...set, queues: queues?.toSorted() }).toEqual({ paused, queues: ['default', 'other'] })
  expect(await (await server.as('operator')).pause.set({ body: { why: 'later' } })).toEqual({
    paused,
    queues: [],
  })
  const held = await reeve.runs.start({
    body: { workflow: 'greet', input: { name: 'x' }, queue: 'brand-new' },
  })
  const states = async () => (await reeve.queues.list()).items.map((queue) => [queue.name, queue.paused])
  await vi.waitFor(async () => {
    expect(await states()).toEqual(['brand-new', 'default', 'other', 'slow'].map((name) => [name, true]))
  })
  expect((await reeve.today.one()).health.state).toBe('paused')
  expect(await reeve.runs.one({ params: { run: held.id } })).toMatchObject({ status: 'queued' })
  const { queues: gone, ...ended } = await reeve.pause.end()
  expect({ ...ended, queues: gone?.toSorted() }).toEqual({
    paused: null,
    queues: ['brand-new', 'default', 'other'],
  })
  expect(await states()).toEqual([
    ['brand-new', false],
    ['default', false],
    ['other', false],
    ['slow', true],
  ])
  expect(await server.runtime.result(held.id)).toMatchObject({ status: 'succeeded' })
})

test('where everything is kept is told to operators, with how long', async () => {
  const retention = { succeeded: '30d', ledger: '1w', secret: '2d' } as const
  const server = await startServer({ config: { retention } })
  const reeve = await server.as('operator')
  await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'greet', input: { name: 'x' } } })
  const told = await reeve.storage.one()
  expect(told).toMatchObject({
    kind: 'sqlite',
    runs: 1,
    items: 0,
  })
  expect(told.retention).toEqual({
    ...Object.fromEntries(Object.keys(retentionWords).map((key) => [key, null])),
    succeeded: '30 d',
    chapters: '30 d',
    ledger: '7 d',
    secret: '2 d',
    occurrences: '30 d',
    deliveries: '30 d',
  })
  await expect((await server.as('approver')).storage.one()).rejects.toMatchObject({ code: 'role-too-low' })
})

test('budgets are listed and set by an owner alone', async () => {
  const server = await startServer({ config: { budgets: { project: '$20' } } })
  const owner = await server.as('owner')
  expect((await owner.budgets.list()).items).toContainEqual({
    scope: 'project',
    ceilingUsd: 20,
    spentUsd: 0,
    reservedUsd: 0,
  })
  const set = { params: { scope: 'project' }, body: { ceilingUsd: 5 } }
  expect(await owner.budgets.set(set)).toMatchObject({ ceilingUsd: 5 })
  await expect((await server.as('operator')).budgets.set(set)).rejects.toMatchObject({
    code: 'role-too-low',
    status: 403,
  })
})

test('what is known is found, amended and rolled back over the API, by who may', async () => {
  const server = await startServer()
  const { memory, knowledge } = internalsOf(server.runtime)
  await knowledge.add(
    [{ id: 'fees', scope: 'policy', title: 'Fees', text: 'A card costs 5 euros.', source: 'fees.md' }],
    { place: 'test' },
  )
  const viewer = await server.as('viewer')
  const operator = await server.as('operator')
  const found = await viewer.memory.search({ query: { text: 'what does a card cost' } })
  expect(found.items).toMatchObject([{ id: 'fees#0', version: 1, untrusted: false, source: 'fees.md' }])
  const params = { item: 'fees#0' }
  const amended = { params, body: { text: 'A card costs 7 euros.', why: 'new prices', version: 1 } }
  await expect(viewer.memory.amend(amended)).rejects.toMatchObject({ code: 'role-too-low' })
  expect(await operator.memory.amend(amended)).toMatchObject({ version: 2, text: 'A card costs 7 euros.' })
  await expect(operator.memory.amend(amended)).rejects.toMatchObject({ code: 'memory-changed', status: 409 })
  expect((await viewer.memory.history({ params })).items).toMatchObject([
    { version: 1, endedAs: 'amended', endedWhy: 'new prices' },
    { version: 2, endedAs: null },
  ])
  expect(await operator.memory.preview({ query: { item: 'fees#0' } })).toEqual({
    count: 1,
    ids: ['fees#0'],
    approvals: [],
  })
  await operator.memory.rollback({ body: { of: { item: 'fees#0' }, why: 'a mistake' } })
  expect((await memory.recall('card')).passages[0]!.text).toBe('A card costs 5 euros.')
  const [newest] = (await viewer.memory.newest({ query: { in: 'policy', kind: 'passage' } })).items
  expect(newest).toMatchObject({ id: 'fees#0', text: 'A card costs 5 euros.' })
  expect((await viewer.memory.newest({ query: { in: 'pol' } })).items).toEqual([])
  await operator.memory.retract({ params, body: { why: 'no cards any more' } })
  expect((await viewer.memory.search({ query: { text: 'card' } })).items).toEqual([])
  await expect(viewer.memory.history({ params: { item: 'none' } })).rejects.toMatchObject({ status: 404 })
  const away = { params, body: { why: 'a number of a card' } }
  await expect(operator.memory.redact(away)).rejects.toMatchObject({ code: 'role-too-low' })
  expect(await (await server.as('owner')).memory.redact(away)).toMatchObject({
    endedAs: 'redacted',
    text: '',
  })
  await expect(operator.memory.rollback({ body: { of: {}, why: 'nothing named' } })).rejects.toMatchObject({
    status: 422,
  })
})

test('schedules, costs, models and workers are told', async () => {
  const server = await startServer({
    config: { schedules: { nightly: { workflow: 'await-go', cron: '0 7 * * 1', input: null } } },
  })
  const reeve = await server.as('viewer')
  const { items } = await reeve.schedules.list()
  expect(items).toMatchObject([
    { name: 'nightly', workflow: 'await-go', nextAt: expect.any(String), last: null },
  ])
  expect(await reeve.costs.list({ query: { by: 'day', since: '7d' } })).toMatchObject({
    items: [],
    total: 0,
    sum: { calls: 0, costUsd: 0 },
  })
  expect(await reeve.models.list()).toEqual({ items: [] })
  const workers = await reeve.workers.list()
  expect(workers.items).toMatchObject([{ isHere: true, pid: process.pid }])
})

test('today says in one answer whether it is well, what waits, and what failed', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  expect((await reeve.today.one()).health).toMatchObject({
    sentence: expect.stringContaining('Nothing waits'),
  })
  const wait = { wait: '20s' }
  const asked = await reeve.runs.start({ query: wait, body: { workflow: 'decide', input: { what: 'x' } } })
  const failed = await reeve.runs.start({ query: wait, body: { workflow: 'fail' } })
  const today = await reeve.today.one()
  expect(today).toMatchObject({
    health: { state: 'well', sentence: 'All is well. One thing waits for you.' },
    waiting: { counts: { approval: 1, total: 1 }, oldest: [{ runId: asked.id, kind: 'approval' }] },
    failures: { count: 1, groups: [{ reason: expect.stringContaining('it broke'), runs: [failed.id] }] },
    workers: 1,
  })
  const { items, next } = await reeve.waiting.list()
  expect({ items, next }).toEqual({ items: today.waiting.oldest, next: null })
  expect(await reeve.waiting.count()).toEqual(today.waiting.counts)
})

test('a bulk action takes the filter of a list, is followed by its handle, and leaves what comes later', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  const before = []
  for (let count = 0; count < 120; count++) before.push((await server.runtime.startRun('await-go', null)).id)
  const other = await reeve.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'decide', input: { what: 'x' } },
  })
  const request = {
    body: { action: 'cancel', filter: { workflow: 'await-go' } },
    idempotencyKey: 'all',
  } as const
  const { filter } = request.body
  expect(await reeve.bulk.count({ query: filter })).toEqual({ total: 120, isMore: false })
  const handle = await reeve.bulk.start(request)
  expect((await reeve.bulk.start(request)).id).toBe(handle.id)
  await vi.waitFor(async () => {
    const now = await reeve.bulk.one({ params: { bulk: handle.id } })
    expect(now).toMatchObject({ status: 'done', done: 120, refused: 0 })
  }, 30_000)
  for (const id of before.slice(0, 3))
    expect(await server.runtime.result(id)).toMatchObject({ status: 'cancelled' })
  expect(await reeve.runs.one({ params: { run: other.id } })).toMatchObject({ status: 'waiting' })
  expect((await reeve.bulk.list()).items).toHaveLength(1)
})

test('a bulk action on all runs must be asked for as such, and is on none by a name', async () => {
  const reeve = await (await startServer()).as('operator')
  const start = (filter: object) => reeve.bulk.start({ body: { action: 'cancel', filter } })
  for (const filter of [{}, { text: '' }])
    await expect(start(filter)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('all: true'),
    })
  await expect(start({ named: 'mail-17' })).rejects.toMatchObject({
    code: 'invalid-input',
    message: expect.stringContaining('named'),
  })
  expect((await reeve.bulk.list()).items).toEqual([])
})

test('a bulk action on thousands of runs is stopped on its way, and what it did stays done', async () => {
  const server = await startServer({ isIdle: true })
  const reeve = await server.as('operator')
  const all = 2000
  await Promise.all(Array.from({ length: all }, () => server.runtime.startRun('await-go', null)))
  const cancelAll = { body: { action: 'cancel', filter: { workflow: 'await-go' } } } as const
  const { id: bulk, status } = await reeve.bulk.start(cancelAll)
  expect(status).toBe('running')
  await vi.waitFor(async () => {
    expect((await reeve.bulk.one({ params: { bulk } })).done).toBeGreaterThan(0)
  }, 30_000)
  await reeve.bulk.stop({ params: { bulk } })
  // The slice that was under way ends, and is counted; nothing comes after it.
  await server.close()
  const again = await startServer({ database: server.runtime.environment.database, isIdle: true })
  const operator = await again.as('operator')
  const { done } = await operator.bulk.one({ params: { bulk } })
  expect(await operator.bulk.one({ params: { bulk } })).toMatchObject({ status: 'stopped', refused: 0 })
  const { total: cancelled } = await operator.bulk.count({ query: { status: 'cancelled' } })
  expect(cancelled).toBe(done)
  expect(cancelled).toBeLessThan(all)
  const rest = await operator.bulk.start(cancelAll)
  await vi.waitFor(async () => {
    const now = await operator.bulk.one({ params: { bulk: rest.id } })
    expect(now).toMatchObject({ status: 'done', done: all - cancelled, refused: cancelled })
  }, 60_000)
}, 120_000)

test('a small bulk action ends beside a large one; what must not overtake it waits', async () => {
  const server = await startServer({ isIdle: true })
  const reeve = await server.as('operator')
  await Promise.all(Array.from({ length: 600 }, () => server.runtime.startRun('await-go', null)))
  await Promise.all(Array.from({ length: 10 }, () => server.runtime.startRun('decide', { what: 'x' })))
  const start = async (action: 'cancel' | 'pause' | 'resume', workflow: string) =>
    (await reeve.bulk.start({ body: { action, filter: { workflow } } })).id
  const ended = (bulk: string) =>
    vi.waitFor(async () => {
      const now = await reeve.bulk.one({ params: { bulk } })
      expect(now.status).toBe('done')
      return now
    }, 60_000)
  const large = await start('pause', 'await-go')
  const opposed = await start('resume', 'await-go')
  const small = await start('cancel', 'decide')
  expect(await ended(small)).toMatchObject({ done: 10, refused: 0 })
  const [its, other] = await Promise.all([large, opposed].map((bulk) => reeve.bulk.one({ params: { bulk } })))
  expect(its).toMatchObject({ status: 'running' })
  expect(its!.done).toBeLessThan(600)
  expect(other).toMatchObject({ status: 'running', done: 0, refused: 0 })
  expect(await ended(opposed)).toMatchObject({ done: 600, refused: 0 })
  expect(await ended(large)).toMatchObject({ done: 600, refused: 0 })
  const paused = 'select count(*) as count from runs where paused = 1'
  expect(await server.internals.database.get(paused)).toEqual({ count: 0 })
}, 120_000)

test('a bulk action that a process left goes on in the next one', async () => {
  const first = await startServer()
  const { database } = first.runtime.environment
  const ids: string[] = []
  for (let count = 0; count < 60; count++) ids.push((await first.runtime.startRun('await-go', null)).id)
  await vi.waitFor(async () => expect(await first.runtime.isQuiet()).toBe(true), 20_000)
  await first.close()
  const idle = await startServer({ database, isIdle: true })
  const { database: open, clock } = idle.internals
  await open.run(
    `insert into bulk_actions (id, action, filter, created_by, status, created_at, moved_at)
     values ('left', 'cancel', '{"workflow":"await-go"}', 'ada', 'running', ?, 0)`,
    [clock.now()],
  )
  // What it did before it was cut off, and did not come to write down, counts as done.
  for (const id of ids.slice(-3)) await idle.runtime.cancel(id, { by: 'ada' })
  await idle.close()
  const second = await startServer({ database })
  const reeve = await second.as('viewer')
  await vi.waitFor(async () => {
    expect(await reeve.bulk.one({ params: { bulk: 'left' } })).toMatchObject({
      status: 'done',
      done: 60,
      refused: 0,
    })
  }, 30_000)
})

test('whoever keeps the process up hears that it answers and works, and Prometheus reads what it counts', async () => {
  const server = await startServer()
  expect(await (await fetch(`${server.url}/healthz`)).text()).toBe('ok\n')
  await vi.waitFor(async () => expect((await fetch(`${server.url}/readyz`)).status).toBe(200))
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401)
  const authorization = `Bearer ${await server.tokenOf('viewer')}`
  const text = await (await fetch(`${server.url}/metrics`, { headers: { authorization } })).text()
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"\n]*"\})? [\d.e+-]+)$/)
  expect(text).toContain('reeve_workers 1')
})

test('a server whose worker does not beat is not ready', async () => {
  const server = await startServer({ isIdle: true })
  const response = await fetch(`${server.url}/readyz`)
  expect([response.status, await response.text()]).toEqual([503, 'the worker is not signed on\n'])
})
