import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Judged, viewReadiness } from '../../src/governance/readiness/held-level.ts'
import { ReadinessWatch } from '../../src/governance/readiness/readiness-watch.ts'
import { approvalValues, insertApprovals, recordDecision } from '../../src/store/approvals/approvals.ts'
import { setLevel } from '../../src/store/authority/levels.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { addRuns, newRun, wholeChecklist } from '../store/contract/fixtures.ts'

const triage: Judged = {
  kind: 'workflow',
  name: 'triage',
  version: '1',
  checklist: wholeChecklist,
}

let clock: FakeClock
let database: Database
let no: number

beforeEach(async () => {
  clock = new FakeClock()
  database = openSqlite({ file: ':memory:', clock })
  onTestFinished(() => database.close())
  await migrate(database, () => 'identity')
  no = 0
})

/** So many runs in which a person decided so. */
async function decided(count: number, status: 'approved' | 'rejected') {
  for (let index = 0; index < count; index++) {
    const id = `a${++no}`
    await addRuns(database, newRun(no, { workflow: 'triage', version: '1', status: 'succeeded' }))
    await database.run('update runs set ended_at = ? where no = ?', [1000 + no, no])
    const asked = { id, run: no, step: 1, kind: 'approval', subject: 'mail.send', shown: '{}' } as const
    await database.bulk(insertApprovals, [
      approvalValues({ ...asked, args_hash: 'h', requested_at: no, expires_at: null }),
    ])
    await recordDecision(database, id, { status, at: 1000 + no, by: 'ada', note: null, answer: null })
  }
}

async function holds(level: string, principal = 'workflow:triage') {
  const acting = { by: 'ada', proof: 'local-user', at: 1 } as const
  await database.transaction((session) => setLevel(session, { principal, before: 'observe', level }, acting))
}

function watching(find: (principal: string) => Judged | undefined = () => triage) {
  const told: string[] = []
  let fallen = 0
  const watch = new ReadinessWatch({
    database,
    clock,
    log: { info: () => {}, warn: (text: string) => told.push(text), error: () => {} } as never,
    find,
    onFallen: async () => void fallen++,
  })
  return { watch, told, fallen: () => fallen }
}

const held = async () => (await viewReadiness(database, triage)).held

test('what no longer bears its level falls back at the next look, and whoever drives runs hears of it', async () => {
  await decided(30, 'approved')
  await holds('supervised')
  const { watch, told, fallen } = watching()
  watch.begin()
  await watch.end()
  expect([await held(), fallen()]).toEqual(['supervised', 0])
  await decided(1, 'rejected')
  await watch.look()
  // It was ended: nothing is looked at any more.
  expect(await held()).toBe('supervised')
  const next = watching()
  await next.watch.look()
  expect([await held(), next.fallen()]).toEqual(['draft', 1])
  expect(next.told).toEqual([expect.stringContaining('workflow:triage fell back from supervised to draft')])
  await next.watch.look()
  expect([next.fallen(), told]).toEqual([1, []])
})

test('a new version falls to what it has earned itself', async () => {
  await decided(30, 'approved')
  await holds('supervised')
  const { watch } = watching(() => ({ ...triage, version: '2' }))
  await watch.look()
  expect(await held()).toBe('draft')
})

test('evidence for more raises nothing, not even of what is at the lowest level', async () => {
  await decided(120, 'approved')
  const { watch, fallen } = watching()
  for (const level of ['observe', 'draft']) {
    await holds(level)
    await watch.look()
    expect([(await viewReadiness(database, triage)).proposed !== null, await held()]).toEqual([true, level])
  }
  expect(fallen()).toBe(0)
})

test('it looks every minute; what the code does not know stays, and a look that fails is tried again', async () => {
  await decided(30, 'approved')
  await holds('supervised')
  await holds('supervised', 'workflow:gone')
  let isBroken = true
  const { watch, told } = watching((principal) => {
    if (isBroken) throw new Error('no code now')
    return principal === 'workflow:triage' ? triage : undefined
  })
  await decided(1, 'rejected')
  watch.begin()
  await clock.advance(59_000)
  expect(told).toEqual([expect.stringContaining('tried again in a minute')])
  expect(await held()).toBe('supervised')
  isBroken = false
  await clock.advance(1000)
  await watch.end()
  expect(await held()).toBe('draft')
  const rows = await database.all(`select level from levels where principal = 'workflow:gone'`)
  expect(rows).toEqual([{ level: 'supervised' }])
  expect(told).toHaveLength(2)
})
