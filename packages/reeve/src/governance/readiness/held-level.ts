import { ReeveError } from '../../base/errors.ts'
import type { Acting } from '../../store/authority/acting.ts'
import { lastCeiling } from '../../store/authority/ceilings.ts'
import { lockLevel, noteEvals, readLevel, setLevel } from '../../store/authority/levels.ts'
import type { Database, Session } from '../../store/database.ts'
import type { Checklist } from './checklist.ts'
import { evidenceOf } from './evidence.ts'
import { judgeReadiness, type Level, levelFrom, levels, type Readiness } from './readiness.ts'

/** The agent or workflow that is judged, as its code is now. */
export interface Judged {
  kind: 'agent' | 'workflow'
  name: string
  /** Of a workflow. Of an agent: the hash of all that shapes its answers. */
  version: string
  checklist: Partial<Checklist>
  /** Whether its code has a checklist at all, also an incomplete or empty one: then it has a level from the beginning. */
  hasChecklist?: boolean
  /** What its evals say now; else what they said last counts. */
  evals?: 'green' | 'red'
}

/** How it stands, and how it stood before it was looked at. */
export type CheckedReadiness = Readiness & {
  held: Level
  /** Whether a level holds for it: it has a checklist, or was given a level. */
  levelled: boolean
}

/** `agent:NAME` or `workflow:NAME`. */
export function levelledId({ kind, name }: Pick<Judged, 'kind' | 'name'>): string {
  return `${kind}:${name}`
}

/** How it stands now, and what it has earned. Changes nothing. */
export async function viewReadiness(session: Session, judged: Judged): Promise<CheckedReadiness> {
  const row = await readLevel(session, levelledId(judged))
  const held = levelFrom(row?.level)
  const levelled = row !== undefined || judged.hasChecklist === true
  return {
    ...(await readinessOf(session, judged, held, judged.evals ?? evalsOf(row?.evals))),
    held,
    levelled,
  }
}

/** How it stands now. What is no longer earned falls back, in the log, by itself; running work obeys at its next call. */
export async function checkReadiness(
  database: Database,
  judged: Judged,
  at: number,
): Promise<CheckedReadiness> {
  const acting: Acting = { by: 'reeve', proof: 'started-by-reeve', at }
  return database.transaction(async (session) => {
    const { held, levelled, readiness } = await judgedNow(session, judged, acting)
    if (readiness.effective !== held) {
      const why = readiness.lacks.find(({ level }) => level === held)?.why.join('; ')
      const change = { principal: levelledId(judged), before: held, level: readiness.effective }
      await setLevel(session, change, { ...acting, why })
    }
    return { ...readiness, held, levelled }
  })
}

/**
 * An owner gives it another level: any lower one, or the next higher one that is earned.
 * @throws `level-not-earned`
 */
export async function giveLevel(
  database: Database,
  judged: Judged,
  level: Level,
  acting: Acting,
): Promise<void> {
  await database.transaction((session) => giveLevelIn(session, judged, level, acting))
}

/** The same within a transaction. @throws `level-not-earned` */
export async function giveLevelIn(
  session: Session,
  judged: Judged,
  level: Level,
  acting: Acting,
): Promise<void> {
  const { held, readiness } = await judgedNow(session, judged, acting)
  const { effective, proposed, lacks } = readiness
  if (levels.indexOf(level) > levels.indexOf(effective) && level !== proposed) {
    const why = lacks.find((each) => each.level === level)?.why.join('; ')
    throw new ReeveError(
      'level-not-earned',
      `"${judged.name}" stands at ${effective} and cannot go to ${level}: ${why ?? `the next level is ${proposed}`}.`,
    )
  }
  await setLevel(session, { principal: levelledId(judged), before: held, level }, acting)
}

async function judgedNow(
  session: Session,
  judged: Judged,
  acting: Acting,
): Promise<{ held: Level; levelled: boolean; readiness: Readiness }> {
  const principal = levelledId(judged)
  const row = await lockLevel(session, principal)
  const held = levelFrom(row?.level)
  if (judged.evals) await noteEvals(session, { principal, level: held, evals: judged.evals }, acting)
  const levelled = row !== undefined || judged.evals !== undefined || judged.hasChecklist === true
  const readiness = await readinessOf(session, judged, held, judged.evals ?? evalsOf(row?.evals))
  return { held, levelled, readiness }
}

async function readinessOf(
  session: Session,
  judged: Judged,
  held: Level,
  evals: 'green' | 'red' | undefined,
): Promise<Readiness> {
  const found = await evidenceOf(session, { ...judged, since: await firstSeen(session, judged) })
  return judgeReadiness(judged.checklist, { ...found, ...(evals && { evals }) }, held)
}

/** Since when the code of an agent is what it is now; one that was never seen so begins now. */
async function firstSeen(session: Session, { kind, name, version }: Judged): Promise<number> {
  if (kind === 'workflow') return 0
  const row = await lastCeiling(session, `agent:${name}`)
  const seen = row && (JSON.parse(row.ceiling) as { version?: string }).version
  return row && seen === version ? row.seen_at : Number.MAX_SAFE_INTEGER
}

function evalsOf(text: string | null | undefined): 'green' | 'red' | undefined {
  return text === 'green' || text === 'red' ? text : undefined
}
