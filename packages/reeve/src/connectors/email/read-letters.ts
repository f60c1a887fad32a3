import { createHash } from 'node:crypto'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { isoText } from '../../base/time/time.ts'
import type { LetterReader } from '../../triggers/letters/read-letter.ts'
import type { MailboxLetter } from './letter-schema.ts'
import type { FoundLetter, Mailbox, OpenFolder } from './mailbox.ts'

/** A letter of more is read as far as this (bytes): its text comes first in nearly all. */
const mostBytes = 25 * 1024 * 1024
const beginningBytes = 1024 * 1024

/** What became of reading one: the letter, or why it cannot be read. */
export type ReadLetter = { digest: string } & ({ letter: MailboxLetter } | { problem: string })

/**
 * Reads a letter in the process for foreign letters. One that is too large is read in its beginning; one that no reader can read, or
 * that takes too much time or memory, is a problem, and stays where it lies.
 * @param only `headers`: not its text @returns undefined: it is not there any more
 * @throws `mail-unreachable` `missing-package`
 */
export async function readLetter(
  mailbox: Mailbox,
  folder: OpenFolder,
  found: FoundLetter,
  letters: LetterReader,
): Promise<ReadLetter | undefined> {
  const isPartial = found.bytes > mostBytes
  const raw = await mailbox.source(found.uid, isPartial ? beginningBytes : mostBytes)
  if (!raw) return undefined
  const digest = createHash('sha256')
    .update(raw)
    .update(isPartial ? String(found.bytes) : '')
    .digest('hex')
  try {
    const letter = await letters.read(raw, isPartial)
    const { uid, bytes, arrivedAt, flags } = found
    const its = {
      id: idOf(folder, uid),
      folder: folder.path,
      arrivedAt: isoText(arrivedAt),
      bytes,
      isSeen: flags.includes('\\Seen'),
    }
    return { digest, letter: { ...its, ...letter } }
  } catch (error) {
    const isOfLetter = error instanceof ReeveError && ['not-read', 'input-too-large'].includes(error.code)
    if (!isOfLetter) throw error
    const problem = `The letter ${found.uid} in ${folder.path} (${found.bytes} bytes, arrived ${isoText(found.arrivedAt)}) could not be read: ${messageOf(error)} It stays where it lies.`
    return { digest, problem }
  }
}

/** Of many, those that can be read; at most `most`, the newest first. */
export async function readAll(
  mailbox: Mailbox,
  folder: OpenFolder,
  uids: readonly number[],
  letters: LetterReader,
): Promise<MailboxLetter[]> {
  const read: MailboxLetter[] = []
  for (const found of (await mailbox.find(uids)).reverse()) {
    const each = await readLetter(mailbox, folder, found, letters)
    if (each && 'letter' in each) read.push(each.letter)
  }
  return read
}

function idOf({ path, uidValidity }: OpenFolder, uid: number): string {
  return `${encodeURIComponent(path)}:${uidValidity}:${uid}`
}

/**
 * Opens the folder that a letter lies in. Answers with its UID.
 * @throws `mail-no-letter`
 */
export async function openLetter(
  mailbox: Mailbox,
  id: string,
  options: { forWriting?: boolean } = {},
): Promise<{ folder: OpenFolder; uid: number }> {
  const [, path, uidValidity, uid] = /^([^:]+):(\d+):(\d+)$/.exec(id) ?? []
  if (path === undefined) throw noLetter(`"${id.slice(0, 200)}" is not an id of a letter`)
  const folder = await mailbox.openFolder(decodeURIComponent(path), options)
  if (folder.uidValidity !== uidValidity)
    throw noLetter('the server has numbered its folder again since; search for the letter again')
  return { folder, uid: Number(uid) }
}

export function noLetter(why: string): ReeveError {
  return new ReeveError('mail-no-letter', `There is no such letter: ${why}.`, { details: { sent: false } })
}
