import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { readInbox } from '../../examples/support-triage/ingest/read-inbox.ts'
import { train, triageConfig } from '../../examples/support-triage/triage-config.ts'
import { supportTriageFor } from '../../examples/support-triage/workflows/support-triage.ts'
import { readEnvironment } from '../../packages/reeve/src/base/config.ts'
import { projectOf, Runtime } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import type { TriageReport, TriageSpec } from './contract.ts'

// The example's own classifier, routes, workflow, tools and knowledge, on an empty database, without its command line.

const spec = JSON.parse(process.argv[2] ?? '') as TriageSpec

/** Tickets that are under way at one moment: below the runtime's capacity, so that none is parked in a queue. */
const window = 512

// Of `workers` processes on one database, each takes an equal share of the messages; the first one reports.
const { workers, index = 0 } = spec
const others = Array.from({ length: index === 0 ? workers - 1 : 0 }, (_, other) =>
  fork(import.meta.filename, [JSON.stringify({ ...spec, index: other + 1 })]),
)
const readyOthers = others.map((other) => once(other, 'message'))

const trainingAt = performance.now()
const training = await train(spec.train)
const trainSeconds = (performance.now() - trainingAt) / 1000

const supportTriage = supportTriageFor(training.categories)
if (index > 0) await told()
supportTriage.name = 'support-triage'
const runtime = await Runtime.open({
  project: projectOf(triageConfig(training, [spec.knowledge]), [supportTriage], spec.dataFolder),
  // Without keys of hosted models: the local solvers answer.
  environment: readEnvironment(spec.dataFolder, {
    DATABASE_URL: `file:${join(spec.dataFolder, 'reeve.db')}`,
  }),
})
const ingestingAt = performance.now()
await runtime.start()
await runtime.readKnowledge()
const ingestSeconds = (performance.now() - ingestingAt) / 1000

for (const [at, other] of others.entries()) {
  await readyOthers[at]
  const opened = once(other, 'message')
  other.send('open')
  await opened
}
if (index > 0) await told()
const finished = others.map(async (other) => {
  const done = once(other, 'message')
  other.send('go')
  return (await done)[0] as { tickets: number; expected: [string, string][] }
})

const expected = new Map<string, string>()
const cpuBefore = process.cpuUsage()
const startedAt = performance.now()
let tickets = 0
let settled = 0
let changed = () => {}
runtime.onRest(({ status }) => {
  if (status === 'queued') return
  settled++
  changed()
})
await startAll(spec.train, () => {})
await startAll(spec.test, (run, category) => expected.set(run, category))
await untilUnderWay(0)
if (index > 0) {
  process.send?.({ tickets, expected: [...expected] })
  await runtime.stop()
  process.exit(0)
}
for (const share of await Promise.all(finished)) {
  tickets += share.tickets
  for (const [run, category] of share.expected) expected.set(run, category)
}
const elapsedSeconds = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
if (!(await runtime.isQuiet())) throw new Error('some runs are still under way')

const report: TriageReport = {
  trainSeconds,
  ingestSeconds,
  articles: (await runtime.readKnowledge()).at(-1)?.documents ?? 0,
  tickets,
  elapsedSeconds,
  ticketsPerMinute: (tickets / elapsedSeconds) * 60,
  ...(await readBack()),
  peakRssMb: process.resourceUsage().maxRSS / 1024,
  cpuSeconds: (user + system) / 1e6,
}
await runtime.stop()
process.stdout.write(`${JSON.stringify(report)}\n`)

/** Says that this process is ready for the next phase, and waits until the first one begins it. */
async function told(): Promise<void> {
  const next = once(process, 'message')
  process.send?.('ready')
  await next
}

/** Starts a run for every message of a file, also for one that stands there twice. */
async function startAll(file: string, started: (run: string, category: string) => void): Promise<void> {
  const starting: Promise<void>[] = []
  let row = 0
  for await (const reading of readInbox(file)) {
    if (!reading.ok) throw new Error(`${reading.where}: ${reading.problem}`)
    if (++row % workers !== index) continue
    const { id, from, subject, body, automatic, notes, category } = reading.ticket
    const ticket = { id, from, subject, body, automatic, notes }
    await untilUnderWay(window - 1)
    tickets++
    starting.push(
      internalsOf(runtime)
        .engine.startRun(supportTriage, ticket, { idempotencyKey: `${file}:${row}` })
        .then((run) => started(run.id, category ?? '')),
    )
  }
  await Promise.all(starting)
}

/** Resolves when at most so many tickets have neither ended nor come to wait for a person. */
async function untilUnderWay(most: number): Promise<void> {
  while (tickets - settled > most) {
    await new Promise<void>((resolve) => {
      changed = resolve
    })
  }
}

/** What the journal says of the runs: each in one of the outcomes, or the bench has failed. */
async function readBack() {
  const rows = await internalsOf(runtime).database.all<{
    id: string
    status: string
    lasted: number
    last: string | null
    answer: string | null
    pending: string | null
    alarms: number
  }>(
    `select r.id, r.status, (select max(at) from events where run = r.no) - r.created_at as lasted,
       (select payload from events where run = r.no and seq = r.head_seq) as last,
       (select payload from events where run = r.no and type = 'question-completed' and name = 'read the ticket') as answer,
       (select kind from approvals where run = r.no and status = 'pending') as pending,
       (select count(*) from events where run = r.no and type = 'effect-completed' and name = 'chat.post') as alarms
     from runs r`,
  )
  if (rows.length !== tickets) throw new Error(`${rows.length} runs are there for ${tickets} tickets`)
  const outcomes: Record<string, number> = {}
  let right = 0
  for (const row of rows) {
    const outcome = outcomeOf(row)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    const category = expected.get(row.id)
    const answered = JSON.parse(row.answer ?? '{}') as { value?: { category?: string } }
    if (category !== undefined && answered.value?.category === category) right++
  }
  const latencies = Float64Array.from(rows, ({ lasted }) => lasted).sort()
  const events = await internalsOf(runtime).database.get<{ count: number }>(
    'select count(*) as count from events',
  )
  return {
    tested: expected.size,
    accuracyOnTest: right / expected.size,
    outcomes,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    events: events?.count ?? 0,
  }
}

function outcomeOf(row: {
  status: string
  last: string | null
  pending: string | null
  alarms: number
}): string {
  // Its reply waits for approval like any other; that it was posted is what counts here.
  if (row.status === 'waiting' && Number(row.alarms) > 0) return 'critical'
  if (row.status === 'succeeded')
    return String((JSON.parse(row.last ?? '{}') as { outcome?: string }).outcome)
  if (row.status === 'waiting' && row.pending !== null) return `waiting for ${row.pending}`
  return row.status
}
