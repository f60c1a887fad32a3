import { expect } from 'vitest'
import { approvalView } from '../../src/inspect/approvals/approval-view.ts'
import type { ApprovalTerms } from '../../src/store/approvals/approval-terms.ts'
import { requireApproval } from '../../src/store/approvals/approvals.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { eventsOf } from '../engine/harness.ts'
import { approvalCase, asksFor, type OpenApprovals, whileAsked } from './harness.ts'

const bound = {
  why: ['to: only in a web page that the agent read'],
  places: [{ argument: 'to', place: 'only in a web page', trust: 'untrusted' }],
  definition: 'definition-1',
  policy: 'policy-1',
  allowed: ['approve', 'reject'],
  deciders: { role: 'operator', principals: ['ada', 'eve'], count: 2, notRequester: true },
  timeout: '1h',
  onTimeout: 'escalate',
  executeWithin: '10m',
} as const

const show = { to: 'eve@example.org' }

const asked = { show, ...bound }

export function bindingCases(open: OpenApprovals): void {
  approvalCase(
    'what a request is bound to stands in its event, its row and every view',
    open,
    async (store) => {
      await whileAsked(store, asksFor(asked), async ({ database, clock, run, asked: row }) => {
        const decideBy = clock.now() + 3_600_000
        const terms: ApprovalTerms = {
          why: [...bound.why],
          places: [...bound.places],
          definition: 'definition-1',
          policy: 'policy-1',
          allowed: ['approve', 'reject'],
          deciders: { role: 'operator', principals: ['ada', 'eve'], count: 2, notRequester: true },
          onTimeout: 'escalate',
          decideBy,
          escalateTo: { role: 'owner' },
          executeWithinMs: 600_000,
        }
        const event = (await eventsOf(database, run)).find(({ type }) => type === 'approval-requested')!
        expect(payloadOf(event, 'approval-requested').terms).toEqual(terms)
        expect(JSON.parse(row.terms!)).toEqual(terms)
        expect(row.expires_at).toBe(decideBy + 3_600_000)
        expect(approvalView(row)).toMatchObject({
          why: bound.why,
          places: bound.places,
          boundTo: { definition: 'definition-1', policy: 'policy-1' },
          allowed: ['approve', 'reject'],
          deciders: bound.deciders,
          onTimeout: 'escalate',
          escalateTo: { role: 'owner' },
          executeWithinMs: 600_000,
          hash: row.args_hash,
        })
      })
    },
  )

  approvalCase(
    'each field of what a request is bound to is a part of the hash that is decided',
    open,
    async (store) => {
      await whileAsked(store, asksFor(asked), async ({ database, engine, asked: row }) => {
        const terms = JSON.parse(row.terms!) as Record<string, unknown>
        for (const field of Object.keys(terms)) {
          const { [field]: _gone, ...rest } = terms
          const changed = JSON.stringify(rest)
          await database.run('update approvals set terms = ? where id = ?', [changed, row.id])
          const decided = engine.control.decide(row.id, { verdict: 'reject', by: 'ada', hash: row.args_hash })
          await expect(decided, field).rejects.toMatchObject({ code: 'approval-changed' })
        }
        await database.run('update approvals set terms = ?, expires_at = null where id = ?', [
          row.terms,
          row.id,
        ])
        const later = engine.control.decide(row.id, { verdict: 'reject', by: 'ada' })
        await expect(later, 'expires_at').rejects.toMatchObject({ code: 'approval-changed' })
        expect(await requireApproval(database, row.id)).toMatchObject({ status: 'pending' })
      })
    },
  )

  approvalCase(
    'a request without anything of it has the hash of what it shows, as before',
    open,
    async (store) => {
      await whileAsked(store, asksFor({ show }), async ({ asked: row, run, database }) => {
        expect(row.terms).toBeNull()
        const event = (await eventsOf(database, run)).find(({ type }) => type === 'approval-requested')!
        expect(payloadOf(event, 'approval-requested')).not.toHaveProperty('terms')
        expect(approvalView(row)).toMatchObject({
          why: [],
          places: [],
          deciders: {},
          onTimeout: 'reject',
          decideBy: null,
        })
      })
    },
  )
}
