import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Reeve's database, read from outside. */
export class Journal {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  #ask<Row>(sql: string, ...values: (string | number)[]): Row[] {
    if (!existsSync(this.#file)) return []
    const database = new DatabaseSync(this.#file, { readOnly: true })
    try {
      return database.prepare(sql).all(...values) as Row[]
    } finally {
      database.close()
    }
  }

  /** How often a script failed, or what it did was not what its directive wants, since then. */
  failuresOf(file: string, since: number): number {
    const script = file.replace(/^scripts\/|\.\w+$/g, '')
    return this.decisions().filter(
      ({ at, decision, result, detail }) =>
        at >= since &&
        ['failed', 'unmet'].includes(result) &&
        directivesBy[script] === decision &&
        !isOfSettlement(detail),
    ).length
  }

  /** What the daemon decided, the oldest first; where nobody was asked is left out. */
  decisions(): { at: number; decision: string; params: string; result: string; detail: string }[] {
    const rows = this.#ask<{ payload: string }>(
      `select payload from events where type = 'decision-ended' order by id`,
    ).map(({ payload }) => JSON.parse(payload) as Ended)
    const settled = new Map(
      this.#ask<{ payload: string }>(`select payload from events where type = 'decision-settled' order by id`)
        .map(({ payload }) => JSON.parse(payload) as { run: string; result: string; detail: string })
        .map((each) => [each.run, each]),
    )
    return rows
      .filter(({ result }) => result !== 'skipped')
      .map(({ decidedAt, decision, params, result, detail, run }) => ({
        at: decidedAt,
        decision,
        params: JSON.stringify(params),
        ...(settled.get(run ?? '') ?? { result, detail }),
      }))
  }

  /** Where Reeve asked what this letter is, the last time. */
  questionAbout(letter: string): { run: string; call: number } | undefined {
    const [read] = this.#ask<{ no: number; id: string; payload: string }>(
      `select r.no, r.id, coalesce(e.payload, b.content) as payload from events e join runs r on r.no = e.run left join blobs b on b.hash = e.blob
       where e.type = 'effect-completed' and e.name = 'script.read_inbox' and coalesce(e.payload, b.content) like ? order by e.id desc limit 1`,
      `%"id":"${letter}"%`,
    )
    if (!read) return undefined
    const { messages } = JSON.parse(read.payload) as { messages: { id: string }[] }
    const nth = messages.findIndex(({ id }) => id === letter)
    const [asked] = this.#ask<{ call: number }>(
      `select step as call from events where run = ? and type = 'question-completed' and name = 'read the letter' order by step limit 1 offset ?`,
      ...[read.no, nth],
    )
    return asked && { run: read.id, call: asked.call }
  }

  /** Cycles in which nobody was asked. */
  skips(): number {
    return this.#ask<{ payload: string }>(`select payload from events where type = 'decision-ended'`).filter(
      ({ payload }) => (JSON.parse(payload) as Ended).result === 'skipped',
    ).length
  }

  /** The most that a day cost by Reeve's own account (US dollars), and all days together. */
  spent(): { most: number; all: number; ceiling: number } {
    const days = this.#ask<{ spent: number; ceiling: number }>(
      `select spent_nanousd as spent, ceiling_nanousd as ceiling from budgets where scope like 'day:%:daemon:steward'`,
    )
    return {
      most: Math.max(0, ...days.map(({ spent }) => spent)) / 1e9,
      all: days.reduce((sum, { spent }) => sum + spent, 0) / 1e9,
      ceiling: Math.max(0, ...days.map(({ ceiling }) => ceiling)) / 1e9,
    }
  }

  /** What waits for a person to adopt or reject it, the oldest first. */
  proposals(): { id: string; kind: string; title: string }[] {
    return this.#ask(`select id, kind, title from proposals where status = 'open' order by made_at, id`)
  }

  /** Repairs, the oldest first. `after`: the source that was, or would be, the script's. */
  repairs(): {
    script: string
    file: string
    status: string
    proposal: string | null
    after: string | null
  }[] {
    return this.#ask(
      'select script, file, status, proposal, after_text as after from repairs order by made_at, id',
    )
  }

  /** Lessons: how many are in force, were taken back, were looked at and not taken, and wait for a person. */
  lessons(): { inForce: number; withdrawn: number; discarded: number; waiting: number } {
    const [count] = this.#ask<{ inForce: number; withdrawn: number }>(
      `select count(*) filter (where ended_at is null) as inForce, count(ended_at) as withdrawn from lessons`,
    )
    const [proposed] = this.#ask<{ discarded: number; waiting: number }>(
      `select count(*) filter (where status = 'rejected') as discarded, count(*) filter (where status = 'open') as waiting
       from proposals where kind = 'lesson'`,
    )
    return { ...{ inForce: 0, withdrawn: 0, discarded: 0, waiting: 0 }, ...count, ...proposed }
  }

  /** What was learnt, the oldest first: lessons in their words, and classifiers that were exchanged. */
  learnt(): { on: string; what: string; status: string }[] {
    return this.#ask<{ at: number; title: string; status: string; by: string | null }>(
      `select coalesce(decided_at, made_at) as at, title, status, decided_by as by from proposals
       where kind in ('lesson', 'training') order by made_at, id`,
    ).map(({ at, title, status, by }) => ({
      on: new Date(at).toISOString().slice(0, 10),
      what: title,
      status: by === null ? status : `${status} by ${by}`,
    }))
  }

  /** Runs by status. */
  runs(): Record<string, number> {
    const rows = this.#ask<{ status: string; count: number }>(
      'select status, count(*) as count from runs group by status',
    )
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
  }

  /** Runs that nothing will ever move again, of those that have not ended. */
  lost(): number {
    const rows = this.#ask<{ count: number }>(
      `select count(*) as count from runs where status = 'running' or status = 'stuck'`,
    )
    return rows[0]?.count ?? 0
  }

  /**
   * One hash over all events of all journals. Ids are drawn by chance, and how long something took is the machine's: both are
   * replaced, an id by the order in which it first appears.
   */
  hash(): string {
    const hash = createHash('sha256')
    const ids = new Map<string, string>()
    const folder = dirname(dirname(this.#file))
    const rows = this.#ask<{
      workflow: string
      seq: number
      type: string
      name: string | null
      at: number
      payload: string
    }>(
      `select r.workflow, e.seq, e.type, e.name, e.at, coalesce(e.payload, '') as payload
       from events e join runs r on r.no = e.run order by r.no, e.seq`,
    )
    const named = (text: string) =>
      text.replaceAll(/\b[0-9a-hjkmnp-tv-z]{17}\b/g, (id) => {
        if (!ids.has(id)) ids.set(id, `id-${ids.size + 1}`)
        return ids.get(id)!
      })
    for (const { workflow, seq, type, name, at, payload } of rows) {
      // Traces of what a script threw name the folder that it lies in.
      const steady = payload.replaceAll(folder, '').replaceAll(/"(?:ms|cursor)":(?:[\d.e-]+|"[^"]*")/g, '""')
      hash.update(JSON.stringify([workflow, seq, type, named(name ?? ''), at, named(steady)]))
    }
    return hash.digest('hex')
  }
}

/** It failed because the payment service settles on that day: no fault of a script. */
export function isOfSettlement(detail: string): boolean {
  return detail.includes('settlement')
}

interface Ended {
  decidedAt: number
  decision: string
  params: unknown
  result: string
  detail: string
  run: string | null
}

/** The directive that each script serves. */
const directivesBy: Record<string, string> = {
  check_site: 'check-site',
  publish_article: 'publish-article',
  send_invoices: 'send-invoices',
  send_reminders: 'send-reminders',
  reconcile_payments: 'reconcile-payments',
  weekly_figures: 'weekly-report',
}
