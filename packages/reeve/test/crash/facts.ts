import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonical, type Json } from '../../src/base/json/json.ts'
import type { ApprovalRow } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import type { Occurrence } from '../../src/store/dispatch/schedules.ts'
import { type JournalEvent, readEvents } from '../../src/store/journal/journal.ts'
import type { InboxItem } from '../../src/store/runs/inbox.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import type { Heard } from './oracle-protocol.ts'

export type KeptItem = InboxItem & { dedup: string | null; consumed_step: number | null }

/** What a trial left: the rows of the database and the oracle's log, and nothing that the engine says of itself. */
export class Facts {
  readonly runs: RunRow[]
  readonly events: Map<number, JournalEvent[]>
  readonly approvals: ApprovalRow[]
  readonly inbox: KeptItem[]
  readonly occurrences: Occurrence[]
  readonly heard: Heard[]
  /** What effects have taken of their budgets. */
  readonly spendings: { id: string; account: string }[]
  /** Lives that lost a run to another worker. What such a life had begun by then it may do once more. */
  losses: { run: string; life: number }[] = []

  constructor(rows: {
    runs: RunRow[]
    events: Map<number, JournalEvent[]>
    approvals: ApprovalRow[]
    inbox: KeptItem[]
    occurrences: Occurrence[]
    heard: Heard[]
    spendings?: { id: string; account: string }[]
  }) {
    this.runs = rows.runs
    this.events = rows.events
    this.approvals = rows.approvals
    this.inbox = rows.inbox
    this.occurrences = rows.occurrences
    this.heard = rows.heard
    this.spendings = rows.spendings ?? []
  }

  heardOf<Kind extends Heard['kind']>(kind: Kind): Extract<Heard, { kind: Kind }>[] {
    return this.heard.filter((one): one is Extract<Heard, { kind: Kind }> => one.kind === kind)
  }

  run(id: string): RunRow | undefined {
    return this.runs.find((run) => run.id === id)
  }

  /** What an item of a run's inbox said: once it was taken, its journal has it. Undefined: nobody has it any more. */
  payloadOf(run: RunRow, item: KeptItem): unknown {
    if (item.payload !== '') return JSON.parse(item.payload)
    const taken = this.eventsOf(run).findLast(
      ({ type, step }) => step === item.consumed_step && type === 'signal-received',
    )
    return taken && JSON.parse(taken.payload!)
  }

  eventsOf(run: RunRow): JournalEvent[] {
    return this.events.get(run.no) ?? []
  }

  inputOf(run: RunRow): Json {
    const started = this.eventsOf(run).findLast(
      (event) => event.type === 'run-started' || event.type === 'input-replaced',
    )
    return payloadOf(started).input as Json
  }

  outputOf(run: RunRow): Json {
    return jsonOf(this.eventsOf(run).at(-1))
  }

  same(left: unknown, right: unknown): boolean {
    return canonical(left ?? null) === canonical(right ?? null)
  }
}

export function jsonOf(event: JournalEvent | undefined): Json {
  return event?.payload ? (JSON.parse(event.payload) as Json) : null
}

export function payloadOf(event: JournalEvent | undefined): Record<string, unknown> {
  return (jsonOf(event) ?? {}) as Record<string, unknown>
}

export async function readFacts(database: Database, folder: string): Promise<Facts> {
  const heard = readFileSync(join(folder, 'oracle.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Heard)
  return factsOf(database, heard)
}

export async function factsOf(database: Database, heard: Heard[]): Promise<Facts> {
  const runs = await database.all<RunRow>('select * from runs order by no')
  const events = new Map<number, JournalEvent[]>()
  for (const run of runs) events.set(run.no, await readEvents(database, run.no))
  return new Facts({
    runs,
    events,
    approvals: await database.all<ApprovalRow>('select * from approvals order by requested_at, id'),
    inbox: await database.all<KeptItem>('select * from inbox order by id'),
    occurrences: await database.all<Occurrence>('select * from occurrences order by schedule, nominal'),
    spendings: await database.all('select id, account from effect_spendings order by id, account'),
    heard,
  })
}
