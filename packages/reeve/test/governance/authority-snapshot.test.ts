import { expect, test } from 'vitest'
import { emptySnapshot, type Mode, type Switch, snapshotOf } from '../../src/governance/authority-snapshot.ts'

function modeUnder(switches: Switch[], call: { agent?: string; tool: string; connector?: string }) {
  return snapshotOf({ version: 1, principals: [], changes: [], switches }).mode(call)
}

test('a snapshot without facts says nothing', () => {
  expect(emptySnapshot.version).toBe(0)
  expect(emptySnapshot.principal('ada')).toBeUndefined()
  expect(emptySnapshot.changesOf('agent:writer')).toEqual([])
  expect(emptySnapshot.mode({ agent: 'writer', tool: 'mail.send', connector: 'mail' })).toBeUndefined()
})

test('of switches on everything, a connector, a tool and an agent the strictest holds', () => {
  const call = { agent: 'writer', tool: 'mail.send', connector: 'mail' }
  const places: Omit<Switch, 'mode'>[] = [
    {},
    { connector: 'mail' },
    { tool: 'mail.send' },
    { agent: 'writer' },
    { agent: 'writer', tool: 'mail.send' },
  ]
  for (const place of places) {
    for (const mode of ['off', 'ask', 'allow'] satisfies Mode[])
      expect(modeUnder([{ ...place, mode }], call)).toBe(mode)
    for (const other of places) {
      expect(
        modeUnder(
          [
            { ...place, mode: 'ask' },
            { ...other, mode: 'allow' },
          ],
          call,
        ),
      ).toBe('ask')
      expect(
        modeUnder(
          [
            { ...place, mode: 'allow' },
            { ...other, mode: 'off' },
          ],
          call,
        ),
      ).toBe('off')
    }
  }
})

test('a switch holds only for calls that have all that it names', () => {
  const off = (place: Omit<Switch, 'mode'>, call: { agent?: string; tool: string; connector?: string }) =>
    modeUnder([{ ...place, mode: 'off' }], call)
  expect(off({ tool: 'mail.send' }, { tool: 'mail.read' })).toBeUndefined()
  expect(off({ agent: 'writer' }, { tool: 'mail.send' })).toBeUndefined()
  expect(off({ agent: 'writer', tool: 'mail.send' }, { agent: 'other', tool: 'mail.send' })).toBeUndefined()
  expect(off({ connector: 'mail' }, { tool: 'mail.send' })).toBeUndefined()
})

test('a principal is found with its role, and whether it was revoked', () => {
  const snapshot = snapshotOf({
    version: 3,
    principals: [
      { id: 'ada', kind: 'person', role: 'owner', isRevoked: false },
      { id: 'agent:writer', kind: 'agent', isRevoked: true },
    ],
    changes: [{ principal: 'agent:writer', change: { kind: 'suspend', grant: 'mail.send', from: 5 } }],
    switches: [],
  })
  expect(snapshot.principal('ada')).toMatchObject({ role: 'owner', isRevoked: false })
  expect(snapshot.principal('agent:writer')?.isRevoked).toBe(true)
  expect(snapshot.changesOf('agent:writer')).toEqual([{ kind: 'suspend', grant: 'mail.send', from: 5 }])
  expect(snapshot.changesOf('ada')).toEqual([])
})
