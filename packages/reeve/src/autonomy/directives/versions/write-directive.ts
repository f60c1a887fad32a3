import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReeveError } from '../../../base/errors.ts'
import { replaceFile } from '../../../base/files/replace-file.ts'
import { sha256 } from '../../../base/hash.ts'
import type { Json } from '../../../base/json/json.ts'
import { type Acting, record } from '../../../store/authority/acting.ts'
import {
  addDirectiveVersion,
  type DirectiveAuthor,
  type DirectiveVersionRow,
  directiveWriteOf,
  dropDirectiveWrite,
  openDirectiveWrites,
  settleDirectiveWrite,
} from '../../../store/autonomy/directive-versions.ts'
import type { Database, Session } from '../../../store/database.ts'
import type { LineProblem } from '../../line-problems.ts'
import { refuseProblems } from '../../line-problems.ts'
import type { Directive } from '../directive.ts'
import { outlineOf } from '../outline.ts'
import { withFailureMode, withoutFailureMode } from './failure-modes.ts'

/** What is to be another in a directive. */
export type DirectiveEdit =
  /** A line under Known Failure Modes. Plain words of the runtime's own: it is read by daemons as the operator's word. */
  | { kind: 'add-failure-mode'; mode: string }
  | { kind: 'remove-failure-mode'; mode: string }
  /** Another text, made of the one with the hash `base`. */
  | { kind: 'text'; text: string; base: string }

export interface DirectiveChange {
  directive: string
  edit: DirectiveEdit
  author: Exclude<DirectiveAuthor, 'file'>
  acting: Acting
  /** Why, for people. */
  reason: string
  /** What it rests upon: ids of runs, repairs, lessons; figures. */
  evidence: Json
  /** The same on every attempt: what was written once is not written again. */
  key: string
}

export interface DirectiveWriting {
  database: Database
  /** The folder of the project. */
  folder: string
  /** As they are loaded here: what is written is theirs from then on. */
  directives: readonly Directive[]
  /** What is wrong with a text in the place of a directive's. */
  check(directive: Directive, text: string): Promise<LineProblem[]>
}

export interface WrittenDirective {
  /** Its number; null: the file was as wanted, and nothing was written. */
  version: number | null
  hash: string
}

/** A write whose process died is given up after this time (ms), when the file shows that it did not happen. */
const abandonedMs = 60_000

/**
 * The one way in which Reeve writes a directive's file:
 *
 *   the version is recorded as `writing` → the file is replaced → the version stands, with its act, in one transaction
 *
 * Whatever dies between is finished by the next attempt with the same key, by the next write, or by the next load.
 * @throws `unknown-directive` `directive-changed` `directive-busy` `bad-directive` `bad-failure-mode` `directive-full` `not-a-file`
 */
export async function writeDirective(
  writing: DirectiveWriting,
  change: DirectiveChange,
): Promise<WrittenDirective> {
  const { database, folder, directives } = writing
  const directive = directives.find(({ name }) => name === change.directive)
  if (!directive)
    throw new ReeveError(
      'unknown-directive',
      `There is no directive "${change.directive}". Nothing was written.`,
    )
  const path = join(folder, directive.file)
  const row = await begun(writing, directive, change)
  if ('hash' in row) return row
  if (row.write.state === 'writing') {
    const { write } = row
    await replaceFile(path, write.text, async () => {
      const now = sha256(await readFile(path))
      if (now !== write.base && now !== write.hash) throw changed(directive)
    }).catch(async (error: unknown) => {
      await dropDirectiveWrite(database, write)
      throw error
    })
    await database.transaction((session) => settle(session, write))
  }
  await tellLoaded(directive, row.write.text, row.write.hash)
  return { version: row.write.version, hash: row.write.hash }
}

/** In a transaction: the file has it. */
async function settle(session: Session, write: DirectiveVersionRow): Promise<void> {
  if (!(await settleDirectiveWrite(session, write))) return
  const { name, version, author, made_by, proof, reason, at } = write
  if (made_by === null || proof === null) return
  await record(session, { by: made_by, proof, at, why: reason }, 'directive-written', name, {
    version,
    author,
    hash: write.hash,
  })
}

async function begun(
  { database, folder, check }: DirectiveWriting,
  directive: Directive,
  change: DirectiveChange,
): Promise<{ write: DirectiveVersionRow } | WrittenDirective> {
  const { author, acting, reason, evidence, key, edit } = change
  const { name, file } = directive
  const earlier = await directiveWriteOf(database, key)
  if (earlier) return { write: earlier }
  const bytes = await readFile(join(folder, file))
  const [before, base] = [bytes.toString('utf8'), sha256(bytes)]
  if (edit.kind === 'text' && edit.base !== base) throw changed(directive)
  const text = await editedBy(edit, before)
  if (text === before) return { version: null, hash: base }
  if (edit.kind === 'text') refuseProblems('bad-directive', await check(directive, text))
  const hash = sha256(text)
  return database.transaction(async (session) => {
    await finishOthers(session, name, base, acting.at)
    const row = {
      ...{ name, hash, text, author, reason, evidence, base, state: 'writing' as const },
      ...{ made_by: acting.by, proof: acting.proof, write_key: key, at: acting.at },
    }
    const version = await addDirectiveVersion(session, row)
    return { write: { ...row, version: version!, evidence: JSON.stringify(evidence) } }
  })
}

/** Writes of the same directive that others began. */
async function finishOthers(session: Session, name: string, hash: string, now: number): Promise<void> {
  for (const other of await openDirectiveWrites(session, name)) {
    if (other.hash === hash) await settle(session, other)
    else if (other.at < now - abandonedMs) await dropDirectiveWrite(session, other)
    else
      throw new ReeveError(
        'directive-busy',
        `Directive "${name}" is being written by ${other.made_by ?? 'another process'}. Nothing was written; try again.`,
        { retryable: true },
      )
  }
}

/** Of a load: writes that reached their files, and those that never will. */
export async function finishWrites(
  session: Session,
  directives: readonly Pick<Directive, 'name' | 'hash'>[],
  now: number,
): Promise<void> {
  for (const write of await openDirectiveWrites(session)) {
    const hash = directives.find(({ name }) => name === write.name)?.hash
    if (hash === write.hash) await settle(session, write)
    else if (write.at < now - abandonedMs) await dropDirectiveWrite(session, write)
  }
}

async function editedBy(edit: DirectiveEdit, before: string): Promise<string> {
  if (edit.kind === 'add-failure-mode') return withFailureMode(before, edit.mode)
  if (edit.kind === 'remove-failure-mode') return withoutFailureMode(before, edit.mode)
  return edit.text
}

/** Daemons of this process see it; others see it when they start. What a directive does is changed by a start alone. */
async function tellLoaded(directive: Directive, text: string, hash: string): Promise<void> {
  const { sections } = await outlineOf(text)
  const modes = sections
    .filter(({ title }) => title.replace(/:$/, '').toLowerCase() === 'known failure modes')
    .flatMap(({ items }) => items.map((item) => item.text))
    .filter((mode) => !/^none(?: yet)?\.?$/i.test(mode))
  directive.failureModes.splice(0, directive.failureModes.length, ...modes)
  directive.text = text
  directive.hash = hash
}

function changed({ name, file }: Directive): ReeveError {
  return new ReeveError(
    'directive-changed',
    `${file} was saved by somebody else meanwhile. Directive "${name}" was not written; look at it and try again.`,
    { retryable: true },
  )
}
