import { z } from 'zod'
import type { Today } from '../../inspect/health/today.ts'
import type { WaitingItem } from '../../inspect/lists/people-inbox.ts'
import type { QueueView } from '../../inspect/lists/queues.ts'
import type { ScheduleView } from '../../inspect/lists/schedules.ts'
import { id, name, time } from './parts.ts'
import { approvalView, type Shown } from './shapes.ts'

/** What the read model says of the whole project, over the wire. */

const count = z.number()
const usd = z.number()
const share = z.number().nullable().describe('0 to 1; null: there is nothing to go by')

export const queueView = z.object({
  name,
  paused: z.boolean(),
  ready: count.describe('Runs that a worker could claim now'),
  readySince: time.nullable(),
  inLine: count.describe('Runs behind others of their key'),
  running: count,
  limits: z.object({
    concurrency: z.number().nullable(),
    keyConcurrency: z.number().nullable(),
    rate: z.object({ count, perMs: z.number() }).nullable(),
  }),
  lacking: z.array(z.object({ workflow: name, version: z.string(), ready: count })),
}) satisfies z.ZodType<QueueView>

export const scheduleView = z.object({
  name,
  workflow: name,
  paused: z.boolean(),
  nextAt: time.nullable(),
  last: z
    .object({
      nominalAt: time,
      outcome: z.enum(['started', 'skipped']),
      reason: z.string().nullable(),
      runId: z.string().nullable(),
    })
    .nullable(),
}) satisfies z.ZodType<ScheduleView>

export const waitingItem = z.object({
  kind: z.enum(['approval', 'question', 'outcome', 'stuck']),
  since: time,
  runId: id,
  workflow: name,
  subject: z.string().describe('The tool or the question; of a stuck run why it is stuck. Foreign text'),
  alike: z.string().describe('Equal for things that may be decided together, once one was looked at'),
  approval: approvalView.nullable(),
}) satisfies z.ZodType<Shown<WaitingItem>>

export const waitingCounts = z.object({
  approval: count,
  question: count,
  outcome: count,
  stuck: count,
  proposal: count.describe('What machines propose to change: `/api/proposals`'),
  total: count,
  aside: count.describe(
    'Kept back: more of one sender, or of one kind by one channel, than people are shown',
  ),
  isMore: z.boolean().describe('There are more than were counted'),
}) satisfies z.ZodType<Today['waiting']['counts']>

const spend = z.object({
  spentUsd: usd,
  reservedUsd: usd,
  ceilingUsd: usd.nullable(),
  forecastUsd: usd.nullable(),
  endsAt: time,
})

const rate = z.object({ rate: share, succeeded: count, failed: count, cancelled: count, since: time })

export const today = z.object({
  at: time,
  health: z.object({
    state: z.enum(['well', 'attention', 'trouble', 'paused']),
    sentence: z.string(),
    remark: z.string(),
    problems: z.array(
      z.object({
        what: z.enum(['no-worker', 'silent', 'stuck', 'lacking-version', 'paused-queue']),
        state: z.enum(['attention', 'trouble']),
        count,
        words: z.string(),
      }),
    ),
  }),
  waiting: z.object({ counts: waitingCounts, oldest: z.array(waitingItem) }),
  runs: z.object({ running: count, queued: count, waiting: count, stuck: count, failed: count }),
  queues: z.array(queueView),
  workers: count,
  spend: z.object({
    today: spend,
    month: spend,
    project: spend.pick({ spentUsd: true, reservedUsd: true, ceilingUsd: true }),
  }),
  success: z.object({
    now: rate,
    before: rate,
    change: z.number().nullable(),
    decisions: z.object({ approved: count, edited: count, rejected: count, answered: count }),
    correctionRate: share,
  }),
  failures: z.object({
    groups: z.array(
      z.object({
        reason: z.string(),
        count,
        workflows: z.array(name),
        runs: z.array(id),
        firstAt: time,
        lastAt: time,
      }),
    ),
    count,
    isMore: z.boolean(),
  }),
  silent: z.array(
    z.object({
      runId: id,
      workflow: name,
      since: time,
      silentMs: z.number(),
      state: z.enum(['suspicious', 'alarming']),
      reason: z.string().nullable(),
    }),
  ),
  schedules: z.array(scheduleView),
}) satisfies z.ZodType<Shown<Today>>
