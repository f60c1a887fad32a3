import { z } from 'zod'
import type { Duration } from '../../../base/time/time.ts'
import type { PolicyReport } from '../../../governance/policy-test/policy-report.ts'
import { testPolicy } from '../../../runtime/judging/policy-testing.ts'
import { read } from '../../http/endpoint.ts'
import { id, json, name, numberIn } from '../parts.ts'

const verdict = z.enum(['allow', 'ask', 'deny'])
const texts = z.array(z.string())

const test = read({
  path: '/api/policy/test',
  role: 'operator',
  summary: 'Test the policy of now (grants, policies and switches) on the calls of past runs',
  description: 'It reads the journals of so many runs, the newest first. Nothing acts.',
  query: z.strictObject({
    run: id.optional().describe('Only this run'),
    workflow: name.optional().describe('Only its runs'),
    since: z.string().max(20).optional().describe('Only runs that began within the last `7d`, `12h` …'),
    limit: numberIn(1, 5000).default(500).describe('The most runs'),
  }),
  answer: z.object({
    runs: z.number(),
    calls: z.number(),
    counts: z
      .record(z.string(), z.number())
      .describe('How many calls were decided so before, and now: `allow → ask`'),
    differences: z
      .array(
        z.object({
          tool: name,
          agent: z.string().nullable(),
          workflow: name,
          before: verdict,
          after: verdict,
          reasons: texts.describe('Codes of the reasons that are new, or that are gone'),
          count: z.number(),
          examples: z.array(
            z.object({
              runId: id,
              step: z.number(),
              at: z.number().describe('ms since 1970'),
              args: json.describe('Untrusted'),
              whyBefore: texts,
              whyAfter: texts,
            }),
          ),
        }),
      )
      .describe('What lets more through comes first'),
    unjudged: z.array(
      z.object({
        why: z.string(),
        count: z.number(),
        examples: z.array(z.object({ runId: id, step: z.number().nullable(), tool: z.string().nullable() })),
      }),
    ),
  }) satisfies z.ZodType<PolicyReport>,
  tell: ({ service: { internals, project }, query: { since, run, workflow, limit } }) =>
    testPolicy(internals, project, {
      limit,
      ...(run !== undefined && { run }),
      ...(workflow !== undefined && { workflow }),
      ...(since !== undefined && { since: since as Duration }),
    }),
})

export const policy = { test }
