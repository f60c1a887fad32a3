import { sha256 } from '../../base/hash.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'
import { isErased } from '../keeping/erased.ts'
import { type EventType, quoted } from './events.ts'

/** One event of a run's journal. `payload` is JSON text; a large one is kept as a blob and `blob` is its SHA-256. */
export interface JournalEvent {
  run: number
  seq: number
  type: EventType
  /** The number of the `ctx` call it belongs to; absent for events of the run itself. */
  step: number | null
  name: string | null
  /** SHA-256 of the call's arguments, compared on replay. */
  args: string | null
  at: number
  payload: string | null
  blob: string | null
  hash: string
}

export const insertEvents: Bulk = {
  columns: {
    run: 'int',
    seq: 'int',
    type: 'text',
    step: 'int',
    name: 'text',
    args: 'text',
    at: 'int',
    payload: 'text',
    blob: 'text',
    hash: 'text',
  },
  sql: `insert into events (run, seq, type, step, name, args, at, payload, blob, hash)
    select :run, :seq, :type, :step, :name, :args, :at, :payload, :blob, :hash {from}`,
}

export function eventValues(event: JournalEvent): Value[] {
  return [
    event.run,
    event.seq,
    event.type,
    event.step,
    event.name,
    event.args,
    event.at,
    event.payload,
    event.blob,
    event.hash,
  ]
}

export function eventRow(event: JournalEvent): Row {
  return { statement: insertEvents, values: eventValues(event) }
}

/** Which of these events stand in the journal, with just these hashes. */
export const findEvents: Bulk = {
  columns: { run: 'int', seq: 'int', hash: 'text' },
  sql: 'select events.run from events {also} where events.run = :run and events.seq = :seq and events.hash = :hash',
}

export const insertBlobs: Bulk = {
  columns: { hash: 'text', content: 'text' },
  sql: 'insert into blobs (hash, content) select :hash, :content {from} where true on conflict (hash) do nothing',
}

/** A payload that is too large for its event: kept by its hash, once. */
export function blobRow({ hash, content }: { hash: string; content: string }): Row {
  return { statement: insertBlobs, values: [hash, content] }
}

/** The hash before a run's first event: the run's id, so that no chain can be passed off as another run's. */
export function chainStart(runId: string): string {
  return runId
}

/**
 * Links an event to the one before it. The payload enters by its digest, so that a payload can be erased later,
 * its digest kept in its place, and the chain still verifies.
 */
export function chainHash(
  previous: string,
  event: Pick<JournalEvent, 'seq' | 'type' | 'step' | 'name' | 'args' | 'at'>,
  digest: string,
): string {
  return sha256(
    `${previous}\n${event.seq}\n${event.type}\n${event.step ?? ''}\n${event.args ?? ''}\n${event.at}\n${digest}\n${event.name ?? ''}`,
  )
}

function payloadDigest(event: Pick<JournalEvent, 'payload' | 'blob'>): string {
  return event.blob ?? (event.payload === null ? '' : sha256(event.payload))
}

/** A run's events in order, blobs filled in: those after `afterSeq`, all of them or the first `limit`. */
export async function readEvents(
  session: Session,
  run: number,
  afterSeq = 0,
  limit?: number,
): Promise<JournalEvent[]> {
  return session.all<JournalEvent>(
    `select e.run, e.seq, e.type, e.step, e.name, e.args, e.at, coalesce(e.payload, b.content) as payload, e.blob, e.hash
     from events e left join blobs b on b.hash = e.blob where e.run = ? and e.seq > ? order by e.seq${limit === undefined ? '' : ' limit ?'}`,
    limit === undefined ? [run, afterSeq] : [run, afterSeq, limit],
  )
}

/** Those of the chapter that a run is in: what it is replayed from. */
export async function readChapter(
  session: Session,
  run: { no: number; chapter_seq: number },
): Promise<JournalEvent[]> {
  return readEvents(session, run.no, Math.max(run.chapter_seq - 1, 0))
}

/** The same for many runs: each one's events in order. */
export const eventsOfRuns: Bulk = {
  columns: { run: 'int', chapter_seq: 'int' },
  sql: `select e.run, e.seq, e.type, e.step, e.name, e.args, e.at, coalesce(e.payload, b.content) as payload, e.blob, e.hash
    from events e left join blobs b on b.hash = e.blob {also} where e.run = :run and e.seq >= :chapter_seq
    order by e.run, e.seq`,
}

/** The payload of one event, from its blob where it has one; undefined when there is no such event, or it has none. */
export async function payloadAt(session: Session, run: number, seq: number): Promise<string | undefined> {
  const row = await session.get<{ payload: string | null }>(
    `select coalesce(e.payload, b.content) as payload from events e left join blobs b on b.hash = e.blob
     where e.run = ? and e.seq = ?`,
    [run, seq],
  )
  return row?.payload ?? undefined
}

/** The newest event of all runs. */
export async function tailEnd(session: Session): Promise<{ id: number; at: number } | undefined> {
  return session.get<{ id: number; at: number }>('select id, at from events order by id desc limit 1')
}

export async function readHead(
  session: Session,
  run: number,
): Promise<{ seq: number; hash: string } | undefined> {
  return session.get<{ seq: number; hash: string }>(
    'select seq, hash from events where run = ? order by seq desc limit 1',
    [run],
  )
}

export interface ChainFault {
  seq: number
  problem: string
}

/**
 * Recomputes a run's chain, stretch by stretch. `start`: the event before the first one that is read, when the chain is not
 * read from its beginning; `head`: what the run's row says of its last event, when it says anything.
 */
export class ChainCheck {
  readonly #head: { seq: number; hash: string } | undefined
  #seq: number
  #hash: string
  #sealed: string | undefined

  constructor(
    runId: string,
    head: { seq: number; hash: string } | undefined,
    start: { seq: number; hash: string } = { seq: 0, hash: chainStart(runId) },
  ) {
    this.#head = head
    this.#seq = start.seq
    this.#hash = start.hash
  }

  /** The next events. Answers the first fault. */
  add(events: readonly JournalEvent[]): ChainFault | undefined {
    for (const event of events) {
      const fault = this.#link(event)
      if (fault) return fault
    }
    return
  }

  /** There are no more events. */
  end(): ChainFault | undefined {
    const head = this.#head
    if (!head) return
    if (head.seq > this.#seq)
      return { seq: this.#seq + 1, problem: `events ${this.#seq + 1} to ${head.seq} are missing` }
    if (this.#sealed !== undefined && this.#sealed !== head.hash)
      return { seq: head.seq, problem: `event ${head.seq} was replaced` }
    return
  }

  #link(event: JournalEvent): ChainFault | undefined {
    const seq = ++this.#seq
    if (event.seq !== seq) return { seq, problem: `event ${seq} is missing (found ${event.seq})` }
    // A database that was damaged may give bytes for text, with the same digest.
    if (event.payload !== null && typeof event.payload !== 'string')
      return { seq, problem: `event ${seq} (${event.type}) was changed: its payload is not text` }
    if (event.blob !== null) {
      if (event.payload === null) return { seq, problem: `the blob ${event.blob} is missing` }
      if (!isErased(event.payload) && sha256(event.payload) !== event.blob)
        return { seq, problem: `the blob ${event.blob} was changed` }
    }
    const hash = chainHash(this.#hash, event, payloadDigest(event))
    if (hash !== event.hash) return { seq, problem: `event ${seq} (${event.type}) was changed` }
    this.#hash = hash
    if (seq === this.#head?.seq) this.#sealed = hash
    return
  }
}

/** The same for events that are all there. */
export function verifyChain(
  runId: string,
  events: readonly JournalEvent[],
  head: { seq: number; hash: string } | undefined,
  start?: { seq: number; hash: string },
): ChainFault | undefined {
  const check = new ChainCheck(runId, head, start)
  return check.add(events) ?? check.end()
}

/** The number of the last event of a run, or of the last one of these types; undefined: there is none. */
export async function lastSeqIn(
  session: Session,
  run: number,
  ...types: readonly EventType[]
): Promise<number | undefined> {
  const row = await session.get<{ seq: number | null }>(
    `select max(seq) as seq from events where run = ?${types.length === 0 ? '' : ` and type in (${quoted(...types)})`}`,
    [run],
  )
  return row?.seq ?? undefined
}
