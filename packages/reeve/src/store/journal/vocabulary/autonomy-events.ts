import type { Json } from '../../../base/json/json.ts'
import type { RecordedLessons } from './call-events.ts'
import { flag, lineEvent, list, number, object, oneOf, orNull, sometimes, text, time } from './define.ts'

/** The results that a decision may have. */
export const decisionResults = [
  'success',
  'unmet',
  'failed',
  'cancelled',
  'refused',
  'taken',
  'pending',
  'idle',
  'skipped',
] as const

/** What a decision of a daemon came to. `pending`: it goes on after its cycle. `taken`: another daemon does the same. */
export type DecisionResult = (typeof decisionResults)[number]

/** Who decided: a solver of a route, or the rules of the daemon's file. */
export interface DecidedBy {
  kind: 'route' | 'rules' | 'nobody'
  /** Of a route: the solver that answered. */
  solver?: string
  /** Of a route: hosted, local or function. */
  solverKind?: string
  /** Why the rules decided in the place of the route. */
  instead?: string
}

const cycle = {
  message: text('The same for a person.'),
  daemon: text("The daemon's name."),
  cycle: number('The number of the cycle, from 1 on.'),
}

/** What the cycles of daemons note. The decision ledger is made of these. */
export const autonomyEvents = {
  'daemon-looked': lineEvent({
    meaning: 'A daemon gathered its state, without a model.',
    by: 'a daemon',
    fields: {
      ...cycle,
      woken: orNull(text('What woke it before its time; null: nothing did.')),
      digest: text('The hash of what it would decide upon.'),
      changed: list<string>('What is not as it was at the last decision to be idle.'),
      open: list<string>('The directives that it may choose.'),
      closed: list<{ directive: string; why: string }>('Those that it may not, and why.'),
      lessons: sometimes(
        object<RecordedLessons>(
          'Lessons that spoke against something (`used`), and those that this cycle went without (`withheld`).',
        ),
      ),
    },
    shown: ['message'],
  }),
  'daemon-decided': lineEvent({
    meaning: 'A daemon made the one decision of a cycle.',
    by: 'a daemon',
    fields: {
      ...cycle,
      decision: text('The directive, or `idle`.'),
      params: object<{ [name: string]: Json }>('What the directive is given.'),
      why: text('Its reason.'),
      goal: orNull(text('The goal that it serves; null: none.')),
      by: object<DecidedBy>('Who decided.'),
    },
    shown: ['message', 'why'],
  }),
  'decision-ended': lineEvent({
    meaning: 'What a decision came to: an entry of the ledger.',
    by: 'a daemon',
    fields: {
      ...cycle,
      decidedAt: time('When it was decided.'),
      decision: text('The directive, or `idle`.'),
      params: object<{ [name: string]: Json }>('What the directive was given.'),
      why: text('Its reason; of what was skipped, why nobody was asked.'),
      goal: orNull(text('The goal that it serves; null: none.')),
      by: object<DecidedBy>('Who decided.'),
      result: oneOf(decisionResults, 'What it came to.'),
      detail: text(
        'What failed, which criteria were not met, or who does it already; empty: nothing to say.',
      ),
      run: orNull(text('The run that executed it; null: nothing was executed.')),
      costUsd: number('What decision and execution cost (US dollars).'),
      durationMs: number('From the decision to its end (ms).'),
    },
    shown: ['message', 'result', 'costUsd'],
  }),
  'decision-settled': lineEvent({
    meaning: 'A decision of an earlier cycle that was pending has ended.',
    by: 'a daemon',
    fields: {
      ...cycle,
      decision: text('The directive.'),
      run: text('The run that executed it.'),
      result: oneOf(decisionResults, 'What it came to.'),
      detail: text('What failed; empty: nothing to say.'),
      costUsd: number('What its execution cost (US dollars).'),
    },
    shown: ['message', 'result'],
  }),
  'wake-chosen': lineEvent({
    meaning: 'A daemon chose when it wakes next.',
    by: 'a daemon',
    fields: {
      ...cycle,
      at: time('When.'),
      why: text('Why then.'),
      isStalled: flag('Whether it stopped trying, for want of progress.'),
    },
    shown: ['message'],
  }),
}
