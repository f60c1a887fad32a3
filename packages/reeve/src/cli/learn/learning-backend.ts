import { addLessonBy, type GivenLesson } from '../../autonomy/lessons/add-lesson.ts'
import { type LessonView, lessonView, lessonViews } from '../../autonomy/lessons/lesson-view.ts'
import { type Duration, systemClock, toMs } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import { type AnswerCorrection, correctAnswer } from '../../engine/outside/correct-answer.ts'
import { correctedCases } from '../../evals/corrected-cases.ts'
import type { EvalCase } from '../../evals/scorers/scorer.ts'
import { type EvalSummary, evalResults } from '../../inspect/evals/eval-view.ts'
import { type FailureClasses, failureClasses } from '../../inspect/failures/failure-classes.ts'
import { learnWorkflowName } from '../../runtime/learning/learn-workflow.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import type { Workspace } from '../terminal/workspace.ts'

/** What is to be judged by cases of what people corrected. */
export type CorrectedOf = { workflow: string } | { question: string }

/** What commands ask about what is learnt. */
export interface LearningBackend {
  lessons(asked: { all: boolean; limit: number }): Promise<{ lessons: LessonView[]; more: boolean }>
  lesson(id: string): Promise<LessonView>
  add(given: GivenLesson, why: string | undefined): Promise<LessonView>
  /** Answers the run that does it. */
  learn(): Promise<string>
  /** `since`: such as `30d`. */
  failures(since: string): Promise<FailureClasses>
  evals(name: string | undefined, limit: number): Promise<EvalSummary[]>
  /** What people corrected, as cases of an evaluation. */
  corrected(of: CorrectedOf, since: string): Promise<EvalCase[]>
  correct(run: string, said: AnswerCorrection, why: string | undefined): Promise<void>
}

const isShown =
  (all: boolean) =>
  ({ status }: LessonView) =>
    all || status === 'open' || status === 'adopted'

/** Of a project's own database; what changes lessons needs its code. */
export function localLearning({ database, actor }: Workspace, runtime: Runtime | undefined): LearningBackend {
  const now = () => (database.clock ?? systemClock).now()
  const internals = () => {
    if (runtime) return internalsOf(runtime)
    throw new Error('This command needs the code of the project, which was not loaded.')
  }
  return {
    async lessons({ all, limit }) {
      const items = await lessonViews(database, { limit: limit + 1 })
      return { lessons: items.slice(0, limit).filter(isShown(all)), more: items.length > limit }
    },
    lesson: (id) => lessonView(database, id),
    async add(given, why) {
      await refuseMoved(database, database.place)
      const { proposals, engine } = internals()
      const parts = { database, proposals, newId: engine.services.newId }
      const acting = actingAs(actor, database, why)
      return lessonView(database, await addLessonBy(parts, given, { acting, role: actor.role }))
    },
    async learn() {
      await refuseMoved(database, database.place)
      refuseLowRole(actor, 'operator')
      const { engine } = internals()
      return (await engine.startRun(learnWorkflowName, {}, { principal: actor.principal })).id
    },
    failures: (since) => failureClasses(database, now() - toMs(since, '--since')),
    evals: (name, limit) => evalResults(database, { name, limit }),
    corrected: (of, since) => correctedCases(database, { ...of, since: since as Duration }, now()),
    async correct(run, said, why) {
      await refuseMoved(database, database.place)
      refuseLowRole(actor, 'approver')
      await database.transaction((session) =>
        correctAnswer(session, run, said, actingAs(actor, database, why)),
      )
    },
  }
}

const mostResults = 200

/** Of a server, through its API. */
export function remoteLearning(client: Client): LearningBackend {
  const whyOf = (why: string | undefined) => (why === undefined ? {} : { why })
  return {
    async lessons({ all, limit }) {
      const { items, next } = await client.lessons.list({ query: { limit: Math.min(limit, 500) } })
      return { lessons: (items as LessonView[]).filter(isShown(all)), more: next !== null }
    },
    lesson: async (lesson) => (await client.lessons.one({ params: { lesson } })) as LessonView,
    add: async ({ workflow, question, text }, why) =>
      (await client.lessons.add({
        body: { workflow, text, ...(question !== undefined && { question }), ...whyOf(why) },
      })) as LessonView,
    learn: async () => (await client.lessons.learn({ body: {} })).runId,
    failures: (since) => client.failures.list({ query: { since } }),
    async evals(name, limit) {
      const query = { limit: Math.min(limit, mostResults), ...(name !== undefined && { name }) }
      return (await client.evals.list({ query })).items
    },
    corrected: async (of, since) =>
      (await client.evals.cases({ query: { ...of, since } })).items as EvalCase[],
    async correct(run, { question, call, value }, why) {
      const body = { question, value, ...(call !== undefined && { call }), ...whyOf(why) }
      await client.lessons.correct({ params: { run }, body })
    },
  }
}
