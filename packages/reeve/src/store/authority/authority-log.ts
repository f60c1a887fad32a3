import { sha256 } from '../../base/hash.ts'
import { encode, payloadCap } from '../../base/json/json.ts'
import { checkText } from '../../base/text/text.ts'
import { missingKey } from '../audit/key/audit-keys.ts'
import type { Session } from '../database.ts'
import type { Act, ActType, AnyDetails, Proof } from './acts.ts'

/**
 * What principals did that belongs to no run, or that a run's journal alone must not vouch for: one append-only table, each row
 * linked to the one before it. Rows are never changed, but that `payload` may be erased: it enters the chain by its digest.
 */
export interface ActRow {
  seq: number
  type: ActType
  at: number
  /** Who. */
  principal: string
  proof: Proof
  /** JSON text: on whose behalf, from the one who started it all; `[]`: its own. */
  behalf: string
  subject: string
  /** The run's id. */
  run: string | null
  /** JSON text of `why` and `details`; null once it was erased. */
  payload: string | null
  digest: string
  hash: string
  /** Of whoever wrote it, where the installation has an audit key. */
  seal: string | null
}

/** What stands before the first act. */
export const logStart = 'authority'

/** Who may append waits on this row: it gives the number, and the act before is the one with the number before. */
const nextSeq = `insert into counters (name, value) values ('authority', 1)
  on conflict (name) do update set value = counters.value + 1 returning value`

/**
 * Appends an act to the log, in the transaction of the change that it is about. Answers its number. Those who act at one moment
 * wait for one another's commit.
 * @throws `bad-text` `not-serialisable` `audit-key-missing`
 */
export async function recordAct<T extends ActType>(session: Session, act: Act<T>): Promise<number> {
  const { auditKeys } = session
  if (auditKeys === 'missing') throw missingKey()
  const clean = (text: string) => session.secrets?.redact(text) ?? text
  const named = (text: string, what: string) => clean(checkText(text, what))
  const said = encode({ why: act.why, details: act.details }, `the act ${act.type}`, payloadCap)
  const payload = session.secrets?.redactJson(said) ?? said
  const { value: seq } = (await session.get<{ value: number }>(nextSeq))!
  const before = await session.get<{ hash: string }>('select hash from authority_log where seq = ?', [
    seq - 1,
  ])
  const row: ActRow = {
    seq,
    type: act.type,
    at: act.at,
    principal: named(act.by, 'Who acts'),
    proof: act.proof,
    behalf: JSON.stringify((act.onBehalfOf ?? []).map((name) => named(name, 'On whose behalf'))),
    subject: named(act.subject, 'The subject of an act'),
    run: act.run ?? null,
    payload,
    digest: sha256(payload),
    hash: '',
    seal: null,
  }
  row.hash = actHash(before?.hash ?? logStart, row)
  row.seal = auditKeys?.seal(sealKind, [row.hash]) ?? null
  await session.run(
    `insert into authority_log (seq, type, at, principal, proof, behalf, subject, run, payload, digest, hash, seal)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      row.seq,
      row.type,
      row.at,
      row.principal,
      row.proof,
      row.behalf,
      row.subject,
      row.run,
      row.payload,
      row.digest,
      row.hash,
      row.seal,
    ],
  )
  return seq
}

/** What links an act to the one before it. */
function actHash(
  previous: string,
  {
    seq,
    type,
    at,
    principal,
    proof,
    behalf,
    subject,
    run,
    digest,
  }: Omit<ActRow, 'payload' | 'hash' | 'seal'>,
): string {
  return sha256(
    JSON.stringify([previous, seq, type, at, principal, proof, behalf, subject, run ?? '', digest]),
  )
}

/** Whether an act is as it was written, and by a holder of the keys where there are any. */
export async function isGenuine(session: Session, act: ActRow): Promise<boolean> {
  if (act.payload !== null && sha256(act.payload) !== act.digest) return false
  const before = await session.get<{ hash: string }>('select hash from authority_log where seq = ?', [
    act.seq - 1,
  ])
  if (actHash(before?.hash ?? logStart, act) !== act.hash) return false
  const keys = session.auditKeys === 'missing' ? undefined : session.auditKeys
  return !keys || act.seq <= keys.since.act || keys.isSealed(sealKind, [act.hash], act.seal)
}

/** Acts in their order, those after `after`. */
export function readActs(session: Session, after = 0, limit = 1000): Promise<ActRow[]> {
  return session.all<ActRow>('select * from authority_log where seq > ? order by seq limit ?', [after, limit])
}

export interface ActFault {
  seq: number
  problem: string
}

const sealKind = 'act'

/** Recomputes the chain of the log, and its seals where there are keys. Answers the first fault. */
export async function verifyActs(session: Session): Promise<{ acts: number; fault?: ActFault }> {
  const keys = session.auditKeys === 'missing' ? undefined : session.auditKeys
  let hash = logStart
  let seq = 0
  for (;;) {
    const rows = await readActs(session, seq)
    for (const row of rows) {
      if (row.seq !== ++seq) return { acts: seq - 1, fault: { seq, problem: `act ${seq} is missing` } }
      const changed = { seq, problem: `act ${seq} (${row.type}) was changed` }
      if (row.payload !== null && sha256(row.payload) !== row.digest) return { acts: seq - 1, fault: changed }
      hash = actHash(hash, row)
      if (hash !== row.hash) return { acts: seq - 1, fault: changed }
      if (keys && seq > keys.since.act && !keys.isSealed(sealKind, [hash], row.seal)) {
        const problem = `act ${seq} (${row.type}) has no seal of this installation's keys: somebody without the key wrote it`
        return { acts: seq - 1, fault: { seq, problem } }
      }
    }
    if (rows.length === 0) break
  }
  const counted = await session.get<{ value: number }>(`select value from counters where name = 'authority'`)
  if ((counted?.value ?? 0) <= seq) return { acts: seq }
  return { acts: seq, fault: { seq: seq + 1, problem: `acts ${seq + 1} to ${counted!.value} are missing` } }
}

/** `why` and `details` of an act; both absent once they were erased. */
export function saidOf({ payload }: Pick<ActRow, 'payload'>): { why?: string; details?: AnyDetails } {
  if (payload === null) return {}
  const said: unknown = JSON.parse(payload)
  return said as { why?: string; details: AnyDetails }
}

/** Acts that have all that is given here, the newest first; `before`: only those with a smaller number. */
export function newestActs(
  session: Session,
  having: Partial<Record<'type' | 'principal' | 'subject' | 'run', string | undefined>>,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<ActRow[]> {
  const wanted = Object.entries(having).filter(([, value]) => value !== undefined)
  const where = [...wanted.map(([column]) => `${column} = ?`), ...(before === undefined ? [] : ['seq < ?'])]
  const values = [...wanted.map(([, value]) => value!), ...(before === undefined ? [] : [before])]
  return session.all<ActRow>(
    `select * from authority_log ${where.length > 0 ? `where ${where.join(' and ')}` : ''} order by seq desc limit ?`,
    [...values, limit],
  )
}

/** Acts of these types from the first one on. */
export function actsOf(session: Session, types: readonly ActType[], limit: number): Promise<ActRow[]> {
  return session.all<ActRow>(
    `select * from authority_log where type in (${types.map(() => '?').join(', ')}) order by seq limit ?`,
    [...types, limit],
  )
}
