import { z } from 'zod'
import { toMs } from '../../../base/time/time.ts'
import { type CostView, costsBy, totalCosts } from '../../../inspect/costs/costs.ts'
import type { CostGroup } from '../../../store/spending/costs.ts'
import { read } from '../../http/endpoint.ts'
import { numberIn } from '../parts.ts'

const groups = ['run', 'agent', 'model', 'workflow', 'day'] as const satisfies CostGroup[]

const group = z.object({
  name: z.string().nullable().describe('null: what belongs to none, such as calls that no agent made'),
  calls: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cachedTokens: z.number(),
  costUsd: z.number(),
  unknownUsd: z.number().describe('Of it, for calls whose outcome nobody knows'),
  runs: z.number(),
  succeeded: z.number(),
})

const list = read({
  path: '/api/costs',
  role: 'viewer',
  summary: 'Get the costs of paid models, the dearest first; days in their order',
  query: z.strictObject({
    by: z.enum(groups).default('model'),
    since: z.string().max(20).optional().describe('Only calls of the last `7d`, `12h` …; default: all'),
    limit: numberIn(1, 1000).default(100),
  }),
  answer: z.object({
    items: z.array(group),
    total: z.number().describe('How many groups there are'),
    sum: group.describe('All of them in one'),
  }),
  async tell({ service: { database, clock }, query: { by, since, limit } }) {
    const from = since === undefined ? 0 : clock.now() - toMs(since, 'since')
    const { groups: found, count } = await costsBy(database, { by, since: from, limit })
    const sum = await totalCosts(database, from)
    return { items: found.map(item), total: count, sum: item(sum) }
  },
})

function item({
  cachedInputTokens: cachedTokens,
  perSuccessUsd: _perSuccess,
  ...view
}: CostView): z.input<typeof group> {
  return { ...view, cachedTokens }
}

export const costs = { list }
