import { costUsd, findPrice } from '../../packages/reeve/src/models/asking/price.ts'

/** A task of a business that runs itself: how often a day it is asked of a hosted model, and what a call carries. */
interface HostedTask {
  name: string
  callsPerDay: number
  inputTokens: number
  outputTokens: number
  /** The model that it is routed to. */
  model: string
}

/** Long texts go to a model that writes well; short ones, replies and repairs to cheap ones. */
const hostedTasks: HostedTask[] = [
  {
    name: 'blog posts',
    callsPerDay: 2,
    inputTokens: 2000,
    outputTokens: 4500,
    model: 'google/gemini-2.5-pro',
  },
  {
    name: 'social posts',
    callsPerDay: 10,
    inputTokens: 600,
    outputTokens: 100,
    model: 'google/gemini-2.5-flash',
  },
  {
    name: 'self-repair',
    callsPerDay: 4,
    inputTokens: 3000,
    outputTokens: 800,
    model: 'google/gemini-2.5-flash',
  },
  {
    name: 'engagement',
    callsPerDay: 20,
    inputTokens: 800,
    outputTokens: 120,
    model: 'anthropic/claude-haiku-4-5',
  },
]

/** What the decisions of such a business cost a day with one large model for everything. */
const decisionsUsd = 10

export interface MixRow {
  task: string
  callsPerDay: number
  largeUsd: number
  routedUsd: number
}

/**
 * A day of five tasks with one large model for everything, and routed. Decisions are as many as the large model makes for
 * 10 dollars, at the measured price of one; the other calls are priced by their tokens.
 */
export function taskMix(large: string, decision: { largeUsd: number; routedUsd: number }): MixRow[] {
  const callsPerDay = Math.round(decisionsUsd / decision.largeUsd)
  return [
    {
      task: 'decisions',
      callsPerDay,
      largeUsd: callsPerDay * decision.largeUsd,
      routedUsd: callsPerDay * decision.routedUsd,
    },
    ...hostedTasks.map((task) => ({
      task: task.name,
      callsPerDay: task.callsPerDay,
      largeUsd: dayUsd(task, large),
      routedUsd: dayUsd(task, task.model),
    })),
  ]
}

function dayUsd(task: HostedTask, model: string): number {
  const price = findPrice(model)
  if (!price) throw new Error(`the price of ${model} is not known`)
  return task.callsPerDay * costUsd(price, task.inputTokens, task.outputTokens)
}
