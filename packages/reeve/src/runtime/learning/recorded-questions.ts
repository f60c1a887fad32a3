import { LoopStretch } from '../../base/time/loop-stretch.ts'
import { Context } from '../../context.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { tryRun } from '../../engine/trial/try-run.ts'
import { loadRun } from '../../engine/worker/claiming/loading.ts'
import type { BudgetPlan } from '../../models/asking/budget.ts'
import { withLessons } from '../../models/asking/lessons.ts'
import type { QuestionRequest } from '../../models/asking/question-request.ts'
import { type KeptAnswer, Questions } from '../../models/asking/questions.ts'
import { CircuitBreakers } from '../../models/route/breaker.ts'
import type { Question } from '../../models/solver.ts'
import { migrate } from '../../store/migrations.ts'
import { openDatabase } from '../../store/open.ts'
import type { RunRow } from '../../store/runs/runs.ts'
import type { LearningServices } from './learning-services.ts'

/** A question of a recorded run, whole, with its answer: of the journal, or of now. */
export interface RecordedQuestion {
  /** How many of that name the run had asked before it. */
  nth: number
  route: string
  question: Question
  answer: KeptAnswer
}

/** Of which question the routes are asked anew, and what they are told beside it. */
export interface AskedAnew {
  question: string
  lesson: string
}

/**
 * Reads what runs asked, which their journals have as hashes alone: the present code is driven over a journal, and the questions
 * are heard as it asks them. Nothing is written, and nothing outside is touched.
 */
export class RecordedQuestions {
  readonly #internals: LearningServices
  readonly #close: () => Promise<void>
  readonly #questions: HeardQuestions

  private constructor(internals: LearningServices, questions: HeardQuestions, close: () => Promise<void>) {
    this.#internals = internals
    this.#questions = questions
    this.#close = close
  }

  /** What is asked anew is paid from `budgets` as in a database of its own. */
  static async open(internals: LearningServices, budgets: BudgetPlan = {}): Promise<RecordedQuestions> {
    const { clock, engine, routes } = internals
    const { secrets, newId } = engine.services
    const scratch = openDatabase({ kind: 'sqlite', file: ':memory:' }, clock, {
      secrets,
      onBroken: (error) => {
        throw error
      },
    })
    await migrate(scratch, newId)
    const questions = new HeardQuestions({
      routes,
      breakers: new CircuitBreakers({ clock }),
      budgets: { ...budgets, whenExhausted: 'fail' },
      database: scratch,
      workflows: engine.workflows,
    })
    return new RecordedQuestions(internals, questions, () => scratch.close())
  }

  /** The questions of a run that have an answer; none where the present code cannot be driven over its journal. */
  async of(row: RunRow, anew?: AskedAnew): Promise<RecordedQuestion[]> {
    const { database, engine, lent } = this.#internals
    const { workflows, services } = engine
    const { secrets, records, identity } = services
    const questions = this.#questions
    const heard = questions.listen(anew)
    try {
      const { history, last, marks } = await loadRun(database, { ...row, inbox: 0 }, new LoopStretch(10))
      const { no, id, epoch, parent, principal, created_at: createdAt } = row
      await tryRun({
        ...{ workflows, secrets, records, identity },
        workflow: workflows.current(row.workflow),
        run: { no, id, epoch, parent, principal, createdAt },
        history,
        marks,
        endedAt: row.ended_at ?? last.at,
        contextFor: (site: CallSite) => new Context(site, workflows, { ...lent, questions }),
        ...(anew && { mayAct: ({ kind, name }) => kind === 'question' && name === anew.question }),
      })
    } catch {
      // Its code is another now, or its journal is damaged: nothing is learnt of it.
    }
    return heard
  }

  close(): Promise<void> {
    return this.#close()
  }
}

/** Tells what it is asked, and what was answered. */
class HeardQuestions extends Questions {
  #heard: RecordedQuestion[] = []
  #anew: AskedAnew | undefined
  #counts = new Map<string, number>()

  listen(anew: AskedAnew | undefined): RecordedQuestion[] {
    this.#heard = []
    this.#anew = anew
    this.#counts = new Map()
    return this.#heard
  }

  override async ask(site: CallSite, asked: QuestionRequest): Promise<KeptAnswer> {
    const { question, route } = asked
    const nth = this.#counts.get(question.name) ?? 0
    this.#counts.set(question.name, nth + 1)
    const heard = this.#heard
    const answer = await super.ask(site, this.#isAnew(question) ? anewWith(asked, this.#anew!.lesson) : asked)
    heard.push({ nth, route, question, answer })
    return answer
  }

  #isAnew({ name }: Question): boolean {
    return this.#anew !== undefined && name === this.#anew.question
  }
}

/** With other arguments the journal does not answer it. */
function anewWith(asked: QuestionRequest, lesson: string): QuestionRequest {
  const { question } = asked
  const instructions = withLessons(question.instructions, [lesson])
  return { ...asked, question: { ...question, instructions }, args: `anew: ${lesson}` }
}
