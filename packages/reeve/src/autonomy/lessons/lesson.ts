import { sha256, shareOf } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import type { PairedChange } from '../../inspect/evals/eval-view.ts'
import type { Condition } from './features.ts'

/** By which rule a lesson was found. */
export type LessonRule =
  | 'fails-when'
  | 'costs-when'
  | 'people-change'
  | 'people-add'
  | 'people-drop'
  | 'people-say'
  | 'by-hand'

/** What it is about, where it says how something is to be: by it contradictions are found. */
export interface LessonMatter {
  /** The tool or the question. */
  subject: string
  field: string
  from: Json
  to: Json
}

/** How a lesson did on recorded runs that it was not found in. */
export interface LessonTrial {
  /** Runs that it would have been told to, or kept from being started. */
  cases: number
  better: number
  worse: number
  change: PairedChange
  costUsd: number
}

/** What a lesson says, and what it rests on: the body of its proposal. */
export interface LessonBody {
  rule: LessonRule
  /** To whose runs it applies. */
  workflow: string
  /** Only to questions of that name; null: to all. */
  question: string | null
  /** What must hold of a run; null: it applies to all. */
  condition: Condition | null
  act: 'advise' | 'avoid'
  /** One or two sentences. */
  text: string
  /** Who wrote the sentence: `rules`, the solver of a route, or a person. */
  wording: string
  matter: LessonMatter | null
  evidence: {
    /** Ids, the newest first. */
    runs: string[]
    /** Of approvals and corrected answers. */
    decisions: string[]
    figures: { [name: string]: number }
    /** From when to when (ISO 8601). */
    from: string
    until: string
  }
  /** Null: there was nothing to try it on, or it cannot be tried. */
  trial: LessonTrial | null
}

/** What a rule finds, before it is tried. */
export type FoundLesson = Omit<LessonBody, 'trial' | 'wording'>

/** What is the same lesson, however often and in which words it is found. */
export function keyOfLesson({
  rule,
  workflow,
  question,
  condition,
  act,
  matter,
}: Pick<LessonBody, 'rule' | 'workflow' | 'question' | 'condition' | 'act' | 'matter'>): string {
  const what = { rule, workflow, question, condition, act, matter } as unknown as Json
  return `lesson:${sha256(canonical(what)).slice(0, 24)}`
}

/** Which runs go without a lesson: by their ids alone, so that each life of a run and each process says the same. */
export function isWithheld(lesson: string, run: string, percent: number): boolean {
  return shareOf(`${lesson}\n${run}`) * 100 < percent
}

/** Which recorded runs a lesson is tried on and never found in: one in three, by their ids. */
export function isHeldBack(run: string): boolean {
  return shareOf(`held back\n${run}`) < 1 / 3
}
