import { z } from 'zod'
import { type BudgetRow, changeCeiling, listBudgets, readBudget } from '../../../store/spending/budgets.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { name } from '../parts.ts'

const nano = 1e9

const budget = z.object({
  scope: name.describe('`project`, `day:2026-11-21`, `workflow:NAME`, `agent:NAME`'),
  ceilingUsd: z.number().nullable().describe('null: counted without a ceiling'),
  spentUsd: z.number(),
  reservedUsd: z.number().describe('Held back for calls that are under way'),
})

const list = read({
  path: '/api/budgets',
  role: 'viewer',
  summary: 'List budgets: what may be spent on models, and what is spent',
  answer: z.object({ items: z.array(budget) }),
  tell: async ({ service: { database } }) => ({ items: (await listBudgets(database)).map(view) }),
})

const set = write({
  method: 'PUT',
  path: '/api/budgets/:scope',
  role: 'owner',
  summary: 'Set the ceiling of a budget; the next start of a worker sets those of reeve.config.ts again',
  params: z.strictObject({
    scope: z.string().regex(/^(project|day:\d{4}-\d\d-\d\d|(workflow|agent):.{1,300})$/),
  }),
  body: z.strictObject({
    ceilingUsd: z.number().min(0).max(9_000_000).nullable(),
    why: z.string().max(1000).optional().describe('Kept with who changed it'),
  }),
  answer: budget,
  subjectOf: ({ params }) => params.scope,
  async act({ service, database, params, body, caller }) {
    const nanousd = body.ceilingUsd === null ? null : Math.round(body.ceilingUsd * nano)
    const woken = await database.transaction((session) =>
      changeCeiling(session, params.scope, nanousd, actingOf(service, caller, body.why)),
    )
    const { notices } = service.internals.engine.services
    for (const run of woken) notices.tell('run-changed', run)
    return { subject: params.scope }
  },
  async tell({ service: { database } }, scope) {
    return view(
      (await readBudget(database, scope)) ?? {
        scope,
        ceiling_nanousd: null,
        spent_nanousd: 0,
        reserved_nanousd: 0,
      },
    )
  },
})

function view(row: BudgetRow): z.input<typeof budget> {
  return {
    scope: row.scope,
    ceilingUsd: row.ceiling_nanousd === null ? null : row.ceiling_nanousd / nano,
    spentUsd: row.spent_nanousd / nano,
    reservedUsd: row.reserved_nanousd / nano,
  }
}

export const budgets = { list, set }
