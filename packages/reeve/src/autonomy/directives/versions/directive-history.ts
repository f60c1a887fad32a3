import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { type DiffLine, diffLines, hunksOf } from '../../../base/text/line-diff.ts'
import { isoText } from '../../../base/time/time.ts'
import {
  type DirectiveAuthor,
  type DirectiveVersionRow,
  listDirectiveVersions,
  readDirectiveVersion,
} from '../../../store/autonomy/directive-versions.ts'
import type { Session } from '../../../store/database.ts'

/** One text that a directive had, as screens show it. */
export interface DirectiveVersionView {
  version: number
  hash: string
  author: DirectiveAuthor
  /** The principal; null: whoever saved the file. */
  by: string | null
  reason: string | null
  evidence: Json
  at: string
}

/** What differs between two versions of a directive. */
export interface DirectiveDiff {
  from: number
  to: number
  /** The places that differ, each with the lines around it. */
  hunks: DiffLine[][]
}

/** The newest first. `next`: the version before which there are more; null: there are none. */
export async function directiveHistory(
  session: Session,
  name: string,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<{ versions: DirectiveVersionView[]; next: number | null }> {
  const rows = await listDirectiveVersions(session, name, { before, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  return {
    versions: shown.map(directiveVersionView),
    next: rows.length > limit ? shown.at(-1)!.version : null,
  }
}

/**
 * What differs between two versions. Default: the newest, and the one before the later of the two.
 * @throws `unknown-directive-version`
 */
export async function directiveDiff(
  session: Session,
  name: string,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): Promise<DirectiveDiff> {
  const newest = (await listDirectiveVersions(session, name, { limit: 1 }))[0]?.version
  const later = to ?? newest ?? 1
  const earlier =
    from ?? (await listDirectiveVersions(session, name, { before: later, limit: 1 }))[0]?.version ?? later
  const texts = [await textOf(session, name, earlier), await textOf(session, name, later)] as const
  return { from: earlier, to: later, hunks: hunksOf(diffLines(...texts)) }
}

async function textOf(session: Session, name: string, version: number): Promise<string> {
  const row = await readDirectiveVersion(session, name, version)
  if (row) return row.text
  throw new ReeveError(
    'unknown-directive-version',
    `Directive "${name}" has no version ${version}. See its versions: reeve directives history ${name}`,
  )
}

function directiveVersionView(row: Omit<DirectiveVersionRow, 'text'>): DirectiveVersionView {
  const { version, hash, author, made_by, reason, evidence, at } = row
  return {
    ...{ version, hash, author, by: made_by, reason, at: isoText(at) },
    evidence: evidence === null ? null : (JSON.parse(evidence) as Json),
  }
}
