import type { Session } from '../../database.ts'
import { quoted } from '../../journal/events.ts'

const deepest = 16
const most = 100

/** The numbers of the runs that a run started, and they in turn, whose journals say that something was recalled. */
export async function recallingBelow(session: Session, run: number): Promise<number[]> {
  const found: number[] = []
  let level = [run]
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const marks = level.map(() => '?').join(', ')
    const children = await session.all<{ no: number; recalled: number }>(
      `select r.no as no, (select count(*) from events e where e.run = r.no and e.type = ${quoted('recall-completed')}) as recalled
       from runs r where r.parent in (${marks}) order by r.no limit 1000`,
      level,
    )
    for (const { no, recalled } of children) if (recalled > 0 && found.length < most) found.push(no)
    level = children.map(({ no }) => no)
  }
  return found
}
