import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Environment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { setSwitch } from '../../src/store/authority/switches.ts'
import type { Session } from '../../src/store/database.ts'
import { reinstatePrincipal, revokeActing } from '../../src/store/identity/principals.ts'
import { tool } from '../../src/tools/tool.ts'

const ada = { by: 'ada', proof: 'local-user', at: 1 } as const

/** A worker that drives a run which pays twice, and another process on its database. */
async function paying() {
  const paid: number[] = []
  const pay = tool({
    name: 'bank.pay',
    description: 'Pay',
    input: z.object({ amountUsd: z.number() }),
    output: z.null(),
    effect: 'idempotent',
    risk: 'low',
    run: ({ amountUsd }) => {
      paid.push(amountUsd)
      return null
    },
  })
  const twice = workflow({
    name: 'twice',
    input: z.null(),
    async run(ctx) {
      await ctx.call(pay, { amountUsd: 1 })
      await ctx.waitFor('go', { schema: z.null() })
      await ctx.call(pay, { amountUsd: 2 })
    },
  })
  const file = join(mkdtempSync(join(tmpdir(), 'reeve-revocation-')), 'reeve.db')
  const environment: Environment = { database: { kind: 'sqlite', file }, keys: {}, user: 'ada', ci: true }
  const open = () => Runtime.open({ project: projectOf({}, [twice]), environment, log: silentLog })
  const [worker, other] = [await open(), await open()]
  onTestFinished(async () => {
    await worker.stop(1000)
    await other.stop(1000)
  })
  await worker.start()
  const run = await worker.startRun('twice', null)
  for (;;) {
    const { status, error } = await worker.getRun(run.id)
    if (status === 'waiting') break
    if (status !== 'queued' && status !== 'running') throw new Error(`${status}: ${JSON.stringify(error)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const elsewhere = async (change: (session: Session) => Promise<unknown>) => {
    await internalsOf(other).database.transaction(change)
    const { authority, database } = internalsOf(worker)
    const row = await database.get<{ value: string }>(
      `select value from meta where name = 'authority-version'`,
    )
    while (authority.current().version < Number(row!.value))
      await new Promise((resolve) => setImmediate(resolve))
  }
  const goOn = async () => {
    await other.signal(run.id, 'go', null)
    return run.result()
  }
  return { paid, elsewhere, goOn }
}

test('a workflow that is revoked in another process in mid-run calls nothing more', async () => {
  const { paid, elsewhere, goOn } = await paying()
  await elsewhere((session) => revokeActing(session, 'workflow:twice', ada))
  expect(await goOn()).toMatchObject({ status: 'failed', error: { code: 'call-denied' } })
  expect(paid).toEqual([1])
})

test('one that is reinstated goes on', async () => {
  const { paid, elsewhere, goOn } = await paying()
  await elsewhere((session) => revokeActing(session, 'workflow:twice', ada))
  await elsewhere((session) => reinstatePrincipal(session, 'workflow:twice', ada))
  expect(await goOn()).toMatchObject({ status: 'succeeded' })
  expect(paid).toEqual([1, 2])
})

test.each([{}, { tool: 'bank.pay' }, { connector: 'bank' }])(
  'a switch that another process sets on %o stops the next call',
  async (place) => {
    const { paid, elsewhere, goOn } = await paying()
    await elsewhere((session) => setSwitch(session, place, 'off', ada))
    expect(await goOn()).toMatchObject({ status: 'failed', error: { code: 'call-denied' } })
    expect(paid).toEqual([1])
  },
)
