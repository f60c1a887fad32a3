import { describe, expect, onTestFinished, test } from 'vitest'
import { connector } from '../../src/connectors/connector.ts'
import { contractOf } from '../../src/connectors/shape/contract.ts'
import { workflow } from '../../src/context.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { testRuntime } from '../../src/testing/index.ts'
import { LoopbackServer } from '../tools/loopback-server.ts'
import { cases } from './cases/index.ts'
import { notFor, onlyWhere } from './contract/applies.ts'
import { openDesk } from './contract/desk.ts'

/** `npm run test:connectors [NAME]` looks at all, or at one; a run of everything at the one that has most to lose, and not for long. */
const only = process.env.CONNECTORS ?? 'stripe'
const isWhole = process.env.CONNECTORS !== undefined
const chosen = cases.filter(({ connector: { definition } }) => only === 'all' || definition.name === only)

test('there is a connector to look at', () => {
  expect(['all', ...cases.map(({ connector: { definition } }) => definition.name)]).toContain(only)
})

describe.each(chosen.map((each) => [each.connector.definition.name, each] as const))('%s', (_name, its) => {
  const { definition } = its.connector
  const key = { connection: definition.name, account: 'default', mode: 'sandbox' as const }
  const statuses = async (runs: readonly { status(): Promise<string> }[]) =>
    (await Promise.all(runs.map((run) => run.status()))).toSorted()

  test('says what its actions take, give and call', () => {
    const { actions } = contractOf(definition)
    expect(Object.keys(actions)).not.toEqual([])
    for (const [name, { input, output, endpoints }] of Object.entries(actions)) {
      expect(input, `the input of ${name}`).not.toBeNull()
      expect(output, `the output of ${name}`).not.toBeNull()
      expect(endpoints, name).not.toEqual([])
    }
  })

  test('pins the version of the vendor in each request', async () => {
    await using desk = await openDesk(its)
    const [run] = await desk.read(1)
    expect(await run!.status()).toBe('succeeded')
    const { header, version } = definition.vendorApi
    if (header === undefined) return
    for (const { headers, path } of desk.standIn.requests.filter(({ route }) => !route.includes('/oauth')))
      expect(headers[header.toLowerCase()], path).toBe(version)
  })

  test('does once what was done and not answered', async (context) => {
    onlyWhere(context, notFor.services(its))
    await using desk = await openDesk(its)
    const { on = ({ method }: { method: string }) => method !== 'GET', asksPerson } = its.write.lost ?? {}
    desk.standIn.faults.add({ kind: 'lost-answer', times: 1, on })
    const runs = await desk.write(1)
    await desk.pass(10)
    expect(await statuses(runs)).toEqual([asksPerson ? 'waiting' : 'succeeded'])
    expect(await desk.test.runtime.listApprovals()).toHaveLength(asksPerson ? 1 : 0)
    expect(desk.standIn.books.doubled()).toEqual([])
    expect(desk.standIn.books.count(its.write.deed)).toBe(1)
  })

  test('waits as long as the service says, however often, and loses nothing', async (context) => {
    onlyWhere(context, notFor.services(its))
    await using desk = await openDesk(its)
    desk.standIn.faults.add({ kind: 'rate-limited', times: 7, retryAfterS: 3 })
    const runs = await desk.write(3)
    expect(await statuses(runs)).not.toContain('failed')
    expect(await desk.ended(runs)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(desk.standIn.books.count(its.write.deed)).toBe(3)
  })

  test('takes a page of HTML for a failure of the service, and shows none of it', async (context) => {
    onlyWhere(context, notFor.http(its))
    await using desk = await openDesk(its)
    desk.standIn.faults.add({ kind: 'error-page', status: 200 })
    const [run] = await desk.read(1)
    await desk.pass(30)
    await expect(run!.output()).rejects.toThrow(/HTML/)
    await expect(run!.output()).rejects.not.toThrow(/<h1>/)
  })

  test.runIf(isWhole)('keeps to its rate over all calls, by what the service says of it', async (context) => {
    onlyWhere(context, notFor.http(its))
    // Less than any of them declares: what its headers or a refusal say has to be learnt.
    await using desk = await openDesk(its, { limit: { count: 5, perMs: 1000 } })
    const runs = await desk.read(25)
    expect(new Set(await desk.ended(runs))).toEqual(new Set(['succeeded']))
  })

  test('has one item for a person when its consent is gone, and all runs go on once it is back', async (context) => {
    onlyWhere(context, notFor.services(its))
    await using desk = await openDesk(its)
    const { database } = internalsOf(desk.test.runtime)
    const on = desk.standIn.faults.add({ kind: 'unauthorized' })
    const runs = await desk.write(5)
    expect(await statuses(runs)).toEqual(Array(5).fill('waiting'))
    const open = () =>
      database.all<{ title: string }>(
        `select title from proposals where kind = 'reconnect' and status = 'open'`,
      )
    expect(await open()).toHaveLength(1)
    on()
    await internalsOf(desk.test.runtime).connections.health.probe(key)
    await desk.test.settle()
    expect(await desk.ended(runs)).toEqual(Array(5).fill('succeeded'))
    expect(desk.standIn.books.count(its.write.deed)).toBe(5)
    expect(await open()).toEqual([])
  })

  test('waits while the service is down, and goes on when it answers', async (context) => {
    onlyWhere(context, notFor.services(its))
    await using desk = await openDesk(its)
    const { connections } = internalsOf(desk.test.runtime)
    const on = desk.standIn.faults.add({ kind: 'server-error', status: 503 })
    for (let look = 0; look < 3; look++) await connections.health.probe(key)
    expect((await connections.states.find(key))?.state).toBe('down')
    const before = desk.standIn.requests.length
    const runs = await desk.write(2)
    await desk.pass(2)
    expect(await statuses(runs)).toEqual(['waiting', 'waiting'])
    expect(desk.standIn.requests.length).toBe(before)
    on()
    await connections.health.probe(key)
    await desk.test.settle()
    await desk.pass(3)
    expect(await statuses(runs)).toEqual(['succeeded', 'succeeded'])
  })

  test('renews its token once for 50 calls at one moment', async (context) => {
    onlyWhere(context, notFor.tokens(its))
    await using desk = await openDesk(its)
    const tokens = its.oauth!.tokens(desk.standIn)
    tokens.expireAll()
    const runs = await desk.read(50)
    expect(new Set(await desk.ended(runs))).toEqual(new Set(['succeeded']))
    expect(tokens.refreshes).toBe(1)
  })

  test('sends nothing to the real account from the sandbox', async () => {
    const real = await LoopbackServer.start((_request, response) => response.writeHead(200).end('{}'))
    onTestFinished(() => real.close())
    const connection = connector({ ...definition })({
      ...its.settings,
      ...(its.elsewhere?.(real.host) ?? { url: `http://${real.host}` }),
    } as never)
    const one = workflow({
      name: 'one',
      input: its.connector.definition.actions[its.read.action].definition.input,
      run: async (ctx, args) =>
        ctx.call((connection.actions as Record<string, never>)[its.read.action]!, args as never),
    })
    await using test = await testRuntime({
      workflows: [one],
      config: { connectors: { [connection.name]: connection } },
    })
    await test.start(one, its.read.args as never)
    await test.advance('10s')
    expect(real.received).toEqual([])
  })

  test('keeps no secret in any byte that is stored', async () => {
    await using desk = await openDesk(its)
    await desk.write(1)
    await desk.read(1)
    const { database } = internalsOf(desk.test.runtime)
    const secrets = [...secretsIn(desk.credential), ...tokensIn(desk)]
    const tables = await database.all<{ name: string }>(
      `select name from sqlite_master where type = 'table' and name not like '%fts%'`,
    )
    for (const { name } of tables) {
      const rows = JSON.stringify(await database.all(`select * from "${name}"`).catch(() => []))
      for (const secret of secrets) expect(rows.includes(secret), `${name} has a credential`).toBe(false)
    }
  })

  /** What of a credential is nobody's business. */
  function secretsIn(credential: string): string[] {
    if (!credential.startsWith('{')) return credential === '' ? [] : [credential]
    const all = Object.entries(JSON.parse(credential) as Record<string, string>)
    return all.flatMap(([name, value]) => (name === 'user' || name === 'client_id' ? [] : [value]))
  }

  function tokensIn(desk: Awaited<ReturnType<typeof openDesk>>): string[] {
    return desk.standIn.requests.flatMap(({ headers }) => headers.authorization?.split(' ')[1] ?? [])
  }
})
