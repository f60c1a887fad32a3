import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { apiKey } from '../../src/connectors/auth/scheme.ts'
import { connector } from '../../src/connectors/connector.ts'
import { action } from '../../src/connectors/shape/action.ts'
import { bearerOf } from '../../src/connectors/stand-in/exchange.ts'
import { startStandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { atTheDoor } from './at-the-door.ts'

/** One call that makes two changes. */
const pairs = connector({
  name: 'pairs',
  title: 'Pairs',
  version: '1.0.0',
  vendorApi: { version: '1' },
  url: 'https://pairs.example',
  auth: apiKey({ where: 'anywhere' }),
  health: { probe: async () => ({}) },
  rate: { default: { count: 10, per: '1s' } },
  sandbox: { standIn: { credential: 'key', load: async () => startStandIn as never } },
  refusal: ({ status }) => (status === 403 ? { kind: 'scope', scopes: ['pairs:write'] } : undefined),
  actions: {
    make: action({
      description: 'Make both',
      endpoint: ['POST /left', 'POST /right'],
      input: z.object({}),
      output: z.object({}),
      effect: 'once',
      run: async (_args, api) => {
        await api.post('/left')
        await api.post('/right')
        return {}
      },
    }),
  },
})

test.each([
  ['refused', 422],
  ['not permitted', 403],
  ['not signed in', 401],
  ['over the rate', 429],
])('a second change that is %s does not say that nothing was done', async (_what, status) => {
  const refuses = new Set<string>()
  const standIn = await startStandIn(({ books }) => ({
    name: 'pairs',
    admit: (request) => (bearerOf(request) === 'key' ? undefined : { status: 401 }),
    refuse: () => ({ status: 404 }),
    routes: Object.fromEntries(
      ['left', 'right'].map((side) => [
        `POST /${side}`,
        () => {
          if (refuses.has(side)) return { status, body: {} }
          books.record(side)
          return { body: {} }
        },
      ]),
    ),
  }))
  onTestFinished(() => standIn.close())
  const desk = atTheDoor(pairs(), standIn)
  refuses.add('left')
  await expect(desk.run('make', {})).rejects.toMatchObject({ code: 'not-applied' })
  refuses.delete('left')
  refuses.add('right')
  await expect(desk.run('make', {})).rejects.toMatchObject({ code: 'service-failed' })
  expect([standIn.books.count('left'), standIn.books.count('right')]).toEqual([1, 0])
})

/** Reads all pages of three, by what the service names as the next one. */
const paged = connector({
  ...pairs.definition,
  name: 'paged',
  actions: {
    all: action({
      description: 'Read all',
      endpoint: 'GET /things',
      input: z.object({}),
      output: z.array(z.string()),
      effect: 'read',
      async run(_args, api) {
        const all: string[] = []
        for await (const { json } of api.pages('/things', { query: { open: true } }, ({ json }) => json.next))
          all.push(json.thing)
        return all
      },
    }),
  },
})

test.each([
  ['null', null, ['thing 0', 'thing 1', 'thing 2']],
  ['nothing', undefined, ['thing 0', 'thing 1', 'thing 2']],
  ['no text', '', ['thing 0', 'thing 1', 'thing 2']],
  ['itself', '/things?page=2', undefined],
])('pages end where the last one names %s as the next', async (_what, last, all) => {
  const standIn = await startStandIn(() => ({
    name: 'paged',
    refuse: () => ({ status: 404 }),
    routes: {
      'GET /things': ({ query }) => {
        const page = Number(query.get('page') ?? 0)
        return { body: { thing: `thing ${page}`, next: page < 2 ? `/things?page=${page + 1}` : last } }
      },
    },
  }))
  onTestFinished(() => standIn.close())
  const read = atTheDoor(paged(), standIn).run('all', {})
  if (all) expect(await read).toEqual(all)
  else await expect(read).rejects.toThrow(/as the one after itself/)
  expect(standIn.requests).toHaveLength(3)
})
