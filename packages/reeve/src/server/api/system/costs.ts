import { z } from 'zod'
import { toMs } from '../../../base/time/time.ts'
import { type CostGroup, type CostRow, sumCosts } from '../../../store/ledger/costs.ts'
import { read } from '../../endpoint.ts'
import { numberIn } from '../parts.ts'

const groups = ['run', 'agent', 'model', 'workflow', 'day'] as const satisfies CostGroup[]
const nano = 1e9
const dayMs = 86_400_000

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
  summary: 'Add up what paid models cost, the dearest first; days in their order',
  query: z.strictObject({
    by: z.enum(groups).default('model'),
    since: z.string().max(20).optional().describe('Only calls of the last `7d`, `12h` …; default: all'),
    limit: numberIn(1, 1000).default(100),
  }),
  answer: z.object({ items: z.array(group), total: z.number().describe('How many groups there are') }),
  async tell({ service: { database, clock }, query: { by, since, limit } }) {
    const from = since === undefined ? 0 : clock.now() - toMs(since, 'since')
    const found = await sumCosts(database, { by, since: from, limit })
    return { items: found.groups.map((row) => view(row, by)), total: found.total }
  },
})

function view(row: CostRow, by: CostGroup): z.input<typeof group> {
  return {
    name: by === 'day' ? new Date(Number(row.name) * dayMs).toISOString().slice(0, 10) : row.name,
    calls: Number(row.calls),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    cachedTokens: Number(row.cached_tokens),
    costUsd: Number(row.nanousd) / nano,
    unknownUsd: Number(row.unknown_nanousd) / nano,
    runs: Number(row.runs),
    succeeded: Number(row.succeeded),
  }
}

export const costs = { list }
