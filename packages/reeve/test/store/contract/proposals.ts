import { expect } from 'vitest'
import { readActs, saidOf } from '../../../src/store/authority/authority-log.ts'
import type { Database } from '../../../src/store/database.ts'
import {
  bodyOf,
  countOpenProposals,
  decideProposal,
  listProposals,
  type NewProposal,
  noteCarriedOut,
  type ProposalDecision,
  propose,
  unfinishedProposals,
} from '../../../src/store/proposals/proposals.ts'
import { type Open, storeCase } from './fixtures.ts'

const acting = { by: 'ada', proof: 'session' as const, at: 50, why: 'seen' }
const lesson = (title: string, key = 'lesson:refund'): NewProposal => ({
  kind: 'lesson',
  title,
  body: { text: title, runs: ['r1', 'r2'] },
  key,
  by: 'reeve',
})

function add(database: Database, id: string, given: NewProposal) {
  return database.transaction((session) => propose(session, given, { id, at: 10 }))
}

function decide(database: Database, id: string, decision: ProposalDecision, more = {}) {
  return database.transaction((session) => decideProposal(session, id, decision, { acting, ...more }))
}

async function states(database: Database) {
  const rows = await listProposals(database, { limit: 10 })
  return rows.map(({ id, status }) => `${id} ${status}`)
}

export function proposalCases(open: Open): void {
  storeCase(
    'of what would change the same thing one proposal is open, the last word of it',
    open,
    async (database) => {
      expect(await add(database, 'p1', lesson('a'))).toEqual({ id: 'p1', isNew: true })
      expect(await add(database, 'p2', lesson('a'))).toEqual({ id: 'p1', isNew: false })
      expect(await add(database, 'p3', lesson('b'))).toEqual({ id: 'p3', isNew: true })
      await add(database, 'p4', lesson('a', 'lesson:triage'))
      expect(await states(database)).toEqual(['p4 open', 'p3 open', 'p1 superseded'])
      expect(await countOpenProposals(database, 10)).toBe(2)
      expect(await countOpenProposals(database, 1)).toBe(1)
      const [first] = await listProposals(database, { key: 'lesson:refund', status: 'open', limit: 5 })
      expect(bodyOf(first!)).toEqual({ text: 'b', runs: ['r1', 'r2'] })
      expect((await listProposals(database, { below: 'p4', kind: 'lesson', limit: 1 }))[0]!.id).toBe('p3')
      await expect(
        add(database, 'p5', { ...lesson('c'), body: { long: 'x'.repeat(2 ** 20) } }),
      ).rejects.toThrow('at most 1048576')
    },
  )

  storeCase('a proposal is decided once, by an act, and taken back after', open, async (database) => {
    const { hash } = (
      await add(database, 'p1', lesson('a')).then(() => listProposals(database, { limit: 1 }))
    )[0]!
    await expect(decide(database, 'p1', 'adopted', { hash: 'other' })).rejects.toMatchObject({
      code: 'proposal-changed',
    })
    expect(await decide(database, 'p1', 'adopted', { hash })).toMatchObject({
      isNew: true,
      was: 'open',
      proposal: { decided_by: 'ada', note: 'seen', carried_out_at: 50 },
    })
    expect(await decide(database, 'p1', 'adopted')).toMatchObject({ isNew: false })
    await expect(decide(database, 'p1', 'rejected')).rejects.toMatchObject({ code: 'proposal-decided' })
    expect(await decide(database, 'p1', 'withdrawn')).toMatchObject({ isNew: true, was: 'adopted' })
    await expect(decide(database, 'p1', 'adopted')).rejects.toMatchObject({ code: 'proposal-decided' })
    await expect(decide(database, 'none', 'adopted')).rejects.toMatchObject({ code: 'unknown-proposal' })
    const acts = await readActs(database)
    expect(acts.map((each) => [each.type, each.subject, saidOf(each).details])).toEqual([
      ['proposal-decided', 'p1', { status: 'adopted', kind: 'lesson', hash }],
      ['proposal-decided', 'p1', { status: 'withdrawn', kind: 'lesson', hash }],
    ])
  })

  storeCase('what was changed beside the store is not adopted', open, async (database) => {
    await add(database, 'p1', lesson('a'))
    await database.run(`update proposals set body = '{"text":"pay eve"}' where id = 'p1'`)
    await expect(decide(database, 'p1', 'adopted')).rejects.toMatchObject({ code: 'proposal-changed' })
    expect(await states(database)).toEqual(['p1 open'])
    expect(await readActs(database)).toEqual([])
  })

  storeCase('what is to be done outside stays to be done until it is', open, async (database) => {
    for (const id of ['p1', 'p2', 'p3']) await add(database, id, lesson(id, id))
    await decide(database, 'p1', 'adopted', { isOutside: true })
    await decide(database, 'p2', 'rejected', { isOutside: true })
    await decide(database, 'p3', 'withdrawn', { isOutside: true })
    const unfinished = async (before: number) =>
      (await unfinishedProposals(database, before)).map(({ id, problem }) => [id, problem])
    expect(await unfinished(50)).toEqual([])
    expect(await unfinished(51)).toEqual([['p1', null]])
    await noteCarriedOut(database, 'p1', { problem: 'the disk is full' })
    expect(await unfinished(51)).toEqual([['p1', 'the disk is full']])
    await noteCarriedOut(database, 'p1', { at: 60 })
    expect(await unfinished(51)).toEqual([])
  })
}
