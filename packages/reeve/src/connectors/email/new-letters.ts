import type { LetterReader } from '../../triggers/letters/read-letter.ts'
import type { MailboxLetter } from './letter-schema.ts'
import type { FoundLetter, Mailbox, OpenFolder } from './mailbox.ts'
import { readLetter } from './read-letters.ts'

/** How far a folder was read. */
export interface FolderPlace {
  uidValidity: string
  /** The highest UID that was dealt with. */
  uid: number
  /** The latest arrival that was dealt with (ms). */
  at: number
  /** After the server numbered anew: up to this UID, what arrived before `since` was dealt with under its old number. */
  before?: { uid: number; since: number }
}

/** One that came, named by its bytes: so it is the same under another number. */
export type NewLetter = { id: string } & ({ item: MailboxLetter } | { problem: string })

const mostLetters = 50
const mostBytes = 32 * 1024 * 1024
const span = 200
const dayMs = 86_400_000

/**
 * What came into a folder since the last look, in the order of its UIDs; `isLate`: it is to end with what was read by now, so that letters
 * that take the reader all its time cannot hold the place for ever.
 *
 *   first look → from now on
 *   same UIDVALIDITY → what has a higher UID
 *   another UIDVALIDITY (restored, moved) → what arrived since the day before the last one that was dealt with; those that were are
 *   known by their bytes
 *
 * The caller moves its place only when all that was found is durable: so nothing is lost and nothing counts twice.
 */
export async function newLetters(
  mailbox: Mailbox,
  path: string,
  place: FolderPlace | null,
  by: { letters: LetterReader; now: number; isLate?: () => boolean },
): Promise<{ found: NewLetter[]; place: FolderPlace; more: boolean }> {
  const folder = await mailbox.openFolder(path)
  const { uidValidity, uidNext } = folder
  const last = uidNext - 1
  if (!place) return { found: [], place: { uidValidity, uid: last, at: by.now }, more: false }
  const from = place.uidValidity === uidValidity ? place : await renumbered(mailbox, folder, place)
  const found: NewLetter[] = []
  let next = from
  let bytes = 0
  for await (const each of above(mailbox, from.uid, last)) {
    const isFull = found.length === mostLetters || bytes + each.bytes > mostBytes || by.isLate?.() === true
    if (found.length > 0 && isFull) return { found, place: next, more: true }
    next = { ...next, uid: each.uid, at: Math.max(next.at, Math.min(each.arrivedAt, by.now)) }
    if (from.before && each.uid <= from.before.uid && each.arrivedAt < from.before.since) continue
    bytes += each.bytes
    const read = await readLetter(mailbox, folder, each, by.letters)
    if (!read) continue
    const { digest, ...its } = read
    found.push({ id: digest, ...('letter' in its ? { item: its.letter } : its) })
  }
  return { found, place: { ...next, uid: last }, more: false }
}

/** Resolves when there may be something above the place, or `signal` says so. */
export async function waitForLetters(
  mailbox: Mailbox,
  path: string,
  place: FolderPlace,
  signal: AbortSignal,
): Promise<void> {
  const { uidValidity, uidNext } = await mailbox.openFolder(path)
  if (uidValidity === place.uidValidity && uidNext - 1 <= place.uid) await mailbox.news(signal)
}

async function renumbered(mailbox: Mailbox, folder: OpenFolder, { at }: FolderPlace): Promise<FolderPlace> {
  const since = at - dayMs
  const last = folder.uidNext - 1
  const [first] = await mailbox.search({ since: new Date(since) }, Number.MAX_SAFE_INTEGER)
  const uid = first === undefined ? last : first - 1
  return { uidValidity: folder.uidValidity, uid, at, before: { uid: last, since } }
}

/** In the order of their UIDs, some at a time: a mailbox of any size is read in parts. Where numbers are missing, more at a time. */
async function* above(mailbox: Mailbox, uid: number, last: number): AsyncGenerator<FoundLetter> {
  let from = uid + 1
  for (let wide = span; from <= last; ) {
    const to = Math.min(from + wide - 1, last)
    const some = await mailbox.list(from, to)
    yield* some
    from = to + 1
    wide = some.length === 0 ? wide * 10 : span
  }
}
