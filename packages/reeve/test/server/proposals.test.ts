import { expect, test } from 'vitest'
import { type ProposalEffects, Proposals } from '../../src/autonomy/proposals.ts'
import { silentLog } from '../../src/base/log.ts'
import {
  type NewProposal,
  type ProposalKind,
  proposalKinds,
  propose,
} from '../../src/store/proposals/proposals.ts'
import { startServer, type TestServer } from './server-harness.ts'

function add({ internals }: TestServer, id: string, given: Partial<NewProposal> = {}) {
  const proposal: NewProposal = {
    kind: 'repair',
    title: 'mend send.ts',
    body: { diff: '-a\n+b' },
    key: id,
    by: 'reeve',
    ...given,
  }
  return internals.database.transaction((session) => propose(session, proposal, { id, at: 10 }))
}

const nothing = Object.fromEntries(proposalKinds.map((kind) => [kind, { role: 'operator' }])) as Record<
  ProposalKind,
  ProposalEffects
>

/** A server whose proposals of repairs write down what came of them. */
async function serverWith(carryOut?: (id: string, status: string) => Promise<void>) {
  const server = await startServer()
  const { internals } = server
  const done: string[] = []
  internals.proposals = new Proposals(
    { database: internals.database, clock: internals.clock, log: silentLog },
    {
      ...nothing,
      repair: {
        role: 'operator',
        adopt: async (_, { id, title }) => {
          if (title === 'refused') throw new Error('the script was changed meanwhile')
          done.push(`adopt ${id}`)
        },
        reject: async (_, { id }) => void done.push(`reject ${id}`),
        withdraw: async (_, { id }) => void done.push(`withdraw ${id}`),
        ...(carryOut && { carryOut: ({ id, status }) => carryOut(id, status) }),
      },
    },
  )
  return { server, done, operator: await server.as('operator') }
}

test('a proposal is listed, counted as waiting, adopted by whom its kind lets, and withdrawn', async () => {
  const { server, done, operator } = await serverWith()
  const approver = await server.as('approver')
  await add(server, 'p1')
  await add(server, 'p2', { kind: 'lesson' })
  expect(await approver.waiting.count()).toMatchObject({ proposal: 2, total: 2 })
  const { items } = await approver.proposals.list({ query: { kind: 'repair', status: 'open' } })
  expect(items).toMatchObject([{ id: 'p1', title: 'mend send.ts', body: { diff: '-a\n+b' }, isDone: null }])
  const params = { proposal: 'p1' }
  await expect(approver.proposals.adopt({ params, body: {} })).rejects.toMatchObject({ code: 'role-too-low' })
  await expect(operator.proposals.adopt({ params, body: { hash: 'x' } })).rejects.toMatchObject({
    code: 'proposal-changed',
  })
  const adopted = await operator.proposals.adopt({
    params,
    body: { hash: items[0]!.hash, why: 'looks right' },
  })
  expect(adopted).toMatchObject({ status: 'adopted', isDone: true, decided: { note: 'looks right' } })
  await operator.proposals.adopt({ params, body: {} })
  expect(await approver.waiting.count()).toMatchObject({ proposal: 1 })
  await expect(operator.proposals.reject({ params, body: {} })).rejects.toMatchObject({ status: 409 })
  expect(await operator.proposals.withdraw({ params, body: {} })).toMatchObject({ status: 'withdrawn' })
  expect(done).toEqual(['adopt p1', 'withdraw p1'])
  // A later version of Reeve proposed it.
  await add(server, 'p3', { kind: 'of-tomorrow' as ProposalKind })
  await expect(operator.proposals.adopt({ params: { proposal: 'p3' }, body: {} })).rejects.toMatchObject({
    code: 'unknown-proposal',
  })
})

test('what its kind refuses is not adopted', async () => {
  const { server, operator } = await serverWith()
  await add(server, 'p1', { title: 'refused' })
  await expect(operator.proposals.adopt({ params: { proposal: 'p1' }, body: {} })).rejects.toThrow()
  expect(await operator.proposals.one({ params: { proposal: 'p1' } })).toMatchObject({ status: 'open' })
})

test('what could not be done outside says why, and is done when the same is decided again', async () => {
  const fates = [new Error('no room on the disk'), undefined]
  const carried: string[] = []
  const { server, operator } = await serverWith(async (id, status) => {
    const fate = fates.shift()
    if (fate) throw fate
    carried.push(`${id} ${status}`)
  })
  await add(server, 'p1')
  const params = { proposal: 'p1' }
  expect(await operator.proposals.adopt({ params, body: {} })).toMatchObject({
    status: 'adopted',
    isDone: false,
    problem: 'no room on the disk',
  })
  expect(await operator.proposals.adopt({ params, body: {} })).toMatchObject({ isDone: true, problem: null })
  expect(carried).toEqual(['p1 adopted'])
})

test('what a process that died had decided is finished by another', async () => {
  const carried: string[] = []
  const { server, operator } = await serverWith(async (id, status) => void carried.push(`${id} ${status}`))
  const { internals } = server
  await add(server, 'p1')
  await operator.proposals.adopt({ params: { proposal: 'p1' }, body: {} })
  await internals.database.run('update proposals set carried_out_at = null')
  await internals.proposals.finishAbandoned()
  expect(carried).toEqual(['p1 adopted'])
  await internals.database.run('update proposals set decided_at = decided_at - 60001')
  await internals.proposals.finishAbandoned()
  await internals.proposals.finishAbandoned()
  expect(carried).toEqual(['p1 adopted', 'p1 adopted'])
})

test('a lesson of a person is put in force, shown, and taken back; an answer is corrected over the API', async () => {
  const server = await startServer()
  const approver = await server.as('approver')
  const body = { workflow: 'greet', text: 'Greet people by their first name.' }
  const added = await approver.lessons.add({ body, idempotencyKey: 'k' })
  expect(added).toMatchObject({
    status: 'adopted',
    rule: 'by-hand',
    inForce: { withheldPercent: 20, measured: null },
  })
  expect(await approver.lessons.add({ body, idempotencyKey: 'k' })).toMatchObject({ id: added.id })
  expect((await approver.lessons.list()).items).toMatchObject([{ id: added.id, text: body.text }])
  expect(server.internals.lessons.texts()).toEqual([body.text])
  await approver.proposals.withdraw({ params: { proposal: added.id }, body: {} })
  expect(await approver.lessons.one({ params: { lesson: added.id } })).toMatchObject({
    status: 'withdrawn',
    inForce: null,
  })
  expect(server.internals.lessons.texts()).toEqual([])
  await expect(approver.lessons.add({ body: { ...body, text: 'one\ntwo' } })).rejects.toMatchObject({
    code: 'bad-text',
  })
  await expect((await server.as('viewer')).lessons.add({ body })).rejects.toMatchObject({ status: 403 })
  const correction = { params: { run: 'none' }, body: { question: 'q', value: 1 } }
  await expect(approver.lessons.correct(correction)).rejects.toMatchObject({ code: 'unknown-run' })
  const { runId: run } = await (await server.as('operator')).lessons.learn({ body: {} })
  expect(run).toMatch(/^\w+$/)
})
