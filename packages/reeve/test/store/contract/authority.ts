import { expect } from 'vitest'
import { readActs, verifyActs } from '../../../src/store/authority/authority-log.ts'
import { readAuthorityRows } from '../../../src/store/authority/authority-rows.ts'
import { latestCeilings, listCeilings, noteCeiling } from '../../../src/store/authority/ceilings.ts'
import {
  addGrantChange,
  grantChangesBetween,
  openGrantChanges,
  undoGrantChange,
} from '../../../src/store/authority/grant-changes.ts'
import { listSwitches, setSwitch } from '../../../src/store/authority/switches.ts'
import { readAuthorityVersion } from '../../../src/store/authority/version.ts'
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

type Role = 'viewer' | 'approver' | 'operator' | 'owner'
const person = (name: string, role: Role) => ({ name, kind: 'person' as const, role })
const actor = (at: number, by = 'ada') => ({ by, proof: 'local-user' as const, at })
const change = (id: string, principal = 'agent:writer', endsAt?: number) => ({
  id,
  principal,
  change: { kind: 'suspend', grant: 'mail.send', from: 0 },
  endsAt,
})

export function authorityCases(open: Open): void {
  storeCase(
    'every change of who may do what grows the version by one, and is in the log',
    open,
    async (database) => {
      expect(await readAuthorityVersion(database)).toBe(0)
      const acts = [
        () => database.transaction((session) => addPrincipal(session, person('ada', 'owner'), actor(1))),
        () => database.transaction((session) => addPrincipal(session, person('ben', 'viewer'), actor(1))),
        () => database.transaction((session) => changeRole(session, 'ben', 'approver', actor(2))),
        () => database.transaction((session) => removePrincipal(session, 'ben', actor(5))),
        () => database.transaction((session) => reinstatePrincipal(session, 'ben', actor(3))),
        () => database.transaction((session) => revokeActing(session, 'agent:writer', actor(6))),
        () => database.transaction((session) => addGrantChange(session, change('a'), actor(10))),
        () => database.transaction((session) => undoGrantChange(session, 'a', actor(7))),
        () => database.transaction((session) => setSwitch(session, { tool: 'pay' }, 'off', actor(8))),
        () => database.transaction((session) => setSwitch(session, { tool: 'pay' }, 'allow', actor(9))),
      ]
      for (const [index, act] of acts.entries()) {
        await act()
        expect(await readAuthorityVersion(database)).toBe(index + 1)
      }
      const said = await readActs(database)
      expect(said.map(({ type, subject }) => `${type} ${subject}`)).toEqual([
        'principal-added ada',
        'principal-added ben',
        'role-changed ben',
        'principal-removed ben',
        'principal-restored ben',
        'principal-revoked agent:writer',
        'grant-changed agent:writer',
        'grant-restored agent:writer',
        'switch-set tool pay',
        'switch-set tool pay',
      ])
      expect(await verifyActs(database)).toEqual({ acts: acts.length })
      const undone = database.transaction(async (session) => {
        await addPrincipal(session, person('eve', 'owner'), actor(1))
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      expect(await readAuthorityVersion(database)).toBe(acts.length)
    },
  )

  storeCase('a switch is set, set anew and taken away, and says how it stood', open, async (database) => {
    const set = (mode: 'off' | 'ask' | 'allow', at: number) =>
      database.transaction((session) =>
        setSwitch(session, { agent: 'writer', tool: 'pay' }, mode, { ...actor(at), why: `at ${at}` }),
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
        await addGrantChange(session, change('a'), actor(10))
        await addGrantChange(session, change('b', 'agent:writer', 50), actor(10))
        await addGrantChange(session, change('c', 'agent:other'), actor(30))
      })
      const openAt = async (now: number, principal?: string) =>
        (await openGrantChanges(database, now, principal)).map(({ id }) => id)
      expect(await openAt(49)).toEqual(['a', 'b', 'c'])
      expect(await openAt(50)).toEqual(['a', 'c'])
      expect(await openAt(50, 'agent:writer')).toEqual(['a'])
      const undo = () => database.transaction((session) => undoGrantChange(session, 'a', actor(40, 'ben')))
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
        database.transaction((session) => undoGrantChange(session, 'none', actor(1, 'ben'))),
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
    const revoke = (name: string) => database.transaction((session) => revokeActing(session, name, actor(9)))
    await revoke('agent:writer')
    await expect(revoke('agent:writer')).rejects.toMatchObject({ code: 'already-revoked' })
    await expect(revoke('writer')).rejects.toMatchObject({ code: 'unknown-principal' })
    const { principals } = await readAuthorityRows(database, () => 0)
    expect(principals).toMatchObject([{ name: 'agent:writer', kind: 'agent', role: null, ended_at: 9 }])
    const reinstate = () =>
      database.transaction((session) => reinstatePrincipal(session, 'agent:writer', actor(3)))
    await reinstate()
    expect((await readAuthorityRows(database, () => 0)).principals).toMatchObject([{ ended_at: null }])
    await expect(reinstate()).rejects.toMatchObject({ code: 'not-revoked' })
  })

  storeCase(
    'the last person who is owner stays owner, also of two that remove each other',
    open,
    async (database) => {
      await database.transaction(async (session) => {
        await addPrincipal(session, person('ada', 'owner'), actor(1))
        await addPrincipal(session, person('ben', 'owner'), actor(1))
        await addPrincipal(session, { ...person('robot', 'owner'), kind: 'service' }, actor(1))
      })
      const remove = (name: string) =>
        database.transaction((session) => removePrincipal(session, name, actor(3)))
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
      expect(await come('ada')).toMatchObject({ name: 'ada', role: 'owner', created_by: 'ada' })
      expect(await come('ada')).toMatchObject({ name: 'ada' })
      await expect(come('ben')).rejects.toMatchObject({ code: 'unknown-local-user' })
      await database.transaction((session) => addPrincipal(session, person('ben', 'approver'), actor(1)))
      expect(await come('ben@host', 'ben')).toMatchObject({ name: 'ben', role: 'approver' })
      await expect(come('ben@other', 'ben')).rejects.toMatchObject({ code: 'unknown-local-user' })
      await database.transaction((session) => removePrincipal(session, 'ben', actor(5)))
      await expect(come('ben@host', 'ben')).rejects.toMatchObject({ code: 'unknown-local-user' })
    },
  )

  storeCase(
    'the owner of a database from before is whoever comes first, under whatever name',
    open,
    async (database) => {
      const first = actor(0, 'the first start')
      await database.transaction((session) => addPrincipal(session, person('operator', 'owner'), first))
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
