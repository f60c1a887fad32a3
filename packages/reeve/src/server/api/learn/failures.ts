import { z } from 'zod'
import { toMs } from '../../../base/time/time.ts'
import { type FailureClasses, failureClasses } from '../../../inspect/failures/failure-classes.ts'
import { places } from '../../../inspect/failures/place-of.ts'
import { read } from '../../http/endpoint.ts'
import { time } from '../parts.ts'

const list = read({
  path: '/api/failures',
  role: 'viewer',
  summary: 'List classes of failures and corrections, by where their fix belongs',
  description:
    'By rules on the newest 2,000 runs that failed and the newest 2,000 decisions that people made otherwise.',
  query: z.strictObject({ since: z.string().max(20).default('30d') }),
  answer: z.object({
    since: time,
    isMore: z.boolean().describe('There are more than were looked at'),
    classes: z.array(
      z.object({
        place: z.enum(places).nullable().describe('null: no rule speaks of them'),
        count: z.number(),
        proposalId: z.string().nullable(),
        reasons: z.array(z.object({ reason: z.string(), count: z.number() })),
        workflows: z.array(z.string()),
        runs: z.array(z.string()),
        days: z.array(z.object({ day: z.string(), count: z.number() })),
      }),
    ),
  }) satisfies z.ZodType<FailureClasses>,
  tell: ({ service: { database, clock }, query }) =>
    failureClasses(database, clock.now() - toMs(query.since, 'since')),
})

export const failures = { list }
