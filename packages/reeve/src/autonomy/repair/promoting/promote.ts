import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ReeveError } from '../../../base/errors.ts'
import { replaceFile } from '../../../base/files/replace-file.ts'
import { sha256 } from '../../../base/hash.ts'
import { type Acting, record } from '../../../store/authority/acting.ts'
import { moveRepair, type RepairRow, type RepairStatus, readRepair } from '../../../store/autonomy/repairs.ts'
import type { Database, Session } from '../../../store/database.ts'
import { decideProposal, requireProposal } from '../../../store/proposals/proposals.ts'

export interface Promoting {
  database: Database
  /** The folder of the project. */
  folder: string
}

/** @throws `unknown-repair` */
export async function requireRepair(session: Session, id: string, isLocked = false): Promise<RepairRow> {
  const row = await readRepair(session, id, isLocked)
  if (row) return row
  throw new ReeveError(
    'unknown-repair',
    `There is no repair ${JSON.stringify(id.slice(0, 60))}. List them: reeve repairs list`,
  )
}

/**
 * In a transaction: a fix is to take the place of its script. Both sources are in the row, which is the backup; `finishChange` does it.
 * @throws `repair-state`
 */
export async function beginPromotion(
  session: Session,
  id: string,
  acting: Acting,
  reason: string,
): Promise<void> {
  const row = await requireRepair(session, id, true)
  if (row.status === 'promoting' || row.status === 'watching') return
  const isMoved = await moveRepair(session, id, ['proposed', 'diagnosing'], 'promoting', acting.at, {
    promoted_by: acting.by,
    reason,
  })
  if (!isMoved) throw wrongState(row, 'promoted', ['proposed'])
}

/**
 * In a transaction: the script is to be again what it was. `finishChange` does it.
 * @throws `repair-state`
 */
export async function beginRollback(
  session: Session,
  id: string,
  acting: Acting,
  reason: string,
): Promise<void> {
  const row = await requireRepair(session, id, true)
  if (row.status === 'rolling-back' || row.status === 'rolled-back') return
  const isMoved = await moveRepair(
    session,
    id,
    ['promoting', 'watching', 'kept'],
    'rolling-back',
    acting.at,
    { reason },
  )
  if (!isMoved) throw wrongState(row, 'rolled back', ['watching', 'kept'])
}

/** In a transaction: what was decided of a repair is decided of its proposal too, which waits for nobody any more. */
export async function settleProposal(
  session: Session,
  id: string,
  decision: 'adopted' | 'withdrawn',
  acting: Acting,
): Promise<void> {
  const { proposal } = await requireRepair(session, id)
  if (proposal === null) return
  const { status } = await requireProposal(session, proposal, true)
  const from = decision === 'adopted' ? 'open' : 'adopted'
  if (status === from) await decideProposal(session, proposal, decision, { acting })
}

/**
 * Finishes what was begun, whatever process began it: the file has the new source and its act is recorded, or the file was changed by
 * somebody else, and is left alone. The file is replaced while the row is held: of two processes, one that promotes and one that rolls
 * back, each sees what the other did. Killed in between, the file is one of the two, the row still says what was begun, and the next
 * process finds it done.
 * @throws `repair-overtaken` when the file is neither what it was nor what it is to be
 */
export async function finishChange(
  { database, folder }: Promoting,
  id: string,
  acting: Acting,
): Promise<RepairRow> {
  const problem = await database.transaction((session) => finishIn(session, folder, id, acting))
  if (problem) throw problem
  return requireRepair(database, id)
}

/** In a transaction. Answers what is to be thrown once that is durable. */
async function finishIn(
  session: Session,
  folder: string,
  id: string,
  acting: Acting,
): Promise<ReeveError | undefined> {
  const row = await requireRepair(session, id, true)
  if (row.status !== 'promoting' && row.status !== 'rolling-back') return undefined
  const isForward = row.status === 'promoting'
  const [from, to] = isForward ? [row.before_hash!, row.after_hash!] : [row.after_hash!, row.before_hash!]
  const text = isForward ? row.after_text! : row.before_text!
  const path = join(folder, row.file)
  if (sha256(text) !== to)
    throw new ReeveError(
      'repair-overtaken',
      `Repair ${id}: the source that is kept is not what was judged. ${row.file} was left as it is.`,
    )
  try {
    if ((await hashOf(path)) !== to)
      await replaceFile(path, text, async () => {
        if ((await hashOf(path)) !== from) throw overtaken(row)
      })
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'repair-overtaken') throw error
    // Where somebody else changed it there is nothing to go on with.
    const { message: reason } = error
    await moveRepair(session, id, [row.status], isForward ? 'rejected' : 'kept', acting.at, { reason })
    return error
  }
  const next: RepairStatus = isForward ? 'watching' : 'rolled-back'
  const also = isForward ? { promoted_at: acting.at } : {}
  await moveRepair(session, id, [row.status], next, acting.at, also)
  const act = isForward ? 'repair-promoted' : 'repair-rolled-back'
  const details = { script: row.script, before: from, after: to }
  await record(session, { ...acting, why: row.reason }, act, id, details)
  return undefined
}

async function hashOf(path: string): Promise<string> {
  return readFile(path).then(sha256, () => '')
}

function overtaken({ id, file }: RepairRow): ReeveError {
  return new ReeveError(
    'repair-overtaken',
    `${file} was changed by somebody else since. Repair ${id} left it as it is; look at it: reeve repairs diff ${id}`,
  )
}

function wrongState({ id, status }: RepairRow, verb: string, needed: readonly string[]): ReeveError {
  return new ReeveError(
    'repair-state',
    `Repair ${id} is ${status}; only one that is ${needed.join(' or ')} can be ${verb}. Nothing was changed.`,
    { details: { status } },
  )
}
