import { expect } from 'vitest'
import { latestCeilings, listCeilings, noteCeiling } from '../../../src/store/authority/ceilings.ts'
import {
  addGrantChange,
  grantChangesBetween,
  openGrantChanges,
  undoGrantChange,
} from '../../../src/store/authority/grant-changes.ts'
import { readStandingRows } from '../../../src/store/authority/standing-facts.ts'
import { listSwitches, setSwitch } from '../../../src/store/authority/switches.ts'
import { authorityGuard, readAuthorityVersion } from '../../../src/store/authority/version.ts'
import { principalOfLocalUser } from '../../../src/store/identity/local-users.ts'
import {
  addPrincipal,
  changeRole,
  checkPrincipalName,
  reinstatePrincipal,
  removePrincipal,
  revokeActing,
} from '../../../src/store/identity/principals.ts'
import { type Open, storeCase } from './fixtures.ts'

const person = (name: string, role: 'viewer' | 'approver' | 'operator' | 'owner') => ({
  name,
  kind: 'person' as const,
  role,
  created_at: 0,
  created_by: 'test',
})
const change = (id: string, more: { principal?: string; made_at?: number; ends_at?: number } = {}) => ({
  id,
  principal: more.principal ?? 'agent:writer',
  change: '{"kind":"suspend","grant":"mail.send","from":0}',
  why: null,
  made_by: 'ada',
  made_at: more.made_at ?? 10,
  ends_at: more.ends_at ?? null,
})

export function authorityCases(open: Open): void {
  storeCase('every change of who may do what grows the version by one', open, async (database) => {
    expect(await readAuthorityVersion(database)).toBe(0)
    const set = { why: null, set_by: 'ada', set_at: 1 }
    const acts = [
      () => database.transaction((session) => addPrincipal(session, person('ada', 'owner'))),
      () => database.transaction((session) => addPrincipal(session, person('ben', 'viewer'))),
      () => database.transaction((session) => changeRole(session, 'ben', 'approver')),
      () => database.transaction((session) => removePrincipal(session, 'ben', 5)),
      () => database.transaction((session) => reinstatePrincipal(session, 'ben')),
      () => database.transaction((session) => revokeActing(session, 'agent:writer', { by: 'ada', at: 6 })),
      () => database.transaction((session) => addGrantChange(session, change('a'))),
      () => database.transaction((session) => undoGrantChange(session, 'a', { by: 'ada', at: 7 })),
      () => database.transaction((session) => setSwitch(session, { tool: 'pay' }, { mode: 'off', ...set })),
      () => database.transaction((session) => setSwitch(session, { tool: 'pay' }, { mode: 'allow', ...set })),
    ]
    for (const [index, act] of acts.entries()) {
      await act()
      expect(await readAuthorityVersion(database)).toBe(index + 1)
    }
    const undone = database.transaction(async (session) => {
      await addPrincipal(session, person('eve', 'owner'))
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await readAuthorityVersion(database)).toBe(acts.length)
  })

  storeCase('the guard admits a run as long as nothing has changed', open, async (database) => {
    await database.transaction((session) => addPrincipal(session, person('ada', 'owner')))
    const admitted = () =>
      database.transaction((session) =>
        session.bulk<{ run: number }>(authorityGuard, [
          [7, '1'],
          [8, '0'],
          [9, '1'],
        ]),
      )
    expect((await admitted()).map(({ run }) => run).sort()).toEqual([7, 9])
    await database.transaction((session) => changeRole(session, 'ada', 'owner'))
    expect(await admitted()).toEqual([])
  })

  storeCase('a switch is set, set anew and taken away, and says how it stood', open, async (database) => {
    const set = (mode: 'off' | 'ask' | 'allow', at: number) =>
      database.transaction((session) =>
        setSwitch(
          session,
          { agent: 'writer', tool: 'pay' },
          { mode, why: `at ${at}`, set_by: 'ada', set_at: at },
        ),
      )
    expect(await set('off', 1)).toBe('allow')
    expect(await set('ask', 2)).toBe('off')
    expect(await listSwitches(database)).toEqual([
      { agent: 'writer', tool: 'pay', connector: '', mode: 'ask', why: 'at 2', set_by: 'ada', set_at: 2 },
    ])
    expect(await set('allow', 3)).toBe('ask')
    expect(await listSwitches(database)).toEqual([])
  })

  storeCase(
    'a change of grants holds until it ends or is undone, and is undone once',
    open,
    async (database) => {
      await database.transaction(async (session) => {
        await addGrantChange(session, change('a'))
        await addGrantChange(session, change('b', { ends_at: 50 }))
        await addGrantChange(session, change('c', { principal: 'agent:other', made_at: 30 }))
      })
      const openAt = async (now: number, principal?: string) =>
        (await openGrantChanges(database, now, principal)).map(({ id }) => id)
      expect(await openAt(49)).toEqual(['a', 'b', 'c'])
      expect(await openAt(50)).toEqual(['a', 'c'])
      expect(await openAt(50, 'agent:writer')).toEqual(['a'])
      const undo = () =>
        database.transaction((session) => undoGrantChange(session, 'a', { by: 'ben', at: 40 }))
      expect(await undo()).toMatchObject({ undone_by: 'ben', undone_at: 40 })
      await expect(undo()).rejects.toMatchObject({ code: 'grant-change-undone' })
      expect(await openAt(20)).toEqual(['b', 'c'])
      const between = async (from: number, until: number) =>
        (await grantChangesBetween(database, from, until)).map(({ id }) => id)
      expect(await between(0, 10)).toEqual([])
      expect(await between(20, 30)).toEqual(['a', 'b'])
      expect(await between(40, 60)).toEqual(['b', 'c'])
      expect(await between(50, 60)).toEqual(['c'])
      await expect(
        database.transaction((session) => undoGrantChange(session, 'none', { by: 'ben', at: 1 })),
      ).rejects.toMatchObject({ code: 'unknown-grant-change' })
    },
  )

  storeCase('a ceiling is noted when it differs from the last one', open, async (database) => {
    const note = (hash: string, at: number) =>
      database.transaction((session) =>
        noteCeiling(session, { principal: 'agent:writer', hash, ceiling: `"${hash}"`, seen_at: at }),
      )
    expect(await note('one', 1)).toBe(true)
    expect(await note('one', 2)).toBe(false)
    expect(await note('two', 3)).toBe(true)
    expect(await note('one', 4)).toBe(true)
    expect((await listCeilings(database)).map(({ no, hash, seen_at }) => [no, hash, seen_at])).toEqual([
      [1, 'one', 1],
      [2, 'two', 3],
      [3, 'one', 4],
    ])
    expect(await latestCeilings(database)).toMatchObject([{ no: 3, hash: 'one' }])
  })

  storeCase('an agent is revoked once, by its name, and can be reinstated', open, async (database) => {
    const revoke = (name: string) =>
      database.transaction((session) => revokeActing(session, name, { by: 'ada', at: 9 }))
    await revoke('agent:writer')
    await expect(revoke('agent:writer')).rejects.toMatchObject({ code: 'already-revoked' })
    await expect(revoke('writer')).rejects.toMatchObject({ code: 'unknown-principal' })
    const { principals } = await readStandingRows(database, () => 0)
    expect(principals).toMatchObject([{ name: 'agent:writer', kind: 'agent', role: null, ended_at: 9 }])
    const reinstate = () => database.transaction((session) => reinstatePrincipal(session, 'agent:writer'))
    expect(await reinstate()).toMatchObject({ ended_at: null })
    await expect(reinstate()).rejects.toMatchObject({ code: 'not-revoked' })
  })

  storeCase(
    'the last person who is owner stays owner, also of two that remove each other',
    open,
    async (database) => {
      await database.transaction(async (session) => {
        await addPrincipal(session, person('ada', 'owner'))
        await addPrincipal(session, person('ben', 'owner'))
        await addPrincipal(session, { ...person('robot', 'owner'), kind: 'service' })
      })
      const remove = (name: string) => database.transaction((session) => removePrincipal(session, name, 3))
      const outcomes = await Promise.allSettled([remove('ada'), remove('ben')])
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const rejected = outcomes.find((each) => each.status === 'rejected')!
      expect(rejected.reason).toMatchObject({ code: 'last-owner' })
    },
  )

  storeCase(
    'a user of the system is mapped once: to the owner of a new database, else by an owner',
    open,
    async (database) => {
      const come = (id: string, name = id) =>
        database.transaction((session) => principalOfLocalUser(session, { id, name }, 4))
      expect(await come('ada')).toMatchObject({ name: 'ada', role: 'owner', created_by: 'the first start' })
      expect(await come('ada')).toMatchObject({ name: 'ada' })
      await expect(come('ben')).rejects.toMatchObject({ code: 'unknown-local-user' })
      await database.transaction((session) => addPrincipal(session, person('ben', 'approver')))
      expect(await come('ben@host', 'ben')).toMatchObject({ name: 'ben', role: 'approver' })
      await expect(come('ben@other', 'ben')).rejects.toMatchObject({ code: 'unknown-local-user' })
      await database.transaction((session) => removePrincipal(session, 'ben', 5))
      await expect(come('ben@host', 'ben')).rejects.toMatchObject({ code: 'unknown-local-user' })
    },
  )

  storeCase(
    'the owner of a database from before is whoever comes first, under whatever name',
    open,
    async (database) => {
      const row = { ...person('operator', 'owner'), created_by: 'the first start' }
      await database.transaction((session) => addPrincipal(session, row))
      const come = (id: string) =>
        database.transaction((session) => principalOfLocalUser(session, { id, name: id }, 4))
      expect(await come('root')).toMatchObject({ name: 'operator', role: 'owner' })
      await expect(come('node')).rejects.toMatchObject({ code: 'unknown-local-user' })
    },
  )

  storeCase('no principal gets the name of a role, nor one that the runtime uses', open, async (database) => {
    const come = (id: string) =>
      database.transaction((session) => principalOfLocalUser(session, { id, name: id }, 4))
    expect(await come('operator')).toMatchObject({ name: 'operator-1', role: 'owner' })
    for (const name of ['owner', 'operator', 'agent:x', 'workflow:x', 'schedule:x', 'reeve'])
      expect(() => checkPrincipalName(name)).toThrow(/cannot be called/)
    expect(checkPrincipalName('agentine')).toBe('agentine')
  })
}
