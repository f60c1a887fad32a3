import { z } from 'zod'
import type { MetricsByDay } from '../../inspect/health/metrics.ts'

const rate = z.number().nullable().describe('0 to 1; null: there is nothing to go by')
const metrics = z.object({
  ended: z.number(),
  taskSuccess: rate,
  humanCorrectionRate: rate.describe('Of what people decided, what they edited or rejected'),
  iterationsPerCompletedTask: z.number().nullable().describe('How often solvers were asked'),
  costPerSuccessfulRunUsd: z.number().nullable().describe('Failed runs are paid for, too'),
  escalationRate: rate.describe('Of the runs that ended, those that asked a person'),
  blockedToolCalls: z.number(),
  toolCalls: z.number(),
})

/** The six metrics, wherever they are told. */
export const metricsByDay = z.object({
  total: metrics,
  days: z.array(metrics.extend({ day: z.string().describe('Such as `2026-11-21`, UTC') })),
}) satisfies z.ZodType<MetricsByDay>

export const metricsQuery = z.strictObject({ since: z.string().max(20).default('30d') })
