import { ReeveError } from '../../base/errors.ts'
import { shownId } from '../../base/text/text.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Memory } from '../../memory/memory.ts'
import type { Database } from '../../store/database.ts'
import { addLesson, endLesson } from '../../store/learning/lessons.ts'
import { readVersions } from '../../store/memory/items.ts'
import { bodyOf, decideProposal, type ProposalRow } from '../../store/proposals/proposals.ts'
import type { ProposalEffects, Proposals } from '../proposals.ts'
import type { LessonBody } from './lesson.ts'
import type { LiveLessons } from './live-lessons.ts'

export interface LessonParts {
  database: Database
  clock: Clock
  memory: Memory
  lessons: LiveLessons
  /** Of 100 runs so many go without a lesson. */
  withheld: number
}

export function lessonOf(row: Pick<ProposalRow, 'body'>): LessonBody {
  return bodyOf(row) as unknown as LessonBody
}

/** An adopted lesson is an item of memory, for its words and its history, and a row that says where it applies. */
export function lessonEffects(parts: LessonParts): ProposalEffects {
  return {
    role: 'approver',
    carryOut: (row) => (row.status === 'adopted' ? adopt(parts, row) : withdraw(parts, row)),
  }
}

async function adopt(parts: LessonParts, row: ProposalRow): Promise<void> {
  const { database, clock, memory, lessons, withheld } = parts
  const { workflow, question, condition, act, text } = lessonOf(row)
  const { id } = row
  if ((await readVersions(database, id)).length === 0) {
    const said = { kind: 'lesson', scope: `lessons/${workflow}`, title: row.title.slice(0, 300) } as const
    const origin = { id, run: id, step: 0, at: clock.now() }
    const item = await memory.prepare(text, { ...said, source: `lesson ${id}` }, origin)
    await memory.keep({ ...item, run: null, step: null })
  }
  await database.transaction((session) =>
    addLesson(session, {
      ...{ id, workflow, question, act, withheld },
      condition: condition && JSON.stringify(condition),
      adopted_at: row.decided_at ?? clock.now(),
    }),
  )
  await lessons.renew()
}

async function withdraw({ database, clock, memory, lessons }: LessonParts, row: ProposalRow): Promise<void> {
  const { id, decided_by: by, note } = row
  const why = note ?? 'withdrawn'
  const last = (await readVersions(database, id)).at(-1)
  if (last && last.endedAt === null) await memory.retract(id, { by: by ?? 'reeve', why })
  await endLesson(database, id, clock.now(), why)
  await lessons.renew()
}

/** Two lessons that cannot both be followed. */
export interface ContradictionBody {
  /** The one that was there before. */
  one: { id: string; text: string; status: string; evidence: LessonBody['evidence'] }
  other: { id: string; text: string; evidence: LessonBody['evidence'] }
  /** What each decision comes to. */
  adopting: string
  rejecting: string
}

/** Who adopts a contradiction takes the newer lesson; who rejects it keeps the older one. */
export function contradictionEffects(proposals: () => Proposals): ProposalEffects {
  return {
    role: 'approver',
    async adopt(_, row) {
      if (sidesOf(row).other.id === '') throw gone(row)
    },
    async reject(session, row, acting) {
      await decideProposal(session, sidesOf(row).other.id, 'rejected', { acting })
    },
    async carryOut(row) {
      if (row.status !== 'adopted') return
      const { one, other } = sidesOf(row)
      const acting = {
        by: row.decided_by ?? 'reeve',
        proof: 'started-by-reeve' as const,
        at: row.decided_at ?? 0,
        why: `of two lessons that contradict each other (${row.id})`,
      }
      const take = (id: string, decision: 'adopted' | 'rejected' | 'withdrawn') =>
        proposals().decide(id, { decision, role: 'approver', acting })
      await take(one.id, 'withdrawn')
      await take(other.id, 'adopted')
    },
  }
}

function sidesOf(row: ProposalRow): ContradictionBody {
  return bodyOf(row) as unknown as ContradictionBody
}

function gone({ id }: ProposalRow): ReeveError {
  return new ReeveError('proposal-changed', `Contradiction ${shownId(id)} names no lesson to take.`)
}
