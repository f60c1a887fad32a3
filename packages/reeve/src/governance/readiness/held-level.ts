import { ReeveError } from '../../base/errors.ts'
import type { Proof } from '../../store/authority/acts.ts'
import { recordAct, saidOf } from '../../store/authority/authority-log.ts'
import type { Database, Session } from '../../store/database.ts'
import { quoted } from '../../store/journal/events.ts'
import { undoing } from '../../store/ledger/business-keys.ts'
import type { Checklist } from './checklist.ts'
import { type Evidence, judgeReadiness, type Level, levels, type Readiness } from './readiness.ts'

/** So many decisions of people are looked at, the last ones. */
const mostDecisions = 200

/** The workflow that is judged. */
export interface Judged {
  name: string
  version: string
  checklist: Partial<Checklist>
  evals?: 'green' | 'red'
}

/** What the journals say of a workflow's current version. A new version begins with nothing, and so does a new model. */
async function evidenceOf(session: Session, { name, version, evals }: Judged): Promise<Evidence> {
  const changed = await session.get<{ at: number | null }>(
    `select max(first_at) as at from (
       select min(at) as first_at from model_calls where workflow = ? group by model) as models`,
    [name],
  )
  const newestModelAt = changed?.at ?? 0
  const decided = await session.all<{
    status: 'approved' | 'rejected'
    answer: string | null
    decided_at: number
  }>(
    `select a.status, a.answer, a.decided_at from approvals a join runs r on r.no = a.run
     where r.workflow = ? and r.version = ? and a.kind = 'approval' and a.status in ('approved', 'rejected')
       and a.decided_at >= ?
     order by a.decided_at desc, a.id desc limit ?`,
    [name, version, newestModelAt, mostDecisions],
  )
  const since = Math.max(newestModelAt, decided.at(-1)?.decided_at ?? 0)
  const ended = await session.all<{ status: string; count: number }>(
    `select status, count(*) as count from runs where workflow = ? and version = ? and ended_at >= ?
       and status in ('succeeded', 'failed') group by status`,
    [name, version, since],
  )
  const count = (status: string) => Number(ended.find((row) => row.status === status)?.count ?? 0)
  const denied = await session.get<{ count: number }>(
    `select count(*) as count from events e join runs r on r.no = e.run
     where r.workflow = ? and r.version = ? and r.created_at >= ? and e.type = ${quoted('effect-failed')}
       and e.payload like '%"code":"call-denied"%'`,
    [name, version, since],
  )
  const undone = await session.get<{ count: number }>(
    `select count(*) as count from business_keys k join runs r on k.value like r.id || ':%'
     where k.name = ? and k.status = 'completed' and r.workflow = ? and r.version = ?`,
    [undoing, name, version],
  )
  return {
    decisions: decided.map(({ status, answer }) => ({ status, isEdited: answer !== null })),
    runs: { succeeded: count('succeeded'), failed: count('failed') },
    denied: Number(denied?.count ?? 0),
    undone: Number(undone?.count ?? 0),
    ...(evals !== undefined && { evals }),
  }
}

/** What an owner gave last, or where it fell to; a workflow begins at `observe`. */
export async function heldLevel(session: Session, name: string): Promise<Level> {
  const row = await session.get<{ payload: string | null }>(
    `select payload from authority_log where type = 'level-changed' and subject = ? order by seq desc limit 1`,
    [subjectOf(name)],
  )
  const level = row && saidOf(row).details?.level
  return levels.find((each) => each === level) ?? 'observe'
}

function subjectOf(name: string): string {
  return `workflow:${name}`
}

/** How a workflow stands now. What is no longer earned falls back, in the log, by itself. */
export async function checkReadiness(
  database: Database,
  judged: Judged,
  at: number,
): Promise<Readiness & { held: Level }> {
  return database.transaction(async (session) => {
    const held = await heldLevel(session, judged.name)
    const readiness = judgeReadiness(judged.checklist, await evidenceOf(session, judged), held)
    if (readiness.effective !== held) {
      const why = readiness.lacks.find(({ level }) => level === held)?.why.join('; ')
      await note(session, judged.name, {
        before: held,
        level: readiness.effective,
        by: 'reeve',
        proof: 'started-by-reeve',
        at,
        why,
      })
    }
    return { ...readiness, held }
  })
}

/**
 * An owner gives a workflow another level: any lower one, or the next higher one that is earned.
 * @throws `level-not-earned`
 */
export async function giveLevel(
  database: Database,
  judged: Judged,
  level: Level,
  who: { by: string; proof: Proof; at: number; why?: string },
): Promise<void> {
  await database.transaction(async (session) => {
    const before = await heldLevel(session, judged.name)
    const { effective, proposed, lacks } = judgeReadiness(
      judged.checklist,
      await evidenceOf(session, judged),
      before,
    )
    if (levels.indexOf(level) > levels.indexOf(effective) && level !== proposed) {
      const why = lacks.find((each) => each.level === level)?.why.join('; ')
      throw new ReeveError(
        'level-not-earned',
        `"${judged.name}" stands at ${effective} and cannot go to ${level}: ${why ?? `the next level is ${proposed}`}.`,
      )
    }
    await note(session, judged.name, { ...who, before, level })
  })
}

async function note(
  session: Session,
  name: string,
  {
    before,
    level,
    by,
    proof,
    at,
    why,
  }: { before: Level; level: Level; by: string; proof: Proof; at: number; why?: string | undefined },
): Promise<void> {
  const act = {
    type: 'level-changed',
    by,
    proof,
    at,
    subject: subjectOf(name),
    details: { before, level },
  } as const
  await recordAct(session, { ...act, ...(why !== undefined && { why }) })
}
