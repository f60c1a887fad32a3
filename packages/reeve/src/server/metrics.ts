import { fromNanoUsd } from '../base/money.ts'
import { countsOfWaiting } from '../inspect/lists/people-inbox.ts'
import { type QueueView, queuesView } from '../inspect/lists/queues.ts'
import { liveWorkers } from '../store/dispatch/workers.ts'
import { listBudgets } from '../store/spending/budgets.ts'
import type { Service } from './service.ts'

interface Sample {
  labels?: Record<string, string>
  value: number
}

/** What Prometheus reads. All of it is counted in the database, so that it says the same whichever process is asked. */
export async function metricsText({ database, engine, clock }: Service): Promise<string> {
  const queues = await queuesView(database)
  const budgets = await listBudgets(database)
  const waits = await countsOfWaiting(database)
  const workers = await liveWorkers(database)
  const now = clock.now()
  const ofQueues = (measured: (queue: QueueView) => number): Sample[] =>
    queues.map((queue) => ({ labels: { queue: queue.name }, value: measured(queue) }))
  const waitedMs = ({ readySince }: QueueView) => (readySince === null ? 0 : now - Date.parse(readySince))
  const { approval, question, outcome, stuck, proposal } = waits
  const ceilings = budgets.filter(({ ceiling_nanousd }) => ceiling_nanousd !== null)
  return [
    metric(
      'reeve_queue_ready',
      'Runs that wait for a worker, counted up to 10,000',
      ofQueues(({ ready, inLine }) => ready + inLine),
    ),
    metric(
      'reeve_queue_running',
      'Runs that workers drive now',
      ofQueues(({ running }) => running),
    ),
    metric(
      'reeve_queue_oldest_seconds',
      'How long the next ready run has waited',
      ofQueues((queue) => Math.max(0, waitedMs(queue)) / 1000),
    ),
    metric(
      'reeve_queue_paused',
      '1: the queue is paused',
      ofQueues(({ paused }) => (paused ? 1 : 0)),
    ),
    metric(
      'reeve_waiting',
      'What waits for a person',
      Object.entries({ approval, question, outcome, stuck, proposal }).map(([kind, value]) => ({
        labels: { kind },
        value,
      })),
    ),
    metric('reeve_workers', 'Workers that may be alive', [{ value: workers.length }]),
    metric('reeve_worker_runs', 'Runs that this process holds', [{ value: engine.worker.active }]),
    metric(
      'reeve_budget_spent_usd',
      'What models cost, by budget',
      budgets.map(({ scope, spent_nanousd }) => ({
        labels: { scope },
        value: fromNanoUsd(spent_nanousd),
      })),
    ),
    metric(
      'reeve_budget_ceiling_usd',
      'What they may cost',
      ceilings.map(({ scope, ceiling_nanousd }) => ({
        labels: { scope },
        value: fromNanoUsd(ceiling_nanousd!),
      })),
    ),
    metric('process_resident_memory_bytes', 'Memory of this process', [{ value: process.memoryUsage.rss() }]),
    metric('process_uptime_seconds', 'How long this process runs', [{ value: process.uptime() }]),
  ].join('')
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${quoted(text)}"`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function quoted(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}
