import type { RuntimeInternals } from 'reeve/internal'

export type Outcome =
  | 'answered'
  | 'waiting for approval'
  | 'waiting for an answer'
  | 'critical'
  | 'rejected'
  | 'ignored'
  | 'failed'
  | 'under way'

export interface Report {
  tickets: number
  /** Started by this call; the others were there before. */
  fresh: number
  alreadyDone: number
  /** Messages that came under an id under which another was there before: tickets of their own. */
  sameId: number
  /** By category, how many tickets had which outcome. */
  categories: Record<string, Partial<Record<Outcome, number>>>
  /** Of the tickets whose data has a label; absent without labels. */
  accuracy?: number
  labelled: number
  costUsd: number
  elapsedMs: number
  trainedMs: number
  /** New tickets a minute; 0 when there were none. */
  ticketsPerMinute: number
  /** From a new ticket's start to its end or its wait. */
  p50Ms: number
  p99Ms: number
  /** One of the replies that wait, and one of the runs. */
  example: { run?: string; approval?: string }
}

/** A ticket's run: whether this call started it, and the label of its ticket, when the data has one. */
export interface StartedTicket {
  isNew: boolean
  category: string | undefined
}

interface Row {
  id: string
  status: string
  reason: string | null
  cost: number
  created_at: number
  head_at: number | null
  last: string | null
  answer: string | null
  waits: string | null
  alarms: number
  approval: string | null
}

/** Reads from the journal what became of these tickets. */
export async function readReport(
  database: RuntimeInternals['database'],
  tickets: ReadonlyMap<string, StartedTicket>,
  seen: { elapsedMs: number; trainedMs: number; sameId: number },
): Promise<Report> {
  const rows = await database.all<Row>(
    `select r.id, r.status, r.reason, r.created_at,
       (select cast(coalesce(sum(nanousd), 0) as bigint) from model_calls where run = r.no) as cost,
       (select max(at) from events where run = r.no) as head_at,
       (select payload from events where run = r.no and seq = r.head_seq) as last,
       (select payload from events where run = r.no and type = 'question-completed' and name = 'read the ticket' limit 1) as answer,
       (select kind from approvals where run = r.no and status = 'pending' limit 1) as waits,
       (select count(*) from events where run = r.no and type = 'effect-completed' and name = 'chat.post') as alarms,
       (select id from approvals where run = r.no and status = 'pending' limit 1) as approval
     from runs r where r.workflow = 'support-triage' order by r.no`,
  )
  const report: Report = {
    tickets: tickets.size,
    fresh: 0,
    alreadyDone: 0,
    categories: {},
    labelled: 0,
    costUsd: 0,
    ...seen,
    ticketsPerMinute: 0,
    p50Ms: 0,
    p99Ms: 0,
    example: {},
  }
  const latencies: number[] = []
  let right = 0
  for (const row of rows) {
    const ticket = tickets.get(row.id)
    if (!ticket) continue
    const category =
      (JSON.parse(row.answer ?? '{}') as { value?: { category?: string } }).value?.category ?? 'not read'
    const outcome = outcomeOf(row)
    report.categories[category] ??= {}
    report.categories[category][outcome] = (report.categories[category][outcome] ?? 0) + 1
    report.costUsd += row.cost / 1e9
    if (ticket.isNew) {
      report.fresh++
      if (row.head_at !== null) latencies.push(row.head_at - row.created_at)
    } else {
      report.alreadyDone++
    }
    if (ticket.category !== undefined) {
      report.labelled++
      if (ticket.category === category) right++
    }
    report.example.run ??= row.id
    if (row.waits === 'approval' && !isCritical(row) && report.example.approval === undefined) {
      report.example = { run: row.id, approval: row.approval ?? undefined }
    }
  }
  if (report.labelled > 0) report.accuracy = right / report.labelled
  latencies.sort((left, right) => left - right)
  report.p50Ms = latencies[Math.floor(latencies.length * 0.5)] ?? 0
  report.p99Ms = latencies[Math.floor(latencies.length * 0.99)] ?? 0
  report.ticketsPerMinute = Math.round((report.fresh / seen.elapsedMs) * 60_000)
  return report
}

function isCritical(row: Row): boolean {
  return Number(row.alarms) > 0
}

function outcomeOf(row: Row): Outcome {
  if (row.status === 'succeeded') {
    const { outcome } = JSON.parse(row.last ?? '{}') as { outcome?: Outcome }
    return outcome ?? 'under way'
  }
  // Whatever becomes of its reply.
  if (isCritical(row) && row.status === 'waiting') return 'critical'
  if (row.waits === 'approval') return 'waiting for approval'
  if (row.waits !== null) return 'waiting for an answer'
  return row.status === 'failed' || row.status === 'stuck' ? 'failed' : 'under way'
}
