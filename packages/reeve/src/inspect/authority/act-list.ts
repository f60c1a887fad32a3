import { isoText } from '../../base/time/time.ts'
import { type ActType, type AnyDetails, acts, type Proof } from '../../store/authority/acts.ts'
import { type ActRow, newestActs, saidOf } from '../../store/authority/authority-log.ts'
import type { Session } from '../../store/database.ts'

/** An act of authority as people and programs read it. */
export interface ActView {
  no: number
  type: ActType
  /** What such an act means. */
  meaning: string
  /** ISO 8601. */
  at: string
  by: string
  proof: Proof
  onBehalfOf: string[]
  subject: string
  runId: string | null
  why: string | null
  /** Null: it was erased. */
  details: AnyDetails | null
}

export interface ActFilter {
  type?: ActType
  by?: string
  subject?: string
  /** The id of a run. */
  run?: string
  /** Only acts with a smaller number: the `no` of the last one of the page before. */
  before?: number
  /** 1 to 500. Default 50. */
  limit?: number
}

/** Acts, the newest first. */
export async function listActs(session: Session, filter: ActFilter = {}): Promise<ActView[]> {
  const { type, by, subject, run, before, limit = 50 } = filter
  const rows = await newestActs(
    session,
    { type, principal: by, subject, run },
    { before, limit: Math.min(500, Math.max(1, limit)) },
  )
  return rows.map(actView)
}

function actView(row: ActRow): ActView {
  const { why, details } = saidOf(row)
  return {
    no: row.seq,
    type: row.type,
    meaning: acts[row.type]?.meaning ?? 'An act of a later version.',
    at: isoText(row.at),
    by: row.principal,
    proof: row.proof,
    onBehalfOf: JSON.parse(row.behalf) as string[],
    subject: row.subject,
    runId: row.run,
    why: why ?? null,
    details: details ?? null,
  }
}
