import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createClient, type JournalEvent } from '../../src/client/index.ts'
import { runsNamed } from '../../src/store/runs/run-lists.ts'
import { startPostgres, type TestServer } from '../store/postgres.ts'
import { askedOf, startServer } from './server-harness.ts'

let postgres: TestServer

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(() => postgres.stop())

const database = async () => ({ kind: 'postgres', url: await postgres.createSchema() }) as const

test('on Postgres a run is started, decided, told and looked at, once under each key', async () => {
  const server = await startServer({ database: await database() })
  const reeve = await server.as('owner')
  const start = {
    body: { workflow: 'decide', input: { what: 'x' } },
    query: { wait: '20s' },
    idempotencyKey: 's',
  }
  const [run, same] = await Promise.all([reeve.runs.start(start), reeve.runs.start(start)])
  expect(same.id).toBe(run.id)
  const listed = await reeve.runs.list({ query: { named: 's' } })
  expect(listed.items).toMatchObject([{ id: run.id, key: 's' }])
  expect(await runsNamed(server.internals.database, 's', 5)).toMatchObject([{ id: run.id }])
  const { approval, hash } = await askedOf(reeve)
  const decision = { params: { approval }, body: { verdict: 'approve', hash }, idempotencyKey: 'd' } as const
  const decided = await Promise.all([reeve.approvals.decide(decision), reeve.approvals.decide(decision)])
  expect(decided[0].decided).toEqual(decided[1].decided)
  expect(await server.runtime.result(run.id)).toMatchObject({ status: 'succeeded' })
  const fork = { params: { run: run.id }, body: { from: 1 }, idempotencyKey: 'f' }
  const forks = await Promise.all([1, 2, 3].map(() => reeve.runs.fork(fork)))
  expect(new Set(forks.map(({ id }) => id)).size).toBe(1)
  expect((await reeve.today.one()).workers).toBe(1)
  for (const list of [
    reeve.queues,
    reeve.schedules,
    reeve.budgets,
    reeve.costs,
    reeve.workers,
    reeve.tokens,
    reeve.principals,
  ])
    expect(Array.isArray((await list.list()).items)).toBe(true)
  const storage = await reeve.storage.one()
  expect(storage).toMatchObject({ kind: 'postgres', place: expect.stringMatching(/^postgres:\/\/\w+@/) })
  expect(storage.bytes).toBeGreaterThan(1_000_000)
})

test('on Postgres what appears late among the events is heard, also by who comes back with a cursor', async () => {
  const at = await database()
  const first = await startServer({ database: at })
  const token = await first.tokenOf('operator')
  const reeve = createClient({ url: first.url, token })
  const follow = async (client: typeof reeve, wanted: number, after?: string) => {
    const heard: JournalEvent[] = []
    const stop = new AbortController()
    const connected = Promise.withResolvers<void>()
    let cursor = after ?? ''
    const onCursor = (its: string) => {
      cursor = its
      connected.resolve()
    }
    const done = client.follow({ signal: stop.signal, onCursor, ...(after ? { after } : {}) }, (event) => {
      heard.push(event)
      if (new Set(heard.map(({ id }) => id)).size === wanted) stop.abort()
    })
    await connected.promise
    return { heard, done, cursor: () => cursor }
  }
  const watching = await follow(reeve, 90)
  for (let count = 0; count < 30; count++) void first.runtime.startRun('greet', { name: 'x' })
  await watching.done
  await first.runtime.startRun('greet', { name: 'between' }).then((run) => run.result())
  await first.close()
  const second = await startServer({ database: at })
  const back = await follow(createClient({ url: second.url, token }), 3, watching.cursor())
  await back.done
  expect(new Set(back.heard.map(({ runId: run }) => run)).size).toBe(1)
})

test('on Postgres a bulk action goes through all of them, whichever process carries it out', async () => {
  const at = await database()
  const [one, two] = [await startServer({ database: at }), await startServer({ database: at })]
  const reeve = await one.as('operator')
  for (let count = 0; count < 70; count++) await one.runtime.startRun('await-go', null)
  const handle = await reeve.bulk.start({ body: { action: 'cancel', filter: { workflow: 'await-go' } } })
  await vi.waitFor(async () => {
    expect(await reeve.bulk.one({ params: { bulk: handle.id } })).toMatchObject({ status: 'done' })
  }, 40_000)
  const { items } = await reeve.runs.list({ query: { status: 'cancelled', limit: 100 } })
  expect(items).toHaveLength(70)
  await two.close()
})
