import { installSchedules } from '../../../src/engine/starting/schedule.ts'
import { noLimits, saveQueue } from '../../../src/store/dispatch/queues/queues.ts'
import type { Facts } from '../facts.ts'
import { crashWorkflow, outputsAre, type Shape, type Start, starts, witness } from './shape.ts'

const leastOccurrences = 3

/** Shapes about how runs come to be and wait their turn. */
export const startShapes: Shape[] = [
  {
    name: 'idempotent-start',
    starts: [...starts('idempotent-start', 2), ...starts('idempotent-start', 2)],
    workflows(outside) {
      const { step, call } = witness(outside)
      return [
        crashWorkflow('idempotent-start', async (ctx, input) => {
          await step(ctx, 'first', () => input)
          return call(ctx, 'tool', { input }, { effect: 'idempotent' })
        }),
      ]
    },
    verify: (facts) => (facts.runs.length === 2 ? [] : [`two keys made ${facts.runs.length} runs`]),
  },
  {
    name: 'delayed-start',
    starts: starts('delayed-start', 3).map(
      (start, index): Start => ({ ...start, options: { delay: `${index * 300}ms`, priority: index } }),
    ),
    workflows(outside) {
      const { step } = witness(outside)
      return [crashWorkflow('delayed-start', (ctx, input) => step(ctx, 'only', () => input))]
    },
    verify: outputsAre((input) => input),
  },
  {
    name: 'debounced-start',
    starts: [1, 2, 3].map((input) => ({
      workflow: 'debounced-start',
      key: `debounced-${input}`,
      input,
      options: { debounce: { key: 'same', delay: '300ms' } },
    })),
    workflows(outside) {
      const { step } = witness(outside)
      return [crashWorkflow('debounced-start', (ctx, input) => step(ctx, 'only', () => input))]
    },
    verify: (facts) => {
      const last = facts.runs.at(-1)
      return last && facts.outputOf(last) === 3 ? [] : ['the last of the debounced inputs was not used']
    },
  },
  {
    name: 'schedule',
    starts: [],
    workflows(outside) {
      const { step } = witness(outside)
      return [crashWorkflow('schedule', (ctx) => step(ctx, 'only', () => 1))]
    },
    async prepare(engine) {
      const seen = await engine.database.get<{ count: number }>('select count(*) as count from occurrences')
      if (seen!.count < leastOccurrences) await install(engine, true)
    },
    async operate(operator) {
      if (operator.runs().length >= leastOccurrences) {
        await operator.once('stop the schedule', () => install(operator.engine, false))
      }
    },
    isDone: (runs) => runs.length >= leastOccurrences,
    verify: scheduleKept,
  },
  queueShape('queue-concurrency', { ...noLimits, concurrency: 1 }, 'narrow', () => 'all'),
  queueShape('queue-default-limited', { ...noLimits, concurrency: 1 }, 'default', () => 'all'),
  queueShape('queue-per-key', { ...noLimits, key_concurrency: 1 }, 'keyed', (input) => `key-${input % 2}`),
  queueShape('queue-rate', { ...noLimits, rate_count: 1, rate_ms: 300 }, 'rated', (input) => `run-${input}`),
  {
    name: 'retried-run',
    starts: starts('retried-run', 1),
    workflows(outside) {
      const { step, call } = witness(outside)
      return [
        crashWorkflow('retried-run', async (ctx, input) => {
          await step(ctx, 'before', () => input)
          await call(
            ctx,
            'tool',
            { input },
            { effect: 'idempotent', manner: 'refuse-first', retry: { attempts: 1 } },
          )
          return step(ctx, 'after', () => 'mended')
        }),
      ]
    },
    async operate(operator) {
      const run = operator.run('retried-run-1')
      if (run?.status !== 'failed') return
      const retry = () => operator.engine.control.retry(run.id, 'ada')
      await operator.once(`retry ${run.id} from ${run.head_seq}`, retry)
    },
    isDone: (runs) => runs.every((run) => run.status === 'succeeded'),
    verify: outputsAre(() => 'mended'),
  },
  {
    name: 'forked-run',
    starts: starts('forked-run', 1),
    workflows(outside) {
      const { step, call } = witness(outside)
      return [
        crashWorkflow('forked-run', async (ctx, input) => {
          const made = await call(ctx, 'tool', { input }, { effect: 'idempotent' })
          return step(ctx, 'after', () => (made as { receipt: number }).receipt)
        }),
      ]
    },
    async operate(operator) {
      const run = operator.run('forked-run-1')
      if (run?.status !== 'succeeded' || operator.runs().length > 1) return
      await operator.engine.control.fork(run.id, 2, 'ada')
    },
    isDone: (runs) => runs.length > 1,
    verify: (facts) =>
      facts.heardOf('effect').filter((one) => one.applied).length === 1
        ? []
        : ['a fork repeated an effect before its step'],
  },
]

async function install(engine: Parameters<NonNullable<Shape['prepare']>>[0], wanted: boolean): Promise<void> {
  const definitions = { everySecond: { workflow: 'schedule', cron: '* * * * * *' } }
  await installSchedules(engine.database, engine.services, wanted ? definitions : {})
}

/** Every second from the first to the last was dealt with once, and each start made one run. */
function scheduleKept(facts: Facts): string[] {
  const problems: string[] = []
  let expected = facts.occurrences[0]?.nominal
  for (const occurrence of facts.occurrences) {
    if (occurrence.nominal !== expected) problems.push(`no occurrence of ${expected}`)
    expected = occurrence.nominal + 1000
    if (occurrence.outcome === 'skipped' && !occurrence.reason) problems.push('a skip without a reason')
    if (occurrence.outcome === 'started' && !facts.run(occurrence.run!))
      problems.push(`occurrence ${occurrence.nominal} started no run`)
  }
  const started = facts.occurrences.filter((occurrence) => occurrence.outcome === 'started').length
  if (started !== facts.runs.length) problems.push(`${started} occurrences made ${facts.runs.length} runs`)
  return problems
}

/** Runs that may not overlap within their group, as the outside sees them. */
function queueShape(
  name: string,
  limits: Parameters<typeof saveQueue>[2],
  queue: string,
  group: (input: number) => string,
): Shape {
  return {
    name,
    starts: starts(name, 3),
    workflows(outside) {
      const { step } = witness(outside)
      return [
        crashWorkflow(
          name,
          async (ctx, input) => {
            const run = ctx.runId
            return step(ctx, 'alone', async () => {
              outside.tell({ kind: 'entered', group: group(input as number), run })
              for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
              outside.tell({ kind: 'left', group: group(input as number), run })
              return input
            })
          },
          { queue, key: (input) => group(input as number) },
        ),
      ]
    },
    prepare: (engine) => engine.database.transaction((session) => saveQueue(session, queue, limits)),
    verify: outputsAre((input) => input),
  }
}
