import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json, payloadCap } from '../../base/json/json.ts'
import { isShortText, shownId } from '../../base/text/text.ts'
import { type Acting, record } from '../authority/acting.ts'
import type { Bulk, Row, Session, Value } from '../database.ts'

export const proposalKinds = [
  'repair',
  'lesson',
  'amendment',
  'training',
  'contradiction',
  'reconnect',
  'contract',
] as const
export type ProposalKind = (typeof proposalKinds)[number]

/**
 * Something that a machine would change and a person decides. It belongs to no run.
 *
 *   open → adopted → withdrawn     what it changed is taken back
 *     ↓ → rejected
 *     ↓ → withdrawn                what it rests on holds no more
 *     ↓ → superseded               another one would change the same thing otherwise
 */
export type ProposalStatus = 'open' | 'adopted' | 'rejected' | 'withdrawn' | 'superseded'

export interface ProposalRow {
  id: string
  kind: ProposalKind
  /** One line. Foreign text. */
  title: string
  /** JSON: what would change, and its evidence (runs, events, figures). Foreign text. */
  body: string
  /** Of kind, title and body: what whoever decides has seen. */
  hash: string
  /** What it would change; at most one is open for each. */
  key: string
  made_by: string
  /** By the store's clock (ms). */
  made_at: number
  status: ProposalStatus
  decided_by: string | null
  decided_at: number | null
  note: string | null
  /** When what was decided was done outside of the database too; null: not yet, or there is nothing to do. */
  carried_out_at: number | null
  /** Why it could not be done. */
  problem: string | null
}

export interface NewProposal {
  kind: ProposalKind
  title: string
  body: { [field: string]: Json }
  /** What it would change: `lesson:refund`, `repair:scripts/send.ts`. */
  key: string
  /** Who proposes: `reeve`, or the principal that a run acts for. */
  by: string
}

/**
 * In a transaction. What is proposed again word for word is the one that is open already; another one for the same thing takes
 * its place. Answers the id of the one that is open, and whether it is new.
 * @throws `not-serialisable` when the body is no plain JSON or too large
 */
export async function propose(
  session: Session,
  { kind, title, body, key, by }: NewProposal,
  { id, at }: { id: string; at: number },
): Promise<{ id: string; isNew: boolean }> {
  const clean = (text: string) => session.secrets?.redact(text) ?? text
  const said = canonical(body, `The body of a proposal (${kind})`)
  if (said.length > payloadCap / 16)
    throw new ReeveError(
      'not-serialisable',
      `The body of a proposal (${kind} ${shownId(key)}) has ${said.length} characters; at most ${payloadCap / 16} are kept. Name runs and numbers instead of their contents.`,
    )
  const kept = { title: clean(title), body: session.secrets?.redactJson(said) ?? said }
  const hash = hashOf({ kind, ...kept })
  const open = await session.get<ProposalRow>(
    `select * from proposals where key = ? and status = 'open' {lock}`,
    [key],
  )
  if (open?.hash === hash) return { id: open.id, isNew: false }
  if (open) await session.run(`update proposals set status = 'superseded' where id = ?`, [open.id])
  const added = await session.run(
    `insert into proposals (id, kind, title, body, hash, key, made_by, made_at, status)
     values (?, ?, ?, ?, ?, ?, ?, ?, 'open') on conflict do nothing`,
    [id, kind, kept.title, kept.body, hash, key, by, at],
  )
  if (added === 1) return { id, isNew: true }
  // Another process proposed for the same thing at this moment.
  const first = await session.get<ProposalRow>(`select * from proposals where key = ? and status = 'open'`, [
    key,
  ])
  if (first) return { id: first.id, isNew: false }
  return propose(session, { kind, title, body, key, by }, { id, at })
}

const insertProposals: Bulk = {
  columns: {
    ...{ id: 'text', kind: 'text', title: 'text', body: 'text', hash: 'text', key: 'text', made_by: 'text' },
    made_at: 'int',
  },
  sql: `insert into proposals (id, kind, title, body, hash, key, made_by, made_at, status)
    select :id, :kind, :title, :body, :hash, :key, :made_by, :made_at, 'open' {from} where true on conflict do nothing`,
}

/**
 * As a row, for the commit of a run's event. Where one is open for the same thing, that stays. Texts must be clean of secrets.
 * @throws `not-serialisable` when the body is no plain JSON
 */
export function proposalRow(
  { kind, title, body, key, by }: NewProposal,
  { id, at }: { id: string; at: number },
): Row {
  const said = canonical(body, `The body of a proposal (${kind})`)
  const hash = hashOf({ kind, title, body: said })
  return { statement: insertProposals, values: [id, kind, title, said, hash, key, by, at] }
}

function hashOf({ kind, title, body }: Pick<ProposalRow, 'kind' | 'title' | 'body'>): string {
  return sha256(JSON.stringify([kind, title, body]))
}

export type ProposalDecision = 'adopted' | 'rejected' | 'withdrawn'

/**
 * In a transaction: decides a proposal. Answers it as it stands then, and whether it was this call that decided: the same
 * decision again changes nothing. `hash`: what was seen; absent: whatever it says. `isOutside`: what is adopted, or taken back,
 * is to be done outside of the database too.
 * @throws `unknown-proposal` `proposal-changed` `proposal-decided`
 */
export async function decideProposal(
  session: Session,
  id: string,
  decision: ProposalDecision,
  { acting, hash, isOutside = false }: { acting: Acting; hash?: string | undefined; isOutside?: boolean },
): Promise<{ proposal: ProposalRow; isNew: boolean; was: ProposalStatus }> {
  const row = await requireProposal(session, id, true)
  if (hash !== undefined && hash !== row.hash)
    throw new ReeveError(
      'proposal-changed',
      `What was seen of proposal ${shownId(id)} is not what it says (${row.hash.slice(0, 12)}). Look at it again: reeve proposals show ${id}`,
    )
  if (hashOf(row) !== row.hash)
    throw new ReeveError(
      'proposal-changed',
      `Proposal ${shownId(id)} was changed in the database after it was made. Nothing of it is done.`,
    )
  if (row.status === decision) return { proposal: row, isNew: false, was: row.status }
  const isPossible = row.status === 'open' || (row.status === 'adopted' && decision === 'withdrawn')
  if (!isPossible)
    throw new ReeveError(
      'proposal-decided',
      `Proposal ${shownId(id)} was ${row.status}${row.decided_by === null ? '' : ` by ${shownId(row.decided_by)}`}; it cannot be ${decision} any more.`,
      { details: { status: row.status } },
    )
  const isUnfinished = isOutside && (decision === 'adopted' || row.status === 'adopted')
  const decided = {
    status: decision,
    decided_by: acting.by,
    decided_at: acting.at,
    note: acting.why ?? null,
    carried_out_at: isUnfinished ? null : acting.at,
    problem: null,
  }
  await session.run(
    `update proposals set status = ?, decided_by = ?, decided_at = ?, note = ?, carried_out_at = ?, problem = null
     where id = ?`,
    [decision, acting.by, acting.at, decided.note, decided.carried_out_at, id],
  )
  await record(session, acting, 'proposal-decided', id, { status: decision, kind: row.kind, hash: row.hash })
  return { proposal: { ...row, ...decided }, isNew: true, was: row.status }
}

/** Notes that what was decided was done outside too, or why it could not be. */
export async function noteCarriedOut(
  session: Session,
  id: string,
  outcome: { at: number } | { problem: string },
): Promise<void> {
  if ('at' in outcome)
    await session.run('update proposals set carried_out_at = ?, problem = null where id = ?', [
      outcome.at,
      id,
    ])
  else await session.run('update proposals set problem = ? where id = ?', [outcome.problem, id])
}

/** Those that were decided before then, and of which something is still to be done outside of the database. */
export function unfinishedProposals(session: Session, before: number): Promise<ProposalRow[]> {
  return session.all<ProposalRow>(
    `select * from proposals where carried_out_at is null and status in ('adopted', 'withdrawn') and decided_at < ?
     order by id limit 100`,
    [before],
  )
}

export interface ProposalFilter {
  kind?: ProposalKind | undefined
  status?: ProposalStatus | undefined
  /** Only those with this key. */
  key?: string | undefined
  /** Only those that were made before this one: its id. */
  below?: string | undefined
  limit: number
}

/** The newest first. */
export function listProposals(
  session: Session,
  { kind, status, key, below, limit }: ProposalFilter,
): Promise<ProposalRow[]> {
  const conditions = ['1 = 1']
  const values: Value[] = []
  const wanted = { kind, status, key }
  for (const [column, value] of Object.entries(wanted))
    if (value !== undefined) {
      conditions.push(`${column} = ?`)
      values.push(value)
    }
  if (below !== undefined) {
    conditions.push('id < ?')
    values.push(below)
  }
  return session.all<ProposalRow>(
    `select * from proposals where ${conditions.join(' and ')} order by id desc limit ?`,
    [...values, limit],
  )
}

/** The one that is open under a key: there is one at most. */
export async function openProposalOf(session: Session, key: string): Promise<ProposalRow | undefined> {
  const [open] = await listProposals(session, { key, status: 'open', limit: 1 })
  return open
}

/** How many are open, counted up to `most`. */
export async function countOpenProposals(session: Session, most: number): Promise<number> {
  const row = await session.get<{ count: number }>(
    `select count(*) as count from (select id from proposals where status = 'open' limit ?) few`,
    [most],
  )
  return Number(row!.count)
}

/** `isLocked`: until the transaction ends nobody else changes it. @throws `unknown-proposal` */
export async function requireProposal(session: Session, id: string, isLocked = false): Promise<ProposalRow> {
  const row = isShortText(id)
    ? await session.get<ProposalRow>(`select * from proposals where id = ?${isLocked ? ' {lock}' : ''}`, [id])
    : undefined
  if (row) return row
  throw new ReeveError(
    'unknown-proposal',
    `There is no proposal ${shownId(id)}. List them: reeve proposals list`,
  )
}

/** What a proposal would change, as it was made. */
export function bodyOf({ body }: Pick<ProposalRow, 'body'>): { [field: string]: Json } {
  return JSON.parse(body) as { [field: string]: Json }
}

/** Nobody need decide it any more: what it asked for has come. One that was decided stays as it is. */
export async function withdrawProposal(
  session: Session,
  id: string,
  { note, at }: { note: string; at: number },
): Promise<void> {
  await session.run(
    `update proposals set status = 'withdrawn', decided_at = ?, carried_out_at = ?, note = ? where id = ? and status = 'open'`,
    [at, at, note, id],
  )
}
