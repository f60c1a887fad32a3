import { ReeveError } from '../../base/errors.ts'
import { visibleText } from '../../base/text/visible-text.ts'
import { isoText } from '../../base/time/time.ts'
import type { Acting } from '../../store/authority/acting.ts'
import type { Database } from '../../store/database.ts'
import type { Role } from '../../store/identity/principals.ts'
import { propose } from '../../store/proposals/proposals.ts'
import type { Proposals } from '../proposals.ts'
import { keyOfLesson, type LessonBody } from './lesson.ts'

const longest = 500

/** A lesson that a person gives. */
export interface GivenLesson {
  workflow: string
  question?: string | undefined
  text: string
}

/**
 * Puts a lesson of a person in force: it is told, noted and measured as any other. Answers its id.
 * @throws `bad-text` `role-too-low`
 */
export async function addLessonBy(
  parts: { database: Database; proposals: Proposals; newId: () => string },
  { workflow, question: named, text }: GivenLesson,
  { acting, role }: { acting: Acting; role: Role },
): Promise<string> {
  const said = text.trim()
  const question = named ?? null
  if (said === '' || said.length > longest || said !== visibleText(said) || said.includes('\n'))
    throw new ReeveError(
      'bad-text',
      `A lesson is one line of 1 to ${longest} characters, and nothing in it is unseen. Say it in a sentence or two.`,
    )
  const at = isoText(acting.at)
  const body: LessonBody = {
    ...{
      rule: 'by-hand',
      workflow,
      question,
      condition: null,
      act: 'advise',
      text: said,
      wording: acting.by,
    },
    matter: { subject: question ?? workflow, field: '', from: said, to: null },
    evidence: { runs: [], decisions: [], figures: {}, from: at, until: at },
    trial: null,
  }
  const proposal = {
    ...{ kind: 'lesson' as const, title: said.slice(0, 200), by: acting.by, key: keyOfLesson(body) },
    body: body as unknown as Parameters<typeof propose>[1]['body'],
  }
  const { id } = await parts.database.transaction((session) =>
    propose(session, proposal, { id: parts.newId(), at: acting.at }),
  )
  await parts.proposals.decide(id, { decision: 'adopted', role, acting })
  return id
}
