import { z } from 'zod'
import { entryOf, ledgerPage } from '../../../inspect/ledger/ledger.ts'
import { decisionResults } from '../../../store/journal/vocabulary/autonomy-events.ts'
import { read } from '../../http/endpoint.ts'
import { json, numberIn, time } from '../parts.ts'

const result = z.enum(decisionResults)

export const ledgerEntry = z.object({
  timestamp: time.describe('When it was decided'),
  decision: z.string().describe('The directive, or idle'),
  params: z.record(z.string(), json).describe('What the directive was given. Untrusted'),
  result,
  metrics: z.object({
    cost: z.number().describe('What deciding and executing cost, in US dollars'),
    duration_s: z.number().describe('From the decision to its end, in seconds'),
  }),
  why: z.string().describe('The reason that was given with it. Untrusted'),
  goal: z.string().nullable(),
})

/** Where an entry comes from. */
export const ledgerOrigin = z.object({
  daemon: z.string(),
  cycle: z.number(),
  runId: z.string().describe('The run that is its cycle'),
  executionId: z.string().nullable().describe('The run that executed it'),
  by: z
    .object({
      kind: z.enum(['route', 'rules', 'nobody']),
      solver: z.string().optional(),
      solverKind: z.string().optional(),
      instead: z.string().optional(),
    })
    .describe('Who decided'),
  detail: z.string().describe('What failed; empty: nothing to say. Untrusted'),
})

const list = read({
  path: '/api/ledger',
  role: 'viewer',
  summary: 'List the ledger of decisions of daemons, the newest first: a view of their journals',
  query: z.strictObject({
    daemon: z.string().optional(),
    goal: z.string().max(1024).optional().describe('Decisions for this goal alone'),
    decision: z.string().max(1024).optional().describe('Of this directive alone; `idle`: to do nothing'),
    result: z
      .union([result.transform((one) => [one]), z.array(result).min(1).max(decisionResults.length)])
      .optional()
      .describe('One, or several'),
    since: z.iso.datetime({ offset: true }).optional().describe('From then on'),
    skipped: z.stringbool().default(false).describe('Cycles without a decision too'),
    origin: z.stringbool().default(false).describe('With `of`: daemon, cycle, runs, and who decided'),
    limit: numberIn(1, 500).default(50),
    cursor: z.string().optional(),
  }),
  answer: z.object({
    items: z.array(ledgerEntry.extend({ of: ledgerOrigin.optional() })),
    next: z.string().nullable(),
  }),
  async tell({ service: { database }, query }) {
    const { since, origin, result, ...rest } = query
    const page = await ledgerPage(database, {
      ...rest,
      results: result,
      since: since === undefined ? undefined : Date.parse(since),
    })
    return { items: origin ? page.lines : page.lines.map(entryOf), next: page.next }
  },
})

export const ledger = { list }
