import { expect, test } from 'vitest'
import { z } from 'zod'
import { connectorViews } from '../../src/connectors/host/view.ts'
import { action, connector, noAuth } from '../../src/connectors/index.ts'
import { workflow } from '../../src/context.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import type { Database } from '../../src/store/database.ts'
import { testRuntime } from '../../src/testing/index.ts'

const desk = connector({
  name: 'desk',
  title: 'Desk',
  version: '1.0.0',
  vendorApi: { version: '1' },
  url: 'https://desk.example',
  auth: noAuth(),
  health: { probe: async () => ({}) },
  rate: { default: { count: 100, per: '1s' }, classes: { slow: { count: 1, per: '1s' } } },
  sandbox: {
    standIn: {
      credential: '',
      load: async () => async () => ({ url: 'http://127.0.0.1:1', close: async () => {} }),
    },
  },
  actions: {
    read: action({
      description: 'Read a ticket',
      endpoint: 'GET /tickets/{id}',
      input: z.object({ id: z.string() }),
      output: z.object({ id: z.string() }),
      effect: 'read',
      run: async ({ id }) => ({ id }),
    }),
  },
})

/** Reads that a look at all connections makes, where accounts, versions and rates are known. */
async function reads(count: number): Promise<{ reads: number; views: unknown }> {
  const all = Array.from({ length: count }, (_, index) =>
    desk({ name: `desk${index}`, accounts: ['one', 'two'] }),
  )
  const idle = workflow({ name: 'idle', input: z.null(), run: async () => null })
  await using test = await testRuntime({
    workflows: [idle],
    config: { connectors: Object.fromEntries(all.map((each) => [each.name, each])) },
  })
  const { connections } = internalsOf(test.runtime)
  const place = { connection: all[0]!, account: 'two', action: 'read', class: 'slow' }
  await connections.learn(place, { waitMs: 5_000, limit: { count: 1, perMs: 60_000 } })
  const before = await connectorViews(connections)
  let made = 0
  const { database } = connections
  const counted: Pick<Database, 'all' | 'get'> = {
    all(...given) {
      made++
      return database.all(...given)
    },
    get(...given) {
      made++
      return database.get(...given)
    },
  }
  const looked = Object.create(connections, { database: { value: counted } }) as typeof connections
  expect(await connectorViews(looked)).toEqual(before)
  return { reads: made, views: before }
}

test('all connections are read at once, however many there are, and each account has its own rates', async () => {
  const few = await reads(1)
  const many = await reads(6)
  expect(many.reads).toBe(few.reads)
  expect(few.views).toMatchObject([
    {
      accounts: [
        { rates: [{ learnt: null }, { learnt: null, blockedUntil: null }] },
        {
          rates: [
            { class: 'default', learnt: null },
            {
              class: 'slow',
              learnt: { count: 1, perMs: 60_000 },
              blockedUntil: expect.stringMatching(/:05/),
            },
          ],
        },
      ],
    },
  ])
})
