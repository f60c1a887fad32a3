import { expect } from 'vitest'
import type { Json } from '../../src/base/json/json.ts'
import { approvalPage } from '../../src/inspect/approvals/approval-page.ts'
import { requireApproval } from '../../src/store/approvals/approvals.ts'
import { readActs, saidOf, verifyActs } from '../../src/store/authority/authority-log.ts'
import type { Database } from '../../src/store/database.ts'
import { addPrincipal, changeRole, removePrincipal } from '../../src/store/identity/principals.ts'
import { approvalCase, asksFor, type Bench, type OpenApprovals, whileAsked } from './harness.ts'

const show = { to: 'margaret@example.org', amountUsd: 80 }

const acting = { by: 'test', proof: 'local-user', at: 5 } as const

/** Adds people; `bot` is a service. */
async function people(database: Database, of: Record<string, 'viewer' | 'approver' | 'operator' | 'owner'>) {
  await database.transaction(async (session) => {
    for (const [name, role] of Object.entries(of)) {
      const kind = name.startsWith('bot') ? 'service' : 'person'
      await addPrincipal(session, { name, kind, role }, acting)
    }
  })
}

/** Nothing was decided, and the same person's word is still wanted. */
async function refused({ database, asked }: Bench, decided: Promise<unknown>, words: RegExp): Promise<void> {
  await expect(decided).rejects.toMatchObject({
    code: 'may-not-decide',
    message: expect.stringMatching(words),
  })
  expect(await requireApproval(database, asked.id)).toMatchObject({ status: 'pending', decided_by: null })
}

export function decidingCases(open: OpenApprovals): void {
  approvalCase('who decides is judged by what they may at that moment', open, async (store) => {
    const { database } = store
    await people(database, { ada: 'approver', vera: 'viewer', eve: 'approver', olga: 'owner', bot: 'owner' })
    await whileAsked(store, asksFor({ show }), async (bench) => {
      const { engine, asked } = bench
      const by = (name: string) => engine.control.decide(asked.id, { verdict: 'approve', by: name })
      await refused(bench, by('vera'), /vera is viewer/)
      await refused(bench, by('bot'), /service, and a person must decide/)
      await refused(bench, by('nobody'), /not a principal of this project/)
      // Each had the right when it was asked.
      await database.transaction((session) => removePrincipal(session, 'eve', acting))
      await refused(bench, by('eve'), /was removed/)
      await database.transaction((session) => changeRole(session, 'ada', 'viewer', acting))
      await refused(bench, by('ada'), /ada is viewer/)
      await by('olga')
      expect(await engine.resultOf(bench.run)).toMatchObject({ output: { status: 'approved', by: 'olga' } })
    })
  })

  approvalCase(
    'only those who are named decide, and not the one for whom it is done',
    open,
    async (store) => {
      await people(store.database, { ada: 'owner', eve: 'approver', operator: 'owner' })
      const deciders = { principals: ['eve', 'operator'], notRequester: true }
      await whileAsked(store, asksFor({ show, deciders }), async (bench) => {
        const by = (name: string) =>
          bench.engine.control.decide(bench.asked.id, { verdict: 'reject', by: name })
        await refused(bench, by('ada'), /for eve, operator to decide/)
        await refused(bench, by('operator'), /not decided by the one for whom it is done/)
        await by('eve')
        expect(await bench.engine.resultOf(bench.run)).toMatchObject({ output: { status: 'rejected' } })
      })
    },
  )

  approvalCase(
    'two of three must approve the same; whose right ended counts no more',
    open,
    async (store) => {
      const { database } = store
      await people(database, { ada: 'approver', eve: 'approver', bo: 'approver' })
      await whileAsked(store, asksFor({ show, deciders: { count: 2 } }), async ({ engine, asked, run }) => {
        const approve = (by: string, answer?: Json) =>
          engine.control.decide(asked.id, { verdict: 'approve', by, ...(answer !== undefined && { answer }) })
        expect(await approve('ada')).toMatchObject({ status: 'pending' })
        // The same person twice is one.
        expect(await approve('ada')).toMatchObject({ status: 'pending' })
        // Others' arguments are another thing.
        expect(await approve('eve', { amountUsd: 40 })).toMatchObject({ status: 'pending' })
        const page = await approvalPage(database, asked.id)
        expect(page.votes.map(({ by, edit }) => [by, edit])).toEqual([
          ['ada', null],
          ['eve', { ...show, amountUsd: 40 }],
        ])
        await database.transaction((session) => changeRole(session, 'ada', 'viewer', acting))
        expect(await approve('bo')).toMatchObject({ status: 'pending' })
        expect(await approve('eve')).toMatchObject({ status: 'approved' })
        const { output } = (await engine.resultOf(run)) as { output: { votes: { by: string }[] } }
        expect(output).toMatchObject({ status: 'approved', value: show, edited: false })
        expect(output.votes.map(({ by }) => by).sort()).toEqual(['bo', 'eve'])
      })
    },
  )

  approvalCase('one rejection of several is enough, and its note reaches the run', open, async (store) => {
    await whileAsked(store, asksFor({ show, deciders: { count: 2 } }), async ({ engine, asked, run }) => {
      await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      await engine.control.decide(asked.id, { verdict: 'reject', by: 'eve', note: 'not ours' })
      expect(await engine.resultOf(run)).toMatchObject({
        output: { status: 'rejected', by: 'eve', note: 'not ours' },
      })
    })
  })

  approvalCase('two who approve at one moment are two votes, and the run hears once', open, async (store) => {
    await whileAsked(
      store,
      asksFor({ show, deciders: { count: 2 } }),
      async ({ engine, asked, run, database }) => {
        await Promise.all(
          ['ada', 'eve'].map((by) => engine.control.decide(asked.id, { verdict: 'approve', by })),
        )
        expect(await engine.resultOf(run)).toMatchObject({ output: { status: 'approved' } })
        const heard = await database.all('select id from inbox where name = ?', [`approval:${asked.id}`])
        expect(heard).toHaveLength(1)
      },
    )
  })

  approvalCase('somebody decides in the place of another, as long as that one may', open, async (store) => {
    const { database } = store
    await people(database, { ada: 'approver', eve: 'approver', vera: 'viewer', bot: 'owner' })
    await whileAsked(store, asksFor({ show, deciders: { principals: ['ada'] } }), async (bench) => {
      const { engine, asked } = bench
      const delegate = (by: string, to: string) =>
        engine.control.delegate(asked.id, { by, to, note: 'yours' })
      const decide = (by: string) => engine.control.decide(asked.id, { verdict: 'approve', by })
      await refused(bench, delegate('eve', 'eve'), /for ada to decide/)
      await refused(bench, delegate('ada', 'vera'), /vera is viewer/)
      await refused(bench, delegate('ada', 'bot'), /a person must decide/)
      await refused(bench, delegate('ada', 'ada'), /yours already/)
      await delegate('ada', 'eve')
      expect((await approvalPage(database, asked.id)).delegations).toMatchObject([{ from: 'ada', to: 'eve' }])
      await refused(bench, delegate('eve', 'vera'), /alone can ask somebody else/)
      await database.transaction((session) => changeRole(session, 'ada', 'viewer', acting))
      await refused(bench, decide('eve'), /for ada to decide/)
      await database.transaction((session) => changeRole(session, 'ada', 'approver', acting))
      await decide('eve')
      expect(await engine.resultOf(bench.run)).toMatchObject({ output: { by: 'eve', inPlaceOf: 'ada' } })
    })
  })

  approvalCase('a stand-in and the one it stands in for have one vote between them', open, async (store) => {
    await people(store.database, { ada: 'approver', eve: 'approver', bo: 'approver' })
    const deciders = { count: 2, principals: ['ada', 'bo'] }
    await whileAsked(store, asksFor({ show, deciders }), async ({ engine, asked }) => {
      const decide = (by: string) => engine.control.decide(asked.id, { verdict: 'approve', by })
      await engine.control.delegate(asked.id, { by: 'ada', to: 'eve' })
      expect(await decide('eve')).toMatchObject({ status: 'pending' })
      expect(await decide('ada')).toMatchObject({ status: 'pending' })
      expect(await decide('bo')).toMatchObject({ status: 'approved' })
    })
  })

  approvalCase('only what is allowed may be decided', open, async (store) => {
    const asks = asksFor({ show, allowed: ['reject', 'edit'] })
    await whileAsked(store, asks, async ({ engine, asked, database }) => {
      const plain = engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      await expect(plain).rejects.toMatchObject({ code: 'wrong-answer', message: /takes reject, edit/ })
      expect(await requireApproval(database, asked.id)).toMatchObject({ status: 'pending' })
      await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada', answer: { amountUsd: 1 } })
    })
  })

  approvalCase(
    'each word of a person is an act in the log, with how they were known',
    open,
    async (store) => {
      const asks = asksFor({ show, deciders: { count: 2 } })
      await whileAsked(store, asks, async ({ engine, asked, run, database }) => {
        await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada', proof: 'token', note: 'fine' })
        await engine.control.delegate(asked.id, { by: 'eve', to: 'bo', proof: 'session' })
        await engine.control.decide(asked.id, { verdict: 'approve', by: 'bo' })
        const acts = await readActs(database)
        expect(
          acts.map(({ type, principal, proof, subject, run: of }) => [type, principal, proof, subject, of]),
        ).toEqual([
          ['approval-voted', 'ada', 'token', asked.id, run],
          ['approval-delegated', 'eve', 'session', asked.id, run],
          ['approval-decided', 'bo', 'local-user', asked.id, run],
        ])
        expect(saidOf(acts[0]!)).toEqual({
          why: 'fine',
          details: { status: 'approved', hash: asked.args_hash },
        })
        expect(await verifyActs(database)).toEqual({ acts: 3 })
      })
    },
  )

  approvalCase(
    'what was approved may begin within its time; later it counts as not approved',
    open,
    async (store) => {
      const { clock } = store
      const asks = asksFor({ show, executeWithin: '10m' })
      let run = ''
      await whileAsked(store, asks, async (bench) => {
        run = bench.run
        await bench.engine.stop()
        await bench.engine.control.decide(bench.asked.id, { verdict: 'approve', by: 'ada' })
      })
      clock.jump(clock.now() + 600_001)
      await whileAsked(store, asks, async ({ engine }) => {
        expect(await engine.resultOf(run)).toMatchObject({
          output: { status: 'expired', by: 'ada', value: show },
        })
      })
    },
  )

  approvalCase('approved in time, it says until when it may begin', open, async (store) => {
    const { clock } = store
    await whileAsked(store, asksFor({ show, executeWithin: '10m' }), async ({ engine, asked, run }) => {
      const at = clock.now()
      await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      expect(await engine.resultOf(run)).toMatchObject({
        output: { status: 'approved', executeBy: at + 600_000 },
      })
    })
  })

  approvalCase('nobody decided: it goes to others, who have as long', open, async (store) => {
    const { database, clock } = store
    await people(database, { ada: 'approver', olga: 'owner' })
    const asks = asksFor({ show, timeout: '1h', onTimeout: 'escalate', deciders: { principals: ['ada'] } })
    await whileAsked(store, asks, async (bench) => {
      const { engine, asked } = bench
      const byOlga = () => engine.control.decide(asked.id, { verdict: 'approve', by: 'olga' })
      await refused(bench, byOlga(), /for ada to decide/)
      clock.jump(clock.now() + 3_600_000)
      await byOlga()
      expect(await engine.resultOf(bench.run)).toMatchObject({ output: { status: 'approved', by: 'olga' } })
    })
  })

  approvalCase('nobody decided, and it waits on', open, async (store) => {
    const { clock } = store
    const asks = asksFor({ show, timeout: '1h', onTimeout: 'wait' })
    await whileAsked(store, asks, async ({ engine, asked, run }) => {
      clock.jump(clock.now() + 7_200_000)
      await engine.control.decide(asked.id, { verdict: 'approve', by: 'ada' })
      expect(await engine.resultOf(run)).toMatchObject({ output: { status: 'approved' } })
    })
  })
}
