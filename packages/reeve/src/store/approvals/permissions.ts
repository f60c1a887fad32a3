import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import type { Session } from '../database.ts'
import { VeiledTexts, type WrittenTo } from '../marks/written.ts'

/**
 * A decision that a person made to hold for later calls, too: of one agent (or of a workflow's own code), with one tool, and with
 * arguments that are the same. It decides as that person would, as long as that person may decide.
 *
 *   open → ended    revoked, or its time is over
 */
export interface PermissionRow {
  id: string
  /** Null: the workflow's own code. */
  agent: string | null
  workflow: string
  tool: string
  /** JSON text of an object: the arguments that must be the same. */
  arguments: string
  /** 1: they are all arguments, and a call with others too is another call. */
  exact: number
  /** Hash of the tool's definition that was approved; null: it was not told. */
  definition: string | null
  /** The approval that it was remembered with. */
  approval: string
  granted_by: string
  created_at: number
  expires_at: number
  ended_at: number | null
  ended_by: string | null
}

export type NewPermission = Omit<PermissionRow, 'ended_at' | 'ended_by'>

export async function addPermission(session: Session, row: NewPermission): Promise<void> {
  await session.run(
    `insert into permissions (id, agent, workflow, tool, arguments, exact, definition, approval, granted_by, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      row.id,
      row.agent,
      row.workflow,
      row.tool,
      row.arguments,
      row.exact,
      row.definition,
      row.approval,
      row.granted_by,
      row.created_at,
      row.expires_at,
    ],
  )
}

/** Those that hold at a time, of one tool. What has expired is noted: no clock that is set back makes it valid again. */
export async function openPermissions(session: Session, tool: string, now: number): Promise<PermissionRow[]> {
  const rows = await session.all<PermissionRow>(
    'select * from permissions where tool = ? and ended_at is null order by id',
    [tool],
  )
  const open = rows.filter((row) => row.expires_at > now)
  if (open.length < rows.length)
    await session.run(
      'update permissions set ended_at = expires_at where tool = ? and ended_at is null and expires_at <= ?',
      [tool, now],
    )
  return open
}

/** Notes those whose time is over, so that no clock that is set back makes them valid again. Mostly it only looks. */
export async function noteEndedPermissions(session: Session, now: number): Promise<void> {
  const where = 'ended_at is null and expires_at <= ?'
  const ended = await session.get(`select 1 as found from permissions where ${where} limit 1`, [now])
  if (ended) await session.run(`update permissions set ended_at = expires_at where ${where}`, [now])
}

/** Open requests about a tool for which somebody remembers a permission that still holds. */
export function askedOfPermissions(
  session: Session,
  now: number,
  limit: number,
): Promise<{ id: string; permission: string }[]> {
  return session.all(
    `select a.id, p.id as permission from permissions p
       join approvals a on a.subject = p.tool and a.status = 'pending' and a.binds = 'effect'
     where p.ended_at is null and p.expires_at > ? limit ?`,
    [now, limit],
  )
}

/** The newest first; ids sort by time. */
export async function listPermissions(
  session: Session,
  { before, limit, now }: { before?: string | undefined; limit: number; now?: number | undefined },
): Promise<PermissionRow[]> {
  const conditions = ['1 = 1']
  const values: (string | number)[] = []
  if (before !== undefined) {
    conditions.push('id < ?')
    values.push(before)
  }
  if (now !== undefined) {
    conditions.push('ended_at is null and expires_at > ?')
    values.push(now)
  }
  const rows = await session.all<PermissionRow>(
    `select * from permissions where ${conditions.join(' and ')} order by id desc limit ?`,
    [...values, limit],
  )
  return session.keepsMarks ? veiled(session, rows) : rows
}

async function veiled(session: Session, rows: PermissionRow[]): Promise<PermissionRow[]> {
  const texts = new VeiledTexts(session)
  const shown: PermissionRow[] = []
  for (const row of rows) {
    const about = await session.get<WrittenTo>(
      'select run, shown, input_schema from approvals where id = ?',
      [row.approval],
    )
    const { answer } = await texts.shown(about, { answer: row.arguments })
    shown.push({ ...row, arguments: answer })
  }
  return shown
}

/** @throws `unknown-permission` */
export async function requirePermission(session: Session, id: string): Promise<PermissionRow> {
  const row = isShortText(id)
    ? await session.get<PermissionRow>('select * from permissions where id = ?', [id])
    : undefined
  if (row) return row
  throw new ReeveError(
    'unknown-permission',
    `There is no remembered permission ${shownId(id)}. See them with: reeve permissions`,
  )
}

/** Answers false when it had ended before. */
export async function endPermission(
  session: Session,
  id: string,
  { by, at }: { by: string; at: number },
): Promise<boolean> {
  const changed = await session.run(
    'update permissions set ended_at = ?, ended_by = ? where id = ? and ended_at is null',
    [at, by, id],
  )
  return changed === 1
}

/** What a permission wants of the arguments. */
export function argumentsOf({ arguments: text }: Pick<PermissionRow, 'arguments'>): {
  [key: string]: Json
} {
  return JSON.parse(text) as { [key: string]: Json }
}
