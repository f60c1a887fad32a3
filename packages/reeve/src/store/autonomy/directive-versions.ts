import type { Json } from '../../base/json/json.ts'
import type { Proof } from '../authority/acts.ts'
import type { Session } from '../database.ts'

/** Who made a directive what it is: `file` is whoever saved the file. */
export type DirectiveAuthor = 'file' | 'person' | 'repair' | 'lesson'

export interface DirectiveVersionRow {
  name: string
  /** From 1 on; a number may be missing. */
  version: number
  /** Of the file. */
  hash: string
  text: string
  author: DirectiveAuthor
  /** The principal; null: not known. */
  made_by: string | null
  proof: Proof | null
  reason: string | null
  /** JSON. */
  evidence: string | null
  /** By it a write is repeated without being done twice. */
  write_key: string | null
  /** The hash of the text that it was made of; null: it was found in the file. */
  base: string | null
  /** `writing`: it may be that the file does not have it yet. */
  state: 'writing' | 'stands'
  at: number
}

/** So many of each directive are kept, the newest. */
const mostKept = 200

const columns =
  'name, version, hash, text, author, made_by, proof, reason, evidence, write_key, base, state, at'

/** Without their texts, the newest first. */
export function listDirectiveVersions(
  session: Session,
  name: string,
  { before = Number.MAX_SAFE_INTEGER, limit }: { before?: number | undefined; limit: number },
): Promise<Omit<DirectiveVersionRow, 'text'>[]> {
  return session.all(
    `select ${columns.replace('text, ', '')} from directive_versions
     where name = ? and version < ? and state = 'stands' order by version desc limit ?`,
    [name, before, limit],
  )
}

export function readDirectiveVersion(
  session: Session,
  name: string,
  version: number,
): Promise<DirectiveVersionRow | undefined> {
  return session.get(
    `select ${columns} from directive_versions where name = ? and version = ? and state = 'stands'`,
    [name, version],
  )
}

/** The newest that stands of each directive: its number and hash. */
export function newestDirectiveVersions(
  session: Session,
): Promise<Pick<DirectiveVersionRow, 'name' | 'version' | 'hash'>[]> {
  return session.all(
    `select v.name, v.version, v.hash from directive_versions v
     join (select name, max(version) as version from directive_versions where state = 'stands' group by name) n
       on n.name = v.name and n.version = v.version`,
  )
}

/** The writes of a directive, or of all, that may not have reached their file. */
export function openDirectiveWrites(session: Session, name?: string): Promise<DirectiveVersionRow[]> {
  const sql = `select ${columns} from directive_versions where state = 'writing'`
  return name === undefined
    ? session.all(`${sql} order by name, version`)
    : session.all(`${sql} and name = ? order by version {lock}`, [name])
}

export function directiveWriteOf(session: Session, key: string): Promise<DirectiveVersionRow | undefined> {
  return session.get(`select ${columns} from directive_versions where write_key = ?`, [key])
}

/** In a transaction. Answers the number of the new version; undefined: the newest that stands has this text already. */
export async function addDirectiveVersion(
  session: Session,
  row: Omit<DirectiveVersionRow, 'version' | 'evidence'> & { evidence: Json },
): Promise<number | undefined> {
  for (;;) {
    const newest = await session.get<{ version: number | null; hash: string | null }>(
      `select max(version) as version, (select hash from directive_versions where name = ? and state = 'stands'
         order by version desc limit 1) as hash from directive_versions where name = ?`,
      [row.name, row.name],
    )
    if (row.state === 'stands' && newest?.hash === row.hash) return undefined
    const version = (newest?.version ?? 0) + 1
    // Another process may have written the same number meanwhile.
    if ((await insertVersion(session, { ...row, version })) === 0) continue
    await session.run(`delete from directive_versions where name = ? and version <= ? and state = 'stands'`, [
      row.name,
      version - mostKept,
    ])
    return version
  }
}

function insertVersion(
  session: Session,
  row: Omit<DirectiveVersionRow, 'evidence'> & { evidence: Json },
): Promise<number> {
  return session.run(
    `insert into directive_versions (${columns}) values (${columns.replaceAll(/\w+/g, '?')})
     on conflict (name, version) do nothing`,
    [
      row.name,
      row.version,
      row.hash,
      row.text.replaceAll('\0', '\\0'),
      row.author,
      row.made_by,
      row.proof,
      row.reason,
      row.evidence === null ? null : JSON.stringify(row.evidence),
      row.write_key,
      row.base,
      row.state,
      row.at,
    ],
  )
}

/** In a transaction: its file has it. Answers whether this call found that out. */
export async function settleDirectiveWrite(
  session: Session,
  { name, version }: Pick<DirectiveVersionRow, 'name' | 'version'>,
): Promise<boolean> {
  const changed = await session.run(
    `update directive_versions set state = 'stands' where name = ? and version = ? and state = 'writing'`,
    [name, version],
  )
  return changed === 1
}

/** Its file does not have it, and will not. */
export async function dropDirectiveWrite(
  session: Session,
  { name, version }: Pick<DirectiveVersionRow, 'name' | 'version'>,
): Promise<void> {
  await session.run(`delete from directive_versions where name = ? and version = ? and state = 'writing'`, [
    name,
    version,
  ])
}
