import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ReeveError } from '../../src/base/errors.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { RunLines } from '../../src/engine/outside/run-lines.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { Database, Session } from '../../src/store/database.ts'
import { readInbox } from '../../src/store/runs/inbox.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, rowOf, testEngine } from './harness.ts'

const listens = defineWorkflow({
  name: 'listens',
  input: z.any(),
  run: (ctx: CoreContext) => ctx.waitFor('never'),
})

/** A database whose transactions are counted, and fail when told to. */
function watched(database: Database) {
  const seen = { transactions: 0, fails: undefined as unknown }
  const link: Database = Object.create(database, {
    transaction: {
      value: async (body: (session: Session) => Promise<unknown>) => {
        seen.transactions++
        const done = await database.transaction(body)
        if (seen.fails) throw seen.fails
        return done
      },
    },
  })
  for (const name of ['all', 'get', 'run', 'bulk', 'classify'] as const)
    Object.defineProperty(link, name, { value: database[name].bind(database) })
  return { link, seen }
}

test('signals that are sent to one run at one moment share a transaction, in their order and each once', async () => {
  const plain = await openTestDatabase(new FakeClock())
  const { link, seen } = watched(plain)
  const { engine } = await testEngine([listens], { database: link })
  onTestFinished(() => engine.stop())
  const run = await engine.startRun(listens, {}, { delay: '1h' })
  const { no } = await rowOf(plain, run.id)
  seen.transactions = 0
  const sent = await Promise.all(
    Array.from({ length: 90 }, (_, index) =>
      engine.control.signal(run.id, 'news', index, { id: `${Math.min(index, 80)}` }),
    ),
  )
  expect(sent).toEqual(Array.from({ length: 90 }, (_, index) => index <= 80))
  expect((await readInbox(plain, no)).map(({ payload }) => Number(payload))).toEqual(
    Array.from({ length: 81 }, (_, index) => index),
  )
  expect(seen.transactions).toBeLessThan(5)
})

test('one that is refused, or that the database refuses, leaves the others as they are', async () => {
  const database = await openTestDatabase(new FakeClock())
  const lines = new RunLines(database)
  await database.run('insert into blobs (hash, content) values (?, ?)', ['taken', ''])
  const writes = (hash: string) =>
    lines.transaction(1, (session) =>
      session.run('insert into blobs (hash, content) values (?, ?)', [hash, '']),
    )
  const refuses = lines.transaction(1, async () => {
    throw new ReeveError('run-ended', 'over')
  })
  const found = await Promise.allSettled([writes('a'), refuses, writes('taken'), writes('b')])
  expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
  expect(found[1]).toMatchObject({ reason: { code: 'run-ended' } })
  const hashes = await database.all<{ hash: string }>('select hash from blobs order by hash')
  expect(hashes.map(({ hash }) => hash)).toEqual(['a', 'b', 'taken'])
})

test('a commit of which nobody knows is told to all that were in it, and not tried again', async () => {
  const database = await openTestDatabase(new FakeClock())
  const { link, seen } = watched(database)
  const lines = new RunLines(link)
  seen.fails = new ReeveError('database-busy', 'lost')
  const writes = (hash: string) =>
    lines.transaction(1, (session) =>
      session.run('insert into blobs (hash, content) values (?, ?)', [hash, '']),
    )
  const found = await Promise.allSettled([writes('a'), writes('b')])
  expect(found.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(seen.transactions).toBe(1)
  seen.fails = undefined
  await writes('c')
  expect(await database.all('select hash from blobs')).toHaveLength(3)
})
