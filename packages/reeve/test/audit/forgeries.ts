import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Environment } from '../../src/base/config.ts'
import { messageOf } from '../../src/base/errors.ts'
import { sha256 } from '../../src/base/hash.ts'
import { canonical, type Json } from '../../src/base/json/json.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { workflow } from '../../src/context.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { overrideItem } from '../../src/engine/overriding/override.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { verifyRound } from '../../src/store/audit/audit-rounds.ts'
import { verifyPartOf } from '../../src/store/audit/audit-threads.ts'
import {
  type HeadRow,
  headHash,
  headStart,
  type KeptHead,
  keptHead,
  signedText,
} from '../../src/store/audit/heads/head.ts'
import { lastHead } from '../../src/store/audit/heads/sign-heads.ts'
import { AuditKey } from '../../src/store/audit/key/audit-key.ts'
import { bindKeys } from '../../src/store/audit/key/bind-keys.ts'
import { readKeys } from '../../src/store/audit/key/key-file.ts'
import { writeKeyRecord } from '../../src/store/audit/key/key-record.ts'
import { readActs } from '../../src/store/authority/authority-log.ts'
import type { Database } from '../../src/store/database.ts'
import {
  chainHash,
  chainStart,
  eventValues,
  insertEvents,
  type JournalEvent,
  readEvents,
} from '../../src/store/journal/journal.ts'
import { identityOf } from '../../src/store/migrations.ts'
import { openDatabase } from '../../src/store/open.ts'
import type { AuditKeySlot } from '../../src/store/redacting.ts'
import { readRun } from '../../src/store/runs/runs.ts'
import { tool } from '../../src/tools/tool.ts'

const pay = defineWorkflow({
  name: 'pay',
  input: z.object({ to: z.string() }),
  async run(ctx: CoreContext, input) {
    await ctx.step('draft', () => `pay ${input.to}`)
    const { status, by } = await ctx.approve('payment', { show: { to: input.to, amountUsd: 10 } })
    return { status, by }
  },
})

/** What somebody finds who may write to the database: two runs that were decided, and one that waits. */
interface Scene {
  /** Without any key. */
  attacker: Database
  environment: Environment
  paid: string
  refused: string
  waiting: string
  /** The approval that `waiting` waits for. */
  open: string
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export async function scene(
  environment: Environment,
  { isSigned = true, log = silentLog }: { isSigned?: boolean; log?: Log } = {},
): Promise<Scene> {
  const runtime = await Runtime.open({ project: projectOf({}, [pay]), environment, log })
  const { database, engine } = internalsOf(runtime)
  await engine.start()
  const decided = async (to: string, verdict: 'approve' | 'reject') => {
    const { id } = await runtime.startRun(pay, { to })
    await runtime.decide(await asked(database, id), { verdict, by: 'ada', note: 'looks right' })
    await runtime.result(id)
    return id
  }
  const paid = await decided('margaret', 'approve')
  const refused = await decided('mallory', 'reject')
  const { id: waiting } = await runtime.startRun(pay, { to: 'bob' })
  const open = await asked(database, waiting)
  await until(async () => ((await readRun(database, waiting))?.status === 'waiting' ? true : undefined))
  if (isSigned) await runtime.stop()
  else {
    await engine.stop()
    await database.close()
  }
  const attacker = openDatabase(environment.database, systemClock)
  onTestFinished(() => attacker.close())
  return { attacker, environment, paid, refused, waiting, open }
}

async function asked(database: Database, run: string): Promise<string> {
  const found = await until(() =>
    database.get<{ id: string }>('select a.id from approvals a join runs r on r.no = a.run where r.id = ?', [
      run,
    ]),
  )
  return found.id
}

/** What `reeve audit verify --all` finds. */
export async function audit(environment: Environment, kept: KeptHead[] = []): Promise<string[]> {
  const slot: AuditKeySlot = {}
  const database = openDatabase(environment.database, systemClock, { slot })
  try {
    try {
      slot.keys = await bindKeys(database, readKeys(environment), { now: 0, by: 'ada', mayChange: false })
    } catch (error) {
      return [messageOf(error)]
    }
    const verify = verifyPartOf(database)
    const round = await verifyRound(database, 0, { all: true, verify, width: 1, kept })
    return round.faults.map(({ runId: run, problem }) => `${run}: ${problem}`)
  } finally {
    await database.close()
  }
}

/** Makes the chain of a run hold again after its events were changed, as anybody can. */
async function rechain(database: Database, id: string, change: (event: JournalEvent) => void): Promise<void> {
  const run = (await readRun(database, id))!
  let hash = chainStart(id)
  let seq = 0
  for (const event of await readEvents(database, run.no)) {
    change(event)
    hash = chainHash(hash, event, event.payload === null ? '' : sha256(event.payload))
    seq = event.seq
    await database.run('update events set payload = ?, hash = ? where run = ? and seq = ?', [
      event.payload,
      hash,
      run.no,
      seq,
    ])
  }
  await database.run('update runs set head = ?, head_seq = ? where no = ?', [hash, seq, run.no])
}

/** Writes into a journal that ada approved what its last event asks, as anybody can who may write to the database. */
async function decideInJournal(database: Database, id: string): Promise<void> {
  const run = (await readRun(database, id))!
  const last = (await readEvents(database, run.no)).at(-1)!
  const value = (JSON.parse(last.payload!) as { shown: Json }).shown
  const decision = { status: 'approved', value, edited: false, by: 'ada', note: null }
  const payload = JSON.stringify(decision)
  const event: JournalEvent = { ...last, seq: last.seq + 1, type: 'approval-decided', payload, hash: '' }
  event.hash = chainHash(last.hash, event, sha256(payload))
  await database.bulk(insertEvents, [eventValues(event)])
  await database.run('update runs set head = ?, head_seq = ? where no = ?', [event.hash, event.seq, run.no])
}

/** Writes into a journal that ada overrode a call, as anybody can who may write to the database. */
async function overrideInJournal(database: Database, id: string): Promise<void> {
  const run = (await readRun(database, id))!
  const last = (await readEvents(database, run.no)).at(-1)!
  const payload = JSON.stringify({ call: 1, how: 'result', by: 'ada', reason: 'looked it up' })
  const event: JournalEvent = {
    ...last,
    seq: last.seq + 1,
    type: 'call-overridden',
    step: null,
    name: null,
    args: null,
    payload,
    hash: '',
  }
  event.hash = chainHash(last.hash, event, sha256(payload))
  await database.bulk(insertEvents, [eventValues(event)])
  await database.run('update runs set head = ?, head_seq = ? where no = ?', [event.hash, event.seq, run.no])
}

function edit(event: JournalEvent, type: string, change: (payload: Record<string, Json>) => void): void {
  if (event.type !== type) return
  const payload = JSON.parse(event.payload!) as Record<string, Json>
  change(payload)
  event.payload = JSON.stringify(payload)
}

const shown = { to: 'mallory', amountUsd: 10 }

/** What was tried, and what is said of it. */
const forgeries: [
  what: string,
  forge: (scene: Scene) => Promise<void>,
  said: RegExp,
  unsigned: RegExp | undefined,
][] = [
  [
    'who approved, in row and journal, with every hash made anew',
    async ({ attacker, paid }) => {
      await rechain(attacker, paid, (event) => edit(event, 'approval-decided', (said) => (said.by = 'eve')))
      await attacker.run(
        `update approvals set decided_by = 'eve' where decided_by = 'ada' and status = 'approved'`,
      )
    },
    /eve approved approval .* and what was recorded is by ada/,
    /eve approved approval .* and what was recorded is by ada/,
  ],
  [
    'who approved, in the row alone',
    async ({ attacker }) => {
      await attacker.run(`update approvals set decided_by = 'eve' where status = 'approved'`)
    },
    /says approved by eve, and event \d+ approved by ada/,
    /says approved by eve, and event \d+ approved by ada/,
  ],
  [
    'who approved, in row, journal and log of authority',
    async ({ attacker, paid }) => {
      await rechain(attacker, paid, (event) => edit(event, 'approval-decided', (said) => (said.by = 'eve')))
      await attacker.run(`update approvals set decided_by = 'eve' where status = 'approved'`)
      await attacker.run(`update authority_log set principal = 'eve' where type = 'approval-decided'`)
    },
    /act \d+ \(approval-decided\) was changed/,
    /act \d+ \(approval-decided\) was changed/,
  ],
  [
    'what was shown, in row and journal, with every hash made anew',
    async ({ attacker, paid }) => {
      await rechain(attacker, paid, (event) => {
        edit(event, 'approval-requested', (said) => (said.shown = shown))
        edit(event, 'approval-decided', (said) => (said.value = shown))
      })
      await attacker.run(`update approvals set shown = ?, args_hash = ? where status = 'approved'`, [
        JSON.stringify(shown),
        sha256(canonical(shown)),
      ])
    },
    /says that ada approved approval .* of just this, and what was recorded is by ada/,
    /says that ada approved approval .* of just this/,
  ],
  [
    'what is shown of an open question, in the row alone',
    async ({ attacker, open }) => {
      await attacker.run('update approvals set shown = ?, args_hash = ? where id = ?', [
        JSON.stringify(shown),
        sha256(canonical(shown)),
        open,
      ])
    },
    /shows something else than event \d+ asked for/,
    /shows something else than event \d+ asked for/,
  ],
  [
    'a rejection into an approval',
    async ({ attacker, refused }) => {
      await rechain(attacker, refused, (event) =>
        edit(event, 'approval-decided', (said) => (said.status = 'approved')),
      )
      await attacker.run(`update approvals set status = 'approved'`)
    },
    /ada approved approval .* of just this/,
    /ada approved approval .* of just this/,
  ],
  [
    'the inbox, by a decision that nobody took',
    async ({ attacker, waiting, open }) => {
      const { no } = (await readRun(attacker, waiting))!
      const item = { status: 'approved', by: 'ada', note: null, hash: 'x' }
      await attacker.run('insert into inbox (run, name, payload, at) values (?, ?, ?, 1)', [
        no,
        `approval:${open}`,
        JSON.stringify(item),
      ])
      await attacker.run('update runs set inbox = inbox + 1 where no = ?', [no])
    },
    /item \d+ \(approval:.*\) of its inbox has no seal/,
    /item \d+ \(approval:.*\) of its inbox has no seal/,
  ],
  [
    'the inbox, by an override that nobody gave',
    async ({ attacker, waiting }) => {
      const { no } = (await readRun(attacker, waiting))!
      const item = { how: 'error', error: 'no', reason: 'closed', by: 'ada' }
      await attacker.run('insert into inbox (run, name, payload, at) values (?, ?, ?, 1)', [
        no,
        overrideItem(2),
        JSON.stringify(item),
      ])
      await attacker.run('update runs set inbox = inbox + 1 where no = ?', [no])
    },
    /item \d+ \(override:2\) of its inbox has no seal/,
    /item \d+ \(override:2\) of its inbox has no seal/,
  ],
  [
    'an override that nobody gave, in the journal',
    ({ attacker, waiting }) => overrideInJournal(attacker, waiting),
    /ada overrode call 1 \(result\), and no act says that/,
    /ada overrode call 1 \(result\), and no act says that/,
  ],
  [
    'the row of an open question, so that it says it was decided',
    async ({ attacker, open }) => {
      await attacker.run(
        `update approvals set status = 'approved', decided_by = 'ada', decided_at = 1 where id = ?`,
        [open],
      )
    },
    /says approved by ada, and neither the journal nor the inbox knows of that/,
    /says approved by ada, and neither the journal nor the inbox knows of that/,
  ],
  [
    'a run, so that it never was',
    async ({ attacker, paid }) => {
      const { no } = (await readRun(attacker, paid))!
      for (const table of ['events', 'inbox', 'approvals'])
        await attacker.run(`delete from ${table} where run = ?`, [no])
      await attacker.run('delete from runs where no = ?', [no])
    },
    /it is gone; head \d+ of .* has it, and no act says that retention deleted it/,
    undefined,
  ],
  [
    'a run, as if retention had deleted it',
    async ({ attacker, paid }) => {
      const { no } = (await readRun(attacker, paid))!
      await attacker.run('delete from approvals where run = ?', [no])
      await attacker.run('insert into leftovers (run) values (?)', [no])
      await attacker.run('delete from runs where no = ?', [no])
      await attacker.run(
        `insert into authority_log (seq, type, at, principal, proof, behalf, subject, payload, digest, hash)
         select max(seq) + 1, 'runs-deleted', 1, 'reeve', 'started-by-reeve', '[]', '1 run', ?, ?, 'x' from authority_log`,
        [`{"details":{"runs":[${no}]}}`, sha256(`{"details":{"runs":[${no}]}}`)],
      )
      await attacker.run(`update counters set value = value + 1 where name = 'authority'`)
    },
    /act \d+ \(runs-deleted\) was changed/,
    /act \d+ \(runs-deleted\) was changed/,
  ],
  [
    'the end of a journal, cut off with its decision',
    async ({ attacker, refused }) => {
      const run = (await readRun(attacker, refused))!
      const kept = (await readEvents(attacker, run.no)).findLast(({ type }) => type === 'approval-requested')!
      await attacker.run('delete from events where run = ? and seq > ?', [run.no, kept.seq])
      await attacker.run(
        `update approvals set status = 'pending', decided_at = null, decided_by = null, note = null where run = ?`,
        [run.no],
      )
      await attacker.run(
        `update runs set head = ?, head_seq = ?, status = 'waiting', ended_at = null where no = ?`,
        [kept.hash, kept.seq, run.no],
      )
    },
    /event \d+ is missing; head \d+ of .* has it/,
    undefined,
  ],
  [
    'the rows of two approvals, one in place of the other',
    async ({ attacker, paid, refused }) => {
      const [one, other] = [(await readRun(attacker, paid))!.no, (await readRun(attacker, refused))!.no]
      await attacker.run('update approvals set run = -1 where run = ?', [one])
      await attacker.run('update approvals set run = ? where run = ?', [one, other])
      await attacker.run('update approvals set run = ? where run = -1', [other])
    },
    /approval .* was never asked for in this run's journal/,
    /approval .* was never asked for in this run's journal/,
  ],
  [
    'the journals of two runs, one in place of the other',
    async ({ attacker, paid, refused }) => {
      const [one, other] = [(await readRun(attacker, paid))!.no, (await readRun(attacker, refused))!.no]
      for (const table of ['events', 'approvals', 'inbox']) {
        await attacker.run(`update ${table} set run = -1 where run = ?`, [one])
        await attacker.run(`update ${table} set run = ? where run = ?`, [one, other])
        await attacker.run(`update ${table} set run = ? where run = -1`, [other])
      }
      for (const id of [paid, refused]) await rechain(attacker, id, () => {})
    },
    /the journal was rewritten/,
    undefined,
  ],
  [
    'the value of a step',
    async ({ attacker, paid }) => {
      await rechain(attacker, paid, (event) => {
        if (event.type === 'step-completed') event.payload = '"pay mallory"'
      })
    },
    /the journal was rewritten/,
    undefined,
  ],
  [
    'the last act, cut off',
    async ({ attacker }) => {
      await attacker.run('delete from authority_log where seq = (select max(seq) from authority_log)')
      await attacker.run(`update counters set value = value - 1 where name = 'authority'`)
    },
    /the audit log of people and rights is not what was signed/,
    /no act says that/,
  ],
  [
    'everything, signed with a key of their own',
    async ({ attacker, paid }) => {
      await rewriteAll(attacker, paid)
    },
    /is signed by a key that is not one of this installation/,
    undefined,
  ],
  [
    'everything, and no note of the key left',
    async ({ attacker, paid }) => {
      await rewriteAll(attacker, paid)
      await attacker.run(`delete from meta where name = 'audit-key'`)
    },
    /signed heads and no note of the key in .*: somebody removed it/,
    undefined,
  ],
  [
    'everything, with a note of a key of their own',
    async ({ attacker, paid }) => {
      await rewriteAll(attacker, paid)
      const own = new AuditKey(Buffer.alloc(32, 7).toString('base64url'))
      await writeKeyRecord(attacker, own, {
        identity: await identityOf(attacker),
        item: 1e9,
        act: 1e9,
        at: 1e15,
      })
    },
    /are sealed with the audit key .*, and .* has another/,
    undefined,
  ],
]

/** Everything that can be made anew without the key. */
async function rewriteAll(attacker: Database, paid: string): Promise<void> {
  const own = new AuditKey(Buffer.alloc(32, 7).toString('base64url'))
  await rechain(attacker, paid, (event) => edit(event, 'approval-decided', (said) => (said.by = 'eve')))
  await attacker.run(`update approvals set decided_by = 'eve' where status = 'approved'`)
  let previous = headStart
  for (const head of await attacker.all<HeadRow>('select * from audit_heads order by no')) {
    const leaves = JSON.parse(head.body!) as [number, string, number, string][]
    for (const leaf of leaves) {
      const event = await attacker.get<{ hash: string }>(
        'select hash from events where run = ? and seq = ?',
        [leaf[0], leaf[2]],
      )
      leaf[3] = event!.hash
    }
    const body = JSON.stringify(leaves)
    const made = { ...head, previous, body, digest: sha256(body), public_key: own.publicKey }
    made.hash = headHash(made)
    made.signature = own.sign(signedText(keptHead(made)))
    previous = made.hash
    await attacker.run(
      'update audit_heads set previous = ?, body = ?, digest = ?, hash = ?, public_key = ?, signature = ? where no = ?',
      [made.previous, made.body, made.digest, made.hash, made.public_key, made.signature, made.no],
    )
  }
}

/** Somebody may write to the database and has no key: what they change is found. */
export function forgeryCases(
  name: string,
  place: () => Promise<Environment>,
  { isBrief = false } = {},
): void {
  describe(name, () => {
    test('an audit of what nobody touched finds nothing, signed or not yet', async () => {
      const { environment, attacker } = await scene(await place())
      const head = await lastHead(attacker)
      expect(await audit(environment, [keptHead(head!)])).toEqual([])
      expect((await readActs(attacker)).map(({ type }) => type)).toEqual([
        'audit-key-set',
        'approval-decided',
        'approval-decided',
      ])
      const unsigned = await scene(await place(), { isSigned: false })
      expect(await audit(unsigned.environment)).toEqual([])
    })

    for (const [what, forge, said, unsigned] of forgeries) {
      test(`found by the audit: ${what}`, async () => {
        const scenery = await scene(await place())
        await forge(scenery)
        const found = await audit(scenery.environment)
        expect(
          found.find((fault) => said.test(fault)),
          found.join('\n'),
        ).toBeDefined()
      })
      if (!unsigned || isBrief) continue
      test(`found before any head was signed: ${what}`, async () => {
        const scenery = await scene(await place(), { isSigned: false })
        await forge(scenery)
        const found = await audit(scenery.environment)
        expect(
          found.find((fault) => unsigned.test(fault)),
          found.join('\n'),
        ).toBeDefined()
      })
    }

    test("who kept yesterday's head sees that the whole database was rewritten since, also without the key", async () => {
      const { environment, attacker, paid } = await scene(await place())
      const kept = keptHead((await lastHead(attacker))!)
      await rewriteAll(attacker, paid)
      const keyless = { ...environment, auditKey: Buffer.alloc(32, 7).toString('base64url') }
      const slot: AuditKeySlot = {}
      const database = openDatabase(keyless.database, systemClock, { slot })
      const round = await verifyRound(database, 0, {
        all: true,
        verify: verifyPartOf(database),
        width: 1,
        kept: [kept],
      })
      await database.close()
      const found = round.faults.map(({ problem }) => problem).join('\n')
      expect(found).toMatch(/head \d+ is not what was kept of .*: the database was rewritten since/)
    })

    test('the head of the day that a worker logged shows a rewrite that a worker has signed since without knowing', async () => {
      const environment = await place()
      const kept: KeptHead[] = []
      const log: Log = {
        ...silentLog,
        info: (message, fields) => {
          if (message.startsWith('audit head of the day'))
            kept.push(JSON.parse(String(fields?.head)) as KeptHead)
        },
      }
      const { attacker, paid } = await scene(environment, { log })
      expect(kept).toHaveLength(1)
      expect(await audit(environment, kept)).toEqual([])
      // All that goes without the key: every hash made anew, and no head left that knows better.
      await rechain(attacker, paid, (event) => {
        if (event.type === 'step-completed') event.payload = '"pay mallory"'
      })
      await attacker.run('delete from audit_heads')
      await attacker.run(`delete from counters where name = 'audit-head'`)
      const unknowing = await Runtime.open({ project: projectOf({}, [pay]), environment, log: silentLog })
      await internalsOf(unknowing).engine.start()
      await unknowing.startRun(pay, { to: 'carol' })
      await unknowing.stop()
      expect(await audit(environment)).toEqual([])
      expect((await audit(environment, kept)).join('\n')).toMatch(
        /head \d+ is not what was kept of .*: the database was rewritten since/,
      )
    })

    test.each([
      ['recorded', true],
      ['forged into the journal of a parked run', false],
    ])('nothing is sent upon a decision that was not recorded: one that was %s', async (_what, isHonest) => {
      const environment = await place()
      const paid: string[] = []
      const bank = tool({
        name: 'bank.pay',
        description: 'Pay',
        input: z.object({ to: z.string() }),
        output: z.null(),
        effect: 'idempotent',
        approval: 'never',
        run: ({ to }) => {
          paid.push(to)
          return null
        },
      })
      const later = workflow({
        name: 'later',
        input: z.object({ to: z.string() }),
        async run(ctx, { to }) {
          const { status } = await ctx.approve('payment', { show: { to } })
          await ctx.waitFor('go', { schema: z.null() })
          if (status === 'approved') await ctx.call(bank, { to })
        },
      })
      const open = () => Runtime.open({ project: projectOf({}, [later]), environment, log: silentLog })
      const before = await open()
      await before.start()
      const { id } = await before.startRun(later, { to: 'mallory' })
      const { database } = internalsOf(before)
      const approval = await asked(database, id)
      if (isHonest) await before.decide(approval, { verdict: 'approve', by: 'ada' })
      const isParked = async () => {
        const settled = await readEvents(database, (await readRun(database, id))!.no)
        const isThere = !isHonest || settled.some(({ type }) => type === 'signal-awaited')
        return (isThere && (await readRun(database, id))?.status === 'waiting') || undefined
      }
      await until(isParked)
      await before.stop()
      const attacker = openDatabase(environment.database, systemClock)
      onTestFinished(() => attacker.close())
      if (!isHonest) await decideInJournal(attacker, id)
      const after = await open()
      onTestFinished(() => after.stop(1000))
      await after.start()
      await after.signal(id, 'go', null)
      const ended = await after.result(id)
      if (isHonest) expect([ended.status, paid]).toEqual(['succeeded', ['mallory']])
      else {
        expect(ended).toMatchObject({ status: 'failed', error: { code: 'approval-changed' } })
        expect(paid).toEqual([])
      }
    })

    test('a database that was set back to before a kept head shows', async () => {
      const { environment, attacker } = await scene(await place())
      const kept = keptHead((await lastHead(attacker))!)
      await attacker.run('delete from audit_heads')
      await attacker.run(`delete from counters where name = 'audit-head'`)
      expect((await audit(environment, [kept])).join('\n')).toMatch(
        /head \d+ of .* is gone: the database is older than it/,
      )
    })

    test('an override that was given is no fault; in the name of another, or for another reason, it is', async () => {
      const environment = await place()
      const flow = workflow({
        name: 'waits',
        input: z.null(),
        run: (ctx) => ctx.waitFor('go'),
      })
      const runtime = await Runtime.open({
        project: projectOf({}, [flow]),
        environment,
        log: silentLog,
      })
      const { engine, database } = internalsOf(runtime)
      await engine.start()
      const { id } = await runtime.startRun(flow, null)
      await until(async () => ((await readRun(database, id))?.status === 'waiting' ? true : undefined))
      await runtime.override(id, 1, { how: 'result', result: 7, by: 'ada', reason: 'by hand' })
      expect(await runtime.result(id)).toMatchObject({ output: 7 })
      await engine.stop()
      await database.close()
      expect(await audit(environment)).toEqual([])
      const attacker = openDatabase(environment.database, systemClock)
      onTestFinished(() => attacker.close())
      for (const [field, forged] of [
        ['by', 'eve'],
        ['reason', 'she said so'],
      ] as const) {
        let was: Json = null
        await rechain(attacker, id, (event) =>
          edit(event, 'call-overridden', (said) => {
            was = said[field]!
            said[field] = forged
          }),
        )
        expect((await audit(environment)).join()).toMatch(/overrode call 1 \(result\), and no act says that/)
        await rechain(attacker, id, (event) => edit(event, 'call-overridden', (said) => (said[field] = was)))
      }
    })

    test('a run does not take a decision that nobody with the key put into its inbox', async () => {
      const { environment, attacker, waiting, open } = await scene(await place())
      const { no } = (await readRun(attacker, waiting))!
      const item = { status: 'approved', by: 'eve', note: null }
      await attacker.run('insert into inbox (run, name, payload, at) values (?, ?, ?, 1)', [
        no,
        `approval:${open}`,
        JSON.stringify(item),
      ])
      await attacker.run(
        `update runs set inbox = inbox + 1, status = 'queued', wake_at = null where no = ?`,
        [no],
      )
      const errors: string[] = []
      const log = { ...silentLog, error: (message: string) => errors.push(message) }
      const runtime = await Runtime.open({ project: projectOf({}, [pay]), environment, log })
      await internalsOf(runtime).engine.start()
      await until(async () => (errors.length > 0 ? true : undefined))
      await runtime.decide(open, { verdict: 'reject', by: 'ada' })
      expect(await runtime.result(waiting)).toMatchObject({ output: { status: 'rejected', by: 'ada' } })
      await runtime.stop()
      expect(errors[0]).toContain('somebody without the audit key put it there')
    })
  })
}
