import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/time/time.ts'
import type { Database } from '../../src/store/database.ts'
import { GroupCommit, type RunCommit } from '../../src/store/journal/group-commit.ts'
import { eventValues, insertEvents, readEvents } from '../../src/store/journal/journal.ts'
import { migrate } from '../../src/store/migrations.ts'
import { CommitUnknown } from '../../src/store/postgres/errors.ts'
import { PostgresDatabase } from '../../src/store/postgres/postgres.ts'
import { heldClaims, releaseRow } from '../../src/store/runs/changes/releases.ts'
import { insertRuns, newRunValues } from '../../src/store/runs/changes/starts.ts'
import { addRunning, chainOf, newRun, releaseOf, rowOf, sourceOf } from './contract/fixtures.ts'
import { startPostgres, type TestServer } from './postgres.ts'
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

interface Setting {
  /** The way to the same schema that no fault is on. */
  url: string
  proxy: TcpProxy
  database: Database
  commits: GroupCommit
  troubles: unknown[]
}

/** A group commit over a connection that can be cut. */
async function throughProxy(body: (setting: Setting) => Promise<void>): Promise<void> {
  const url = await server.createSchema()
  const proxy = await tcpProxy(url)
  const database = new PostgresDatabase({ url: proxy.url, clock: systemClock })
  const troubles: unknown[] = []
  try {
    await migrate(database, () => 'identity')
    const commits = new GroupCommit({
      database,
      clock: { now: () => Date.now(), after: (_ms, callback) => systemClock.after(0, callback) },
      onFatal: (error) => troubles.push({ fatal: error }),
      onTrouble: (error) => troubles.push(database.classify(error)),
    })
    await body({ url, proxy, database, commits, troubles })
  } finally {
    await database.close()
    await proxy.close()
  }
}

test('a commit whose answer is lost is found on disk and counts as durable, once', () =>
  throughProxy(async ({ proxy, database, commits, troubles }) => {
    await addRunning(database, 1)
    const chain = chainOf(1)
    const source = sourceOf({ run: 1, epoch: 1, events: [chain('run-started'), chain('step-completed')] })
    proxy.loseAnswerTo('commit')
    commits.submit(source)
    expect(await source.outcome).toBe('durable')
    expect(proxy.struck).toBe(1)
    expect(troubles).toEqual(['unknown'])
    expect(await readEvents(database, 1)).toHaveLength(2)
    const next = sourceOf({ run: 1, epoch: 1, events: [chain('run-succeeded')] })
    commits.submit(next)
    expect(await next.outcome).toBe('durable')
  }))

test('a commit that never reached the server is written again', () =>
  throughProxy(async ({ proxy, database, commits, troubles }) => {
    await addRunning(database, 1)
    const source = sourceOf({ run: 1, epoch: 1, events: [chainOf(1)('run-started')] })
    proxy.loseQuestion('commit')
    commits.submit(source)
    expect(await source.outcome).toBe('durable')
    expect(proxy.struck).toBe(1)
    expect(troubles).toEqual(['unknown'])
    expect(await readEvents(database, 1)).toHaveLength(1)
  }))

test.each(['loseAnswerTo', 'loseQuestion'] as const)(
  'births, with and without a key, a release and a lost claim are told apart after %s',
  (fault) =>
    throughProxy(async ({ proxy, database, commits }) => {
      await addRunning(database, 1)
      await addRunning(database, 2, { epoch: 9 })
      await addRunning(database, 3)
      await addRunning(database, 4)
      await addRunning(database, 5, { idempotency: 'taken' })
      const sources = [
        sourceOf({ run: 1, epoch: 1, events: [chainOf(1)('step-completed')] }),
        sourceOf({ run: 2, epoch: 1, events: [chainOf(2)('step-completed')] }),
        sourceOf({
          run: 3,
          epoch: 1,
          events: [chainOf(3)('run-succeeded')],
          release: releaseRow(releaseOf(3, { status: 'succeeded' })),
        }),
        sourceOf({ run: 4, epoch: 1, events: [], release: releaseRow(releaseOf(4)) }),
        sourceOf({ run: 6, epoch: 1, start: newRun(6, claimed), events: [chainOf(6)('run-started')] }),
        sourceOf({
          run: 7,
          epoch: 1,
          start: newRun(7, { ...claimed, idempotency: 'free' }),
          events: [chainOf(7)('run-started')],
        }),
        sourceOf({
          run: 8,
          epoch: 1,
          start: newRun(8, { ...claimed, idempotency: 'taken' }),
          events: [chainOf(8)('run-started')],
        }),
      ]
      proxy[fault]('commit')
      for (const source of sources) commits.submit(source)
      expect(await Promise.all(sources.map((source) => source.outcome))).toEqual([
        'durable',
        'lost',
        'durable',
        'durable',
        'durable',
        'durable',
        'exists',
      ])
      expect(proxy.struck).toBe(1)
      expect(await rowOf(database, 3)).toMatchObject({ status: 'succeeded', worker: null })
      expect(await rowOf(database, 4)).toMatchObject({ status: 'waiting', worker: null })
      for (const [no, events] of [
        [1, 1],
        [2, 0],
        [3, 1],
        [6, 1],
        [7, 1],
        [8, 0],
      ] as const) {
        expect(await readEvents(database, no)).toHaveLength(events)
      }
    }),
)

test('a connection lost before the commit is tried again without doubt', () =>
  throughProxy(async ({ proxy, database, commits, troubles }) => {
    await addRunning(database, 1)
    const source = sourceOf({ run: 1, epoch: 1, events: [chainOf(1)('run-started')] })
    proxy.loseQuestion('insert into events')
    commits.submit(source)
    expect(await source.outcome).toBe('durable')
    expect(troubles).toEqual(['retry'])
  }))

test('a commit of doubtful fate is lost when another worker has the run by now, even if it is on disk', () =>
  throughProxy(async ({ url, proxy, database, commits }) => {
    for (const no of [1, 2, 3]) await addRunning(database, no)
    const chain = chainOf(3)
    const sources = [
      sourceOf({ run: 1, epoch: 1, events: [chainOf(1)('effect-intended')] }),
      sourceOf({
        run: 2,
        epoch: 1,
        events: [chainOf(2)('run-succeeded')],
        release: releaseRow(releaseOf(2, { status: 'succeeded' })),
      }),
      sourceOf({ run: 3, epoch: 1, events: [chain('step-completed')] }),
      sourceOf({ run: 4, epoch: 1, start: newRun(4, claimed), events: [chainOf(4)('run-started')] }),
    ]
    const direct = new PostgresDatabase({ url, clock: systemClock })
    const unreachable = Promise.withResolvers<void>()
    proxy.loseAnswerTo('commit', {
      onStruck() {
        proxy.refuse()
        unreachable.resolve()
      },
    })
    for (const source of sources) commits.submit(source)
    await unreachable.promise
    await direct.run(`update runs set epoch = 2, worker = 'heir' where no in (1, 4)`)
    proxy.heal()
    expect(await Promise.all(sources.map((source) => source.outcome))).toEqual([
      'lost',
      'durable',
      'durable',
      'lost',
    ])
    expect(await readEvents(direct, 1)).toHaveLength(1)
    await direct.close()
  }))

test('a commit whose transaction the server ended for its silence is tried again', () =>
  throughProxy(async ({ url, database }) => {
    await addRunning(database, 1)
    const way = new URL(url)
    const options = `${way.searchParams.get('options')} -c idle_in_transaction_session_timeout=50`
    way.searchParams.set('options', options)
    const proxy = await tcpProxy(way.href)
    const silent = new PostgresDatabase({ url: proxy.url, clock: systemClock })
    const error = await silent
      .transaction(async (session) => {
        await session.bulk(heldClaims, [[1, 1]])
        proxy.hold('questions')
        await session.bulk(insertEvents, [eventValues(chainOf(1)('run-started'))])
      })
      .catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: '25P03' })
    expect(silent.classify(error)).toBe('retry')
    proxy.heal()
    const source = sourceOf({ run: 1, epoch: 1, events: [chainOf(1)('run-started')] })
    commitsOn(silent).submit(source)
    expect(await source.outcome).toBe('durable')
    await silent.close()
    await proxy.close()
  }))

const claimed = { status: 'running', worker: 'w', epoch: 1 } as const

test.each([
  ['a claimed run', undefined],
  ['a start', newRun(1, claimed)],
  ['a start with a key', newRun(1, { ...claimed, idempotency: 'key' })],
])('a commit of %s that the server is still at work on is waited for, not doubled', async (_what, start) => {
  const url = await server.createSchema()
  const [first, second] = [0, 1].map(() => new PostgresDatabase({ url, clock: systemClock }))
  await migrate(first!, () => 'identity')
  if (!start) await addRunning(first!, 1)
  const commit: RunCommit = { run: 1, epoch: 1, events: [chainOf(1)('run-started')] }
  if (start) commit.start = start
  const written = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const slow = first!.transaction(async (session) => {
    if (start) await session.bulk(insertRuns, [newRunValues(start)])
    else await session.bulk(heldClaims, [[1, 1]])
    await session.bulk(insertEvents, commit.events.map(eventValues))
    written.resolve()
    await goOn.promise
  })
  await written.promise
  // What the worker sees: its commit was sent and never answered.
  let lost = true
  const doubtful: Database = Object.create(second!, {
    transaction: {
      value: (body: Parameters<Database['transaction']>[0]) => {
        if (!lost) return second!.transaction(body)
        lost = false
        return Promise.reject(new CommitUnknown(new Error('no answer')))
      },
    },
    classify: { value: (error: unknown) => second!.classify(error) },
  })
  const commits = commitsOn(doubtful)
  const source = sourceOf(commit)
  commits.submit(source)
  await untilBlocked(first!)
  goOn.resolve()
  await slow
  expect(await source.outcome).toBe('durable')
  expect(await readEvents(first!, 1)).toHaveLength(1)
  await first!.close()
  await second!.close()
})

function commitsOn(database: Database): GroupCommit {
  const clock = {
    now: () => Date.now(),
    after: (_ms: number, callback: () => void) => systemClock.after(0, callback),
  }
  return new GroupCommit({ database, clock, onFatal: () => {}, onTrouble: () => {} })
}

/** Some transaction waits for another's lock. */
async function untilBlocked(database: Database): Promise<void> {
  for (;;) {
    const row = await database.get<{ count: number }>(
      'select count(*) as count from pg_locks where not granted',
    )
    if (row!.count > 0) return
  }
}

test('a stale epoch is refused while the run is being claimed anew', async () => {
  const url = await server.createSchema()
  const [stale, claiming] = [0, 1].map(() => new PostgresDatabase({ url, clock: systemClock }))
  await migrate(stale!, () => 'identity')
  for (let no = 1; no <= 50; no++) await addRunning(stale!, no)
  const commits = commitsOn(stale!)
  const outcomes: { no: number; outcome: unknown; claimed: boolean }[] = []
  // Each run is claimed anew by one worker and written by the other at the same moment: one of them goes first, and the
  // journal must agree with the row on which.
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const no = index + 1
      const source = sourceOf({ run: no, epoch: 1, events: [chainOf(no)('step-completed')] })
      const claim = claiming!.transaction(async (session) => {
        await session.run(`update runs set epoch = epoch + 1, worker = 'other' where no = ?`, [no])
        const seen = await session.get<{ count: number }>(
          'select count(*) as count from events where run = ?',
          [no],
        )
        return seen!.count
      })
      commits.submit(source)
      const [outcome, seen] = await Promise.all([source.outcome, claim])
      outcomes.push({ no, outcome, claimed: seen === 1 })
    }),
  )
  for (const { no, outcome, claimed } of outcomes) {
    expect(outcome).toBe(claimed ? 'durable' : 'lost')
    expect(await readEvents(stale!, no)).toHaveLength(claimed ? 1 : 0)
  }
  await stale!.close()
  await claiming!.close()
})

test('a claim waits for a commit under way, whose worker it then shuts out', async () => {
  const url = await server.createSchema()
  const [holder, taker] = [0, 1].map(() => new PostgresDatabase({ url, clock: systemClock }))
  await migrate(holder!, () => 'identity')
  await addRunning(holder!, 1)
  const chain = chainOf(1)
  const order: string[] = []
  let claim: Promise<unknown> | undefined
  await holder!.transaction(async (session) => {
    expect(await session.bulk(heldClaims, [[1, 1]])).toEqual([{ no: 1 }])
    claim = taker!.run(`update runs set epoch = epoch + 1 where no = 1`).then(() => order.push('claimed'))
    await untilBlocked(holder!)
    await session.bulk(insertEvents, [eventValues(chain('step-completed'))])
    order.push('written')
  })
  await claim
  expect(order).toEqual(['written', 'claimed'])
  const commits = commitsOn(holder!)
  const late = sourceOf({ run: 1, epoch: 1, events: [chain('step-completed')] })
  commits.submit(late)
  expect(await late.outcome).toBe('lost')
  expect(await readEvents(holder!, 1)).toHaveLength(1)
  await holder!.close()
  await taker!.close()
})
