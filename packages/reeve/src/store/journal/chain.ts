import { sha256 } from '../../base/hash.ts'
import type { Secrets } from '../../base/secrets/secrets.ts'
import type { Session } from '../database.ts'
import {
  chainHash,
  chainStart,
  eventValues,
  insertBlobs,
  insertEvents,
  type JournalEvent,
} from './journal.ts'

/** A payload's largest size inside an event, in characters; a larger one becomes a blob. */
const inlineLimit = 256 * 1024

/** What an event takes in the memory of who drives its run, beside its payload, roughly. */
export const eventBytes = 400

/** An event before it has its place in a run's journal. */
export type Unlinked = Pick<JournalEvent, 'type' | 'step' | 'name' | 'args' | 'at' | 'payload'>

export interface Blob {
  hash: string
  content: string
}

/**
 * The end of a run's journal, where events are numbered and linked into its hash chain. Every event is linked here, so
 * that what holds for one holds for all: a secret is no part of it, and a large payload is a blob.
 */
export class Chain {
  readonly #run: number
  readonly #secrets: Secrets | undefined
  #seq: number
  #hash: string
  #bytes = 0

  /** `last`: the event that stands last in the journal; undefined for a run that has none yet. */
  constructor(
    run: { no: number; id: string },
    last: { seq: number; hash: string; bytes?: number } | undefined,
    secrets: Secrets | undefined,
  ) {
    this.#run = run.no
    this.#secrets = secrets
    this.#seq = last?.seq ?? 0
    this.#hash = last?.hash ?? chainStart(run.id)
    this.#bytes = last?.bytes ?? 0
  }

  get seq(): number {
    return this.#seq
  }

  get hash(): string {
    return this.#hash
  }

  /** What the events take in memory, roughly: those before `last` as its `bytes` says, those linked here as they are. */
  get bytes(): number {
    return this.#bytes
  }

  /** Links the next event. A large payload goes into `blobs`. */
  link({ type, step, name, args, at, payload }: Unlinked, blobs: Blob[]): JournalEvent {
    const text = payload === null ? null : (this.#secrets?.redactJson(payload) ?? payload)
    const digest = text === null ? '' : sha256(text)
    const isLarge = text !== null && text.length > inlineLimit
    if (isLarge) blobs.push({ hash: digest, content: text })
    const kept = { payload: isLarge ? null : text, blob: isLarge ? digest : null }
    const event: JournalEvent = {
      run: this.#run,
      seq: ++this.#seq,
      type,
      step,
      name,
      args,
      at,
      ...kept,
      hash: '',
    }
    event.hash = chainHash(this.#hash, event, digest)
    this.#hash = event.hash
    this.#bytes += eventBytes + (text === null ? 0 : text.length)
    return event
  }
}

/** Writes events, with their blobs, that were linked outside of the group commit. */
export async function insertLinked(session: Session, events: JournalEvent[], blobs: Blob[]): Promise<void> {
  if (blobs.length > 0) {
    await session.bulk(
      insertBlobs,
      blobs.map(({ hash, content }) => [hash, content]),
    )
  }
  await session.bulk(insertEvents, events.map(eventValues))
}
