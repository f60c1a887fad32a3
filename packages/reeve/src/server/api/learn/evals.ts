import { z } from 'zod'
import type { Duration } from '../../../base/time/time.ts'
import { correctedCases } from '../../../evals/corrected-cases.ts'
import type { EvalCase } from '../../../evals/scorers/scorer.ts'
import {
  type EvalResult,
  type EvalSummary,
  evalResult,
  evalResults,
} from '../../../inspect/evals/eval-view.ts'
import { read } from '../../http/endpoint.ts'
import { json, name, numberIn, time } from '../parts.ts'

const share = z.number().describe('0 to 1')

const change = z.object({
  cases: z.number().describe('Cases that both have'),
  mean: z.number().describe('Of this result less that of the baseline'),
  low: z.number().describe('95 % lie between this and `high`'),
  high: z.number(),
  p: z.number().describe('Two-sided exact sign test over the cases that differ'),
  verdict: z.enum(['better', 'worse', 'unclear']),
})

const summary = z.object({
  id: name,
  name: z.string(),
  at: time,
  dataHash: z.string().describe('SHA-256 of the cases, fixed before the first was run'),
  by: z.string(),
  baseline: z.object({ id: z.string(), sameData: z.boolean() }).nullable(),
  count: z.number().describe('How many cases it had'),
  scorers: z.record(
    z.string(),
    z.object({
      mean: share,
      measured: z.number().optional().describe('The mean of what it measures: dollars, milliseconds'),
      missed: share.optional().describe('What it had to reach, and did not'),
      change: change.optional().describe('Against the baseline'),
    }),
  ),
  costUsd: z.number(),
  seconds: z.number(),
  verdict: z.enum(['passed', 'regressed', 'missed']),
  changed: z
    .array(z.object({ id: z.string(), scorer: z.string(), before: share, now: share }))
    .describe('The cases whose scores differ from those of the baseline'),
})

const outcome = z.object({
  status: z.enum(['succeeded', 'failed', 'cancelled', 'stuck', 'waits', 'timeout']),
  output: json.optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  calls: z.array(z.object({ tool: z.string(), args: json.optional() })),
  solvers: z.array(z.string()),
  costUsd: z.number(),
  ms: z.number(),
  runId: z.string().describe("In the eval's own database"),
})

const list = read({
  path: '/api/evals',
  role: 'viewer',
  summary: 'List results of evals, the newest first',
  query: z.strictObject({ name: z.string().max(1024).optional(), limit: numberIn(1, 200).default(50) }),
  answer: z.object({ items: z.array(summary) satisfies z.ZodType<EvalSummary[]> }),
  tell: async ({ service: { database }, query }) => ({ items: await evalResults(database, query) }),
})

const aCall = z.object({ tool: z.string(), args: json.optional() })

const cases = read({
  path: '/api/evals/cases',
  role: 'viewer',
  summary: 'List cases for an eval: what people corrected',
  query: z
    .strictObject({
      workflow: name.optional().describe('Of its runs: what they were given, and what people made of them'),
      question: name.optional().describe('What it was about, and what a person answered'),
      since: z.string().max(20).default('90d'),
    })
    .refine(({ workflow, question }) => (workflow === undefined) !== (question === undefined), {
      message: 'give `workflow` or `question`',
    }),
  answer: z.object({
    items: z.array(
      z.object({
        id: z.string().optional(),
        input: json.describe('Untrusted'),
        expected: json.optional(),
        calls: z.array(aCall).optional().describe('Calls of tools that should be made, in their order'),
        not: z.array(aCall).optional().describe('Calls that must not be made'),
      }),
    ) satisfies z.ZodType<EvalCase[]>,
  }),
  async tell({ service: { database, clock }, query: { workflow, question, since } }) {
    const of = workflow === undefined ? { question: question! } : { workflow }
    return { items: await correctedCases(database, { ...of, since: since as Duration }, clock.now()) }
  },
})

const one = read({
  path: '/api/evals/:eval',
  role: 'viewer',
  summary: 'Get a result of an eval with its cases',
  params: z.strictObject({ eval: name }),
  answer: summary.extend({
    cases: z.array(
      z.object({
        id: z.string(),
        outcome,
        scores: z.record(
          z.string(),
          z.object({ score: share, why: z.string().optional(), measured: z.number().optional() }),
        ),
      }),
    ),
  }) satisfies z.ZodType<EvalResult>,
  tell: ({ service: { database }, params }) => evalResult(database, params.eval),
})

export const evals = { list, cases, one }
