import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contractOf } from '../../connectors/shape/contract.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { listProposals } from '../../store/proposals/proposals.ts'
import { everyRow } from '../../store/secrets/every-row.ts'
import type { TestRun } from '../test-run.ts'
import { notFor } from './applies.ts'
import type { ConnectorCase, ConnectorCheck } from './case.ts'
import { type Desk, openDesk, statusesOf } from './desk.ts'
import { eventChecks } from './events.ts'

/**
 * What every connector promises, as checks of this one with its stand-in: schemas, the pinned version, lost answers, 429 storms, pages of
 * HTML, rates, a consent that is gone, a service that is down, a worker that dies, the sandbox, secrets. For any test runner.
 * @example
 * import { test } from 'node:test'
 * import { stripe } from 'reeve/connectors/stripe'
 * import { connectorChecks } from 'reeve/testing'
 *
 * const checks = connectorChecks({
 *   connector: stripe,
 *   read: { action: 'getPayment', args: { payment: 'pi_standin_900' } },
 *   write: { action: 'refund', args: (index) => ({ payment: 'pi_standin_900', amount: 100 + index }), deed: 'refund-created' },
 * })
 * for (const { name, doesNotApply, run } of checks) test(name, { skip: doesNotApply }, run)
 */
export function connectorChecks(its: ConnectorCase): ConnectorCheck[] {
  const { definition } = its.connector
  const key = { connection: definition.name, account: 'default', mode: 'sandbox' as const }
  const service = notFor.services(its)
  const http = notFor.http(its)
  const tokens = notFor.tokens(its)
  const check = (
    name: string,
    run: () => Promise<void>,
    { doesNotApply, isLong }: { doesNotApply?: string | undefined; isLong?: boolean } = {},
  ): ConnectorCheck => ({
    name,
    ...(doesNotApply !== undefined && { doesNotApply }),
    ...(isLong !== undefined && { isLong }),
    run,
  })
  const on = async (work: (desk: Desk) => Promise<void>, limit?: { count: number; perMs: number }) => {
    await using desk = await openDesk(its, limit && { limit })
    await work(desk)
  }
  const succeeded = (count: number) => Array<string>(count).fill('succeeded')
  const { deed } = its.write

  return [
    check('says what its actions take, give and call', async () => {
      const { actions } = contractOf(definition)
      assert.notDeepEqual(Object.keys(actions), [], 'it has no actions')
      for (const [name, { input, output, endpoints }] of Object.entries(actions)) {
        assert.ok(input !== null, `the input of ${name} is nothing that JSON Schema can express`)
        assert.ok(output !== null, `the output of ${name} is nothing that JSON Schema can express`)
        assert.notDeepEqual(endpoints, [], `${name} does not say what it calls`)
      }
    }),

    check('pins the version of the vendor in each request', () =>
      on(async (desk) => {
        const [run] = await desk.read(1)
        assert.equal(await run!.status(), 'succeeded', (await run!.story()).join('\n'))
        const { header, version } = definition.vendorApi
        if (header === undefined) return
        for (const { headers, path } of desk.standIn.requests.filter(
          ({ route }) => !route.includes('/oauth'),
        ))
          assert.equal(headers[header.toLowerCase()], version, path)
      }),
    ),

    check(
      'does once what was done and not answered',
      () =>
        on(async ({ standIn, test, write, pass }) => {
          const { on: answer = ({ method }: { method: string }) => method !== 'GET', asksPerson } =
            its.write.lost ?? {}
          standIn.faults.add({ kind: 'lost-answer', times: 1, on: answer })
          const runs = await write(1)
          await pass(10)
          assert.deepEqual(await statusesOf(runs), [asksPerson ? 'waiting' : 'succeeded'])
          assert.equal(
            (await test.runtime.listApprovals()).length,
            asksPerson ? 1 : 0,
            'questions for a person',
          )
          assert.deepEqual(standIn.books.doubled(), [])
          assert.equal(standIn.books.count(deed), 1, `"${deed}" in the books of the stand-in`)
        }),
      { doesNotApply: service },
    ),

    check('does once what was done by a process that died before it knew', () =>
      on(async ({ standIn, test, write, pass }) => {
        test.crashIn(`${definition.name}.${its.write.action}`, 'after')
        const runs = await write(1)
        await pass(10)
        assert.deepEqual(await statusesOf(runs), [its.write.leavesNoTrace ? 'waiting' : 'succeeded'])
        assert.deepEqual(standIn.books.doubled(), [])
        assert.equal(standIn.books.count(deed), 1, `"${deed}" in the books of the stand-in`)
      }),
    ),

    check(
      'waits as long as the service says, however often, and loses nothing',
      () =>
        on(async ({ standIn, write, ended }) => {
          standIn.faults.add({ kind: 'rate-limited', times: 7, retryAfterS: 3 })
          const runs = await write(3)
          assert.ok(!(await statusesOf(runs)).includes('failed'), 'a 429 failed a run')
          assert.deepEqual(await ended(runs), succeeded(3))
          assert.equal(standIn.books.count(deed), 3, `"${deed}" in the books of the stand-in`)
        }),
      { doesNotApply: service },
    ),

    check(
      'takes a page of HTML for a failure of the service, and shows none of it',
      () =>
        on(async ({ standIn, read, pass }) => {
          standIn.faults.add({ kind: 'error-page', status: 200 })
          const [run] = await read(1)
          await pass(30)
          await assert.rejects(run!.output(), (error: Error) => {
            assert.match(error.message, /HTML/)
            assert.doesNotMatch(error.message, /<h1>/)
            return true
          })
        }),
      { doesNotApply: http },
    ),

    check(
      'keeps to its rate over all calls, by what the service says of it',
      () =>
        // Less than any of them declares: what its headers or a refusal say has to be learnt.
        on(async ({ read, ended }) => assert.deepEqual(await ended(await read(25)), succeeded(25)), {
          count: 5,
          perMs: 1000,
        }),
      { doesNotApply: http, isLong: true },
    ),

    check(
      'has one item for a person when its consent is gone, and all runs go on once it is back',
      () =>
        on(async ({ standIn, test, write, ended }) => {
          const { database } = internalsOf(test.runtime)
          const back = standIn.faults.add({ kind: 'unauthorized' })
          const runs = await write(5)
          assert.deepEqual(await statusesOf(runs), Array<string>(5).fill('waiting'))
          const open = () => listProposals(database, { kind: 'reconnect', status: 'open', limit: 10 })
          assert.equal((await open()).length, 1, 'items for a person')
          back()
          await internalsOf(test.runtime).connections.health.probe(key)
          await test.settle()
          assert.deepEqual(await ended(runs), succeeded(5))
          assert.equal(standIn.books.count(deed), 5, `"${deed}" in the books of the stand-in`)
          assert.equal((await open()).length, 0, 'items for a person')
        }),
      { doesNotApply: service },
    ),

    check(
      'waits while the service is down, and goes on when it answers',
      () =>
        on(async ({ standIn, test, write, pass }) => {
          const { connections } = internalsOf(test.runtime)
          const up = standIn.faults.add({ kind: 'server-error', status: 503 })
          for (let look = 0; look < 3; look++) await connections.health.probe(key)
          assert.equal((await connections.states.find(key))?.state, 'down')
          const before = standIn.requests.length
          const runs = await write(2)
          await pass(2)
          assert.deepEqual(await statusesOf(runs), ['waiting', 'waiting'])
          assert.equal(standIn.requests.length, before, 'a service that is down was asked')
          up()
          await connections.health.probe(key)
          await test.settle()
          await pass(3)
          assert.deepEqual(await statusesOf(runs), succeeded(2))
        }),
      { doesNotApply: service },
    ),

    check(
      'outlasts an outage of half a minute, and repeats nothing that may have been done',
      () =>
        on(async ({ standIn, read, write, pass, ended }) => {
          const up = standIn.faults.add({ kind: 'server-error', status: 503 })
          const runs = [await read(1), await write(1)].flat()
          await pass(30)
          up()
          const [ofRead, ofWrite] = [await ended(runs.slice(0, 1)), await ended(runs.slice(1))]
          assert.deepEqual(ofRead, ['succeeded'], (await runs[0]!.story()).join('\n'))
          const { effect } = definition.actions[its.write.action].definition
          const story = (await runs[1]!.story()).join('\n')
          // Of what nobody can ask the service about, a person is asked.
          assert.deepEqual(ofWrite, [effect === 'once' ? 'waiting' : 'succeeded'], story)
          assert.equal(standIn.books.count(deed), ofWrite[0] === 'succeeded' ? 1 : 0, story)
        }),
      { doesNotApply: service },
    ),

    check(
      'renews its token once for 50 calls at one moment',
      () =>
        on(async ({ standIn, read, ended }) => {
          const its_ = its.oauth!.tokens(standIn)
          its_.expireAll()
          assert.deepEqual(await ended(await read(50)), succeeded(50))
          assert.equal(its_.refreshes, 1, 'renewals')
        }),
      { doesNotApply: tokens },
    ),

    ...eventChecks(its),

    check('sends nothing to the real account from the sandbox', () => sendsNothingReal(its)),

    check('keeps no secret in any byte that is stored', () =>
      on(async (desk) => {
        await desk.write(1)
        await desk.read(1)
        const { database } = internalsOf(desk.test.runtime)
        const secrets = [...secretsIn(desk.credential), ...tokensIn(desk)]
        for await (const { table, row } of everyRow(database))
          for (const secret of secrets)
            assert.ok(!row.includes(secret), `the table ${table} has a credential`)
      }),
    ),
  ]
}

/** Whatever it does goes to the stand-in, and is done there: what did nothing would reach nobody either. */
async function sendsNothingReal(its: ConnectorCase): Promise<void> {
  const http = notFor.http(its)
  let reached = 0
  const real = createServer((_request, response) => response.writeHead(200).end('{}'))
  // Whatever it speaks: some wait for the first word of the server.
  real.on('connection', () => reached++)
  await new Promise<void>((resolve) => real.listen(0, '127.0.0.1', resolve))
  try {
    const host = `127.0.0.1:${(real.address() as AddressInfo).port}`
    await using desk = await openDesk(its, { settings: its.elsewhere?.(host) ?? { url: `http://${host}` } })
    const { requests, books } = desk.standIn
    const asked = () => requests.filter(({ route }) => !route.includes('/oauth')).length
    const began = asked()
    const succeeds = async (action: string, runs: readonly TestRun[]) =>
      assert.deepEqual(
        await desk.ended(runs),
        ['succeeded'],
        `${action} at the stand-in: ${(await runs[0]!.story()).join('\n')}`,
      )
    await succeeds(its.read.action, await desk.read(1))
    if (http === undefined) assert.ok(asked() > began, `${its.read.action} asked nothing of the stand-in`)
    await succeeds(its.write.action, await desk.write(1))
    assert.equal(books.count(its.write.deed), 1, `"${its.write.deed}" in the books of the stand-in`)
    assert.equal(reached, 0, 'connections to the real account')
  } finally {
    real.closeAllConnections()
    await new Promise((resolve) => real.close(resolve))
  }
}

/** What of a credential is nobody's business. */
function secretsIn(credential: string): string[] {
  if (!credential.startsWith('{')) return credential === '' ? [] : [credential]
  const all = Object.entries(JSON.parse(credential) as Record<string, string>)
  return all.flatMap(([name, value]) => (name === 'user' || name === 'client_id' ? [] : [value]))
}

function tokensIn({ standIn }: Desk): string[] {
  return standIn.requests.flatMap(({ headers }) => headers.authorization?.split(' ')[1] ?? [])
}
