import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { schemaVersion } from '../../base/json/schema-version.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import { readHistory } from '../../engine/replay/history.ts'
import { tryRun } from '../../engine/trial/try-run.ts'
import { timelineOf } from '../../inspect/run/story/timeline.ts'
import type { Database } from '../../store/database.ts'
import type { EventType } from '../../store/journal/events.ts'
import { type JournalEvent, readChapter } from '../../store/journal/journal.ts'
import { RunMarks } from '../../store/marks/run-marks.ts'
import { type RunRow, requireRun } from '../../store/runs/runs.ts'
import { compare, type ReplayedRun } from './compare.ts'
import type { ReplayParts } from './replay-runs.ts'

/** A run as it went, as a file of tests keeps it: `reeve test record` writes it, `replayRecord` of `reeve/testing` tries it. */
export interface RecordedRun {
  schemaVersion: number
  runId: string
  workflow: string
  principal: string
  /** When it was created and when it ended (ms since 1970). */
  createdAt: number
  endedAt: number
  /** What happened, a line an event, without ids and times: for people, and to be compared. */
  story: string[]
  /** Its journal. Known secrets are masked; everything else is as the run had it. */
  events: RecordedEvent[]
}

/** One event of a recorded run's journal. */
export interface RecordedEvent {
  type: string
  step: number | null
  name: string | null
  /** SHA-256 of the call's arguments, which the call of a replay must have, too. */
  args: string | null
  at: number
  payload: Json
}

/** What of an ended run a test needs. @throws `unknown-run` `run-waits` */
export async function recordOf(database: Database, id: string, secrets: Secrets): Promise<RecordedRun> {
  const row = await requireRun(database, id)
  if (row.status !== 'succeeded' && row.status !== 'failed')
    throw new ReeveError(
      'run-waits',
      `Run ${id} is ${row.status}: a test is made of a run that succeeded or failed. See what it waits for: reeve show ${id}`,
    )
  const events = await readChapter(database, row)
  return {
    schemaVersion,
    runId: row.id,
    workflow: row.workflow,
    principal: row.principal,
    createdAt: row.created_at,
    endedAt: row.ended_at ?? events.at(-1)!.at,
    story: storyOf(events, row, secrets),
    events: events.map(({ type, step, name, args, at, payload }) => ({
      ...{ type, step, name, args, at },
      payload: payload === null ? null : (JSON.parse(secrets.redact(payload)) as Json),
    })),
  }
}

function storyOf(events: JournalEvent[], { id }: RunRow, secrets: Secrets): string[] {
  return timelineOf(events).map(({ name, words }) => {
    const line = name === null || words.includes(name) ? words : `${name}: ${words}`
    return secrets.redact(line).replaceAll(id, 'ID')
  })
}

/**
 * Tries the code that there is now over a recorded run: models, tools, steps, people and signals are answered from the record.
 * Nothing outside is touched, and nothing is written.
 */
export async function tryRecord(parts: ReplayParts, record: RecordedRun): Promise<ReplayedRun> {
  const { runId, workflow, principal, createdAt, endedAt } = record
  const events = journalOf(record)
  const last = events.at(-1)!
  const tried = await tryRun({
    ...parts,
    workflow: parts.workflows.current(workflow),
    run: { no: 0, id: runId, epoch: 1, parent: null, principal, createdAt },
    history: readHistory(events),
    // A record has references in place of marked texts.
    marks: new RunMarks(),
    endedAt,
  })
  return compare({ runId, workflow }, last, tried)
}

/** @throws `bad-record` */
function journalOf({ events, schemaVersion: version }: RecordedRun): JournalEvent[] {
  if (version !== schemaVersion || !Array.isArray(events) || events.length === 0)
    throw new ReeveError(
      'bad-record',
      `The record of a run has schemaVersion ${JSON.stringify(version)} and ${Array.isArray(events) ? events.length : 'no'} events; this Reeve reads version ${schemaVersion}. Record it again: reeve test record RUN`,
    )
  return events.map(({ type, payload, ...event }, index) => ({
    ...event,
    type: type as EventType,
    payload: payload === null ? null : JSON.stringify(payload),
    ...{ run: 0, seq: index + 1, blob: null, hash: '' },
  }))
}
