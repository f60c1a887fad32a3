import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RunningStandIn } from '../../src/connectors/shape/sandbox.ts'
import type { StandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { SealingKey } from '../../src/store/secrets/key/sealing-key.ts'
import { notFor } from '../../src/testing/connector-checks/applies.ts'
import type { ConnectorCase } from '../../src/testing/connector-checks/case.ts'
import { startOf } from '../../src/testing/connector-checks/desk.ts'
import { cases } from './cases/index.ts'
import { onlyWhere } from './contract/applies.ts'
import { type Life, Worker } from './contract/lives.ts'

/** Of `npm run test:connectors`: real workers, and their deaths. */
const only = process.env.CONNECTORS ?? 'none'
const isChosen = ({ connector: { definition } }: ConnectorCase) => only === 'all' || definition.name === only
const chosen = cases.filter(isChosen)
const named = (some: readonly ConnectorCase[]) =>
  some.map((each) => [each.connector.definition.name, each] as const)
const takesMs = 300_000

async function begin(
  its: ConnectorCase,
): Promise<{ standIn: StandIn; life: Life; worker(life: Life): Worker }> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-lives-'))
  const standIn = await startOf(its, Date.now)
  const workers: Worker[] = []
  onTestFinished(async () => {
    await Promise.all(workers.map((each) => each.kill()))
    await standIn.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { definition } = its.connector
  return {
    standIn,
    life: {
      connector: definition.name,
      url: standIn.url,
      endpoints: (standIn as RunningStandIn).endpoints,
      credential: its.oauth?.credential(standIn) ?? definition.sandbox.standIn.credential,
      folder,
      secretsKey: SealingKey.make().secret,
      calls: [],
    },
    worker: (life) => {
      const made = new Worker(life)
      workers.push(made)
      return made
    },
  }
}

function look<Row>({ folder }: Life, sql: string): Row[] {
  const database = new DatabaseSync(join(folder, '.reeve', 'reeve.db'), { timeout: 5_000 })
  try {
    return database.prepare(sql).all() as Row[]
  } finally {
    database.close()
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
}

test.runIf(only !== 'none')('there is a connector to kill', () => {
  expect(['all', ...cases.map(({ connector: { definition } }) => definition.name)]).toContain(only)
})

describe.each(named(chosen))('%s', (_name, its) => {
  test(
    'SIGKILL between the deed and its record: it is done once, and not lost',
    async () => {
      const { standIn, life, worker } = await begin(its)
      const { action, args, deed, leavesNoTrace } = its.write
      const calls = [{ action, args: args(1) }]
      const first = worker({ ...life, calls, hangsAfter: action })
      expect(await first.says()).toBe('done')
      await first.kill()
      expect(standIn.books.count(deed)).toBe(1)
      const second = worker({ ...life, calls })
      if (leavesNoTrace)
        await until(() => look(life, `select id from approvals where status = 'pending'`).length === 1)
      else expect(await second.says()).toEqual(['succeeded'])
      expect([standIn.books.count(deed), standIn.books.doubled()]).toEqual([1, []])
    },
    takesMs,
  )
})

describe.each(named(chosen))('%s', (_name, its) => {
  test(
    'two workers renew a token once for 50 calls',
    async (context) => {
      onlyWhere(context, notFor.tokens(its))
      const { standIn, life, worker } = await begin(its)
      const tokens = its.oauth!.tokens(standIn)
      tokens.expireAll()
      const calls = Array.from({ length: 50 }, () => its.read)
      const both = [1, 2].map(() => worker({ ...life, calls, capacity: 25 }))
      const ended = await Promise.all(both.map((each) => each.says()))
      expect(ended.flat()).toEqual(Array(100).fill('succeeded'))
      expect(tokens.refreshes).toBe(1)
    },
    takesMs,
  )

  test(
    'SIGKILL between a renewal and its record: no run fails, and a person is asked once where the token was spent',
    async (context) => {
      onlyWhere(context, notFor.tokens(its))
      const { standIn, life, worker } = await begin(its)
      const tokens = its.oauth!.tokens(standIn)
      tokens.expireAll()
      standIn.faults.add({
        kind: 'lost-answer',
        how: 'silence',
        times: 1,
        on: ({ path }) => path.endsWith('/token'),
      })
      const calls = Array.from({ length: 3 }, () => its.read)
      const first = worker({ ...life, calls })
      await until(() => tokens.refreshes === 1)
      await first.kill()
      // As if the time had passed for which others wait for it.
      look(life, 'update connector_accounts set refresh_until = 0')
      const second = worker({ ...life, calls })
      if (!tokens.rotates) {
        // The refresh token that was kept is as good as before.
        expect(await second.says()).toEqual(Array(3).fill('succeeded'))
        expect([tokens.refreshes, look(life, `select id from proposals`)]).toEqual([2, []])
        return
      }
      const open = `select id from proposals where kind = 'reconnect' and status = 'open'`
      await until(
        () =>
          look(life, open).length > 0 &&
          look(life, `select no from runs where status = 'waiting'`).length === 3,
      )
      expect(look(life, open)).toHaveLength(1)
      expect(look(life, `select no from runs where status = 'failed'`)).toEqual([])
    },
    takesMs,
  )
})
