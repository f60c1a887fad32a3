import { expect } from 'vitest'
import { type Ceiling, noteCeilings } from '../../../src/governance/history/ceilings.ts'
import { whoCould } from '../../../src/governance/history/who-could.ts'
import { readActs } from '../../../src/store/authority/authority-log.ts'
import { listCeilings } from '../../../src/store/authority/ceilings.ts'
import { addGrantChange, undoGrantChange } from '../../../src/store/authority/grant-changes.ts'
import { setSwitch } from '../../../src/store/authority/switches.ts'
import type { Database } from '../../../src/store/database.ts'
import {
  addPrincipal,
  changeRole,
  reinstatePrincipal,
  revokeActing,
} from '../../../src/store/identity/principals.ts'
import { type Open, storeCase } from './fixtures.ts'

const by = (at: number, name = 'ada') => ({ by: name, proof: 'local-user' as const, at })
const desk = 'agent:desk'

/** The code, as it was seen at a time. */
function seen(
  database: Database,
  now: number,
  ceilings: Record<string, Ceiling>,
  policies = 'p',
): Promise<void> {
  const all = Object.entries(ceilings).map(([id, ceiling]) => ({ id, ceiling }))
  return noteCeilings(database, all, { now, policies })
}

const limited = { grants: [{ tool: 'pay.refund', args: { amountUsd: { max: 100 } } }], tools: ['pay.refund'] }
const wider = { grants: [{ tool: 'pay.*' }], tools: ['pay.refund'] }

export function pastAuthorityCases(open: Open): void {
  storeCase(
    'what code grants is written down when it changes, with one act for all of it',
    open,
    async (database) => {
      await seen(database, 10, { [desk]: limited, 'workflow:flow': { grants: null } })
      await seen(database, 11, { [desk]: limited, 'workflow:flow': { grants: null } })
      await seen(database, 12, { [desk]: wider })
      await seen(database, 13, { [desk]: wider }, 'other policies')
      await seen(database, 14, { [desk]: limited }, 'other policies')
      const rows = await listCeilings(database)
      expect(rows.map(({ principal, no, seen_at: at }) => [principal, no, at])).toEqual([
        [desk, 1, 10],
        [desk, 2, 12],
        [desk, 3, 14],
        ['workflow:flow', 1, 10],
      ])
      const acts = await readActs(database)
      expect(acts.map(({ type, at }) => `${type} ${at}`)).toEqual(
        [10, 12, 13, 14].map((at) => `policy-changed ${at}`),
      )
      const said = acts.map(({ payload }) => JSON.parse(payload!).details)
      expect(said[0].before).toBeNull()
      for (const index of [1, 2, 3]) expect(said[index].before).toBe(said[index - 1].policy)
    },
  )

  storeCase(
    'who could have called a tool is told for every moment between two times',
    open,
    async (database) => {
      const act = (
        body: (session: Parameters<Parameters<Database['transaction']>[0]>[0]) => Promise<unknown>,
      ) => database.transaction(body)
      await act((session) => addPrincipal(session, { name: 'ada', kind: 'person', role: 'owner' }, by(1)))
      await act((session) => addPrincipal(session, { name: 'eve', kind: 'person', role: 'owner' }, by(1)))
      await seen(database, 100, { [desk]: limited, 'workflow:flow': { grants: null } })
      const suspend = { kind: 'suspend', grant: 'pay.refund', from: 200 }
      await act((session) => addGrantChange(session, { id: 'a', principal: desk, change: suspend }, by(200)))
      await act((session) => undoGrantChange(session, 'a', by(300)))
      await act((session) => revokeActing(session, desk, by(400)))
      await act((session) => reinstatePrincipal(session, desk, by(500)))
      await act((session) => setSwitch(session, { connector: 'pay' }, 'ask', by(600)))
      await seen(database, 700, { [desk]: wider })
      await act((session) => setSwitch(session, { connector: 'pay' }, 'off', by(800)))
      await act((session) => setSwitch(session, { connector: 'pay' }, 'allow', by(900)))
      await seen(database, 1000, { [desk]: { grants: [], tools: [] } })
      const excepted = { kind: 'exception', from: 1100, until: 1400, grant: { tool: 'pay.refund' } }
      await act((session) =>
        addGrantChange(
          session,
          { id: 'b', principal: desk, change: excepted, endsAt: 1400 },
          by(1100, 'eve'),
        ),
      )
      // An exception counts as long as whoever made it is an owner.
      await act((session) => changeRole(session, 'eve', 'viewer', by(1200)))
      const spans = async (from: number, until: number, args?: Record<string, number>) => {
        const found = await whoCould(database, { tool: 'pay.refund', from, until, ...(args && { args }) })
        return found.spans
          .filter(({ principal }) => principal === desk)
          .map((span) => `${span.from}-${span.until} ${span.by}${span.isAsked ? ' asked' : ''}`)
      }
      const all = await spans(0, 2000)
      expect(all).toEqual([
        '100-200 code',
        '300-400 code',
        '500-600 code',
        '600-700 code asked',
        '700-800 code asked',
        '900-1000 code',
        '1100-1200 exception',
      ])
      expect(await spans(150, 160)).toEqual(['150-160 code'])
      expect(await spans(220, 280)).toEqual([])
      expect(await spans(0, 2000, { amountUsd: 150 })).toEqual(all.slice(4))
      expect(await spans(100, 200, { amountUsd: 50 })).toEqual(['100-200 code'])
      const { spans: others, unknownBefore } = await whoCould(database, {
        tool: 'pay.refund',
        from: 50,
        until: 150,
      })
      expect(others).toMatchObject([
        { principal: desk, conditions: ['amountUsd within {"max":100}'] },
        { principal: 'workflow:flow', by: 'unlimited', from: 100, until: 150 },
      ])
      expect(unknownBefore).toEqual([
        { principal: desk, at: 100 },
        { principal: 'workflow:flow', at: 100 },
      ])
      expect((await whoCould(database, { tool: 'mail.send', from: 100, until: 600 })).spans).toMatchObject([
        { principal: 'workflow:flow', from: 100, until: 600 },
      ])
    },
  )
}
