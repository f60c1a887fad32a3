import type { ErrorRecord } from '../../../base/errors.ts'
import {
  errorEvent,
  event,
  flag,
  list,
  number,
  object,
  oneOf,
  since,
  sometimes,
  text,
  time,
  value,
  valueEvent,
} from './define.ts'
import { effectClasses } from './effect-class.ts'
import type { RecordedRuling } from './ruling.ts'

/** A decision of a person on one effect, as its intent names it. */
export interface ApprovedBy {
  /** The call that asked. */
  call: number
  by: string | null
  edited: boolean
  note: string | null
}

/** What a question used. */
export interface RecordedUsage {
  inputTokens: number
  outputTokens: number
  costUsd: number
  cachedInputTokens?: number
  cacheWriteTokens?: number
}

/** One solver that was asked. */
export interface RecordedHop {
  solver: string
  kind: string
  outcome: string
  reason: string
  ms: number
  confidence?: number
}

/** Ids of lessons. */
export interface RecordedLessons {
  used: readonly string[]
  withheld: readonly string[]
}

const attempted = {
  attempt: number('The attempt that failed; 1 for the first.'),
  dueAt: time('When the next one begins.'),
  error: since(object<ErrorRecord>('Why it failed.')),
}

/** What runs do: steps, effects, questions, and what they look up and remember. */
export const callEvents = {
  'step-retrying': event({
    role: 'wait',
    call: 'step',
    meaning: 'An attempt failed, and another one follows.',
    by: 'the engine',
    fields: attempted,
    due: 'dueAt',
    shown: ['attempt', 'error', 'dueAt'],
  }),
  'step-completed': valueEvent({
    role: 'settlement',
    call: 'step',
    meaning: "The step's result.",
    by: 'ctx.step',
  }),
  'step-failed': errorEvent({
    role: 'settlement',
    call: 'step',
    meaning: 'The last attempt failed.',
    by: 'ctx.step',
    shown: ['code', 'message'],
  }),
  'effect-intended': event({
    role: 'call',
    call: 'effect',
    meaning: 'An attempt to change something outside begins; written before anything is sent.',
    by: 'ctx.call, or an agent',
    fields: {
      key: since(text('The idempotency key, the same on every attempt.')),
      class: since(oneOf(effectClasses, 'What may be done when its outcome is unknown.')),
      attempt: number('1 for the first.'),
      epoch: since(number('Of the claim under which it was made.')),
      agent: sometimes(text("The agent that acts; absent: the workflow's own code.")),
      under: sometimes(list<string>('The agents in whose service it acts, the outermost first.')),
      approved: sometimes(object<ApprovedBy>('The decision that it is made upon.')),
      ruling: sometimes(
        object<RecordedRuling>(
          'What was decided of it, why, and what its answer is worth; where grants hold.',
        ),
      ),
      args: since(value('The arguments.')),
    },
    shown: ['attempt'],
  }),
  'effect-retrying': event({
    role: 'wait',
    call: 'effect',
    meaning: 'An attempt certainly failed, or may be repeated, and another one follows.',
    by: 'the engine',
    fields: attempted,
    due: 'dueAt',
    shown: ['attempt', 'error', 'dueAt'],
  }),
  'effect-paced': event({
    role: 'wait',
    call: 'effect',
    meaning: 'The attempt has to wait: its rate, or the service that it reaches, does not allow it yet.',
    by: 'the engine',
    fields: {
      attempt: number('The attempt that waits.'),
      dueAt: time('When it may begin, or is tried again.'),
      reason: sometimes(text('Why, where it is not the rate.')),
      until: sometimes(
        text('What ends the wait before its time, such as an account that is connected again.'),
      ),
    },
    due: 'dueAt',
    shown: ['reason', 'dueAt'],
  }),
  'effect-shared': event({
    role: 'wait',
    call: 'effect',
    meaning: 'Another call has the business key of the effect: what that comes to is told to this one too.',
    by: 'the engine',
    fields: {
      attempt: number('The attempt that waits.'),
      dueAt: time('When it is looked at again.'),
      run: text('The run of the other call.'),
      holder: number('The other call.'),
    },
    due: 'dueAt',
    shown: ['run', 'holder', 'dueAt'],
  }),
  'effect-unverified': event({
    role: 'wait',
    call: 'effect',
    meaning: 'The service could not be asked whether the attempt took effect: it is asked again.',
    by: 'the engine',
    fields: {
      attempt: number('The attempt.'),
      reason: text('Why it is not known whether it took effect.'),
      problem: sometimes(text('Why the service could not be asked; absent: it is asked now.')),
      failures: number('How many times in a row it could not be asked.'),
      dueAt: time('When it is asked again.'),
      until: sometimes(
        text('What ends the wait before its time, such as an account that is connected again.'),
      ),
    },
    due: 'dueAt',
    shown: ['problem', 'dueAt'],
  }),
  'effect-unknown': event({
    role: 'wait',
    call: 'effect',
    meaning: 'Nobody here knows whether the attempt took effect: a person is asked.',
    by: 'the engine',
    fields: {
      attempt: number('The attempt.'),
      reason: since(text('Why it is not known.')),
      approval: text('The id of what a person is asked.'),
    },
    shown: ['reason'],
  }),
  'effect-asked': errorEvent({
    role: 'settlement',
    call: 'effect',
    meaning:
      'It may not be made before a person was asked, which the next call does; the details have the ruling.',
    by: 'ctx.call, or an agent',
    shown: ['message'],
  }),
  'effect-completed': valueEvent({
    role: 'settlement',
    call: 'effect',
    meaning: 'It took effect; with what the tool gave.',
    by: 'ctx.call, or an agent',
  }),
  'effect-failed': errorEvent({
    role: 'settlement',
    call: 'effect',
    meaning: 'It failed; with the code `not-applied` nothing was changed outside.',
    by: 'ctx.call, or an agent',
    shown: ['code', 'message'],
  }),
  'question-retrying': event({
    role: 'wait',
    call: 'question',
    meaning: 'No solver could be reached, and the route is asked again.',
    by: 'the engine',
    fields: attempted,
    due: 'dueAt',
    shown: ['attempt', 'error', 'dueAt'],
  }),
  'budget-awaited': event({
    role: 'wait',
    call: 'question',
    meaning: 'The question waits until its budget has room.',
    by: 'the engine',
    fields: {
      ...attempted,
      until: sometimes(text('The budget whose room ends the wait before its time: `budget:` and its scope.')),
    },
    due: 'dueAt',
    shown: ['error', 'dueAt'],
  }),
  'question-completed': event({
    role: 'settlement',
    call: 'question',
    meaning: 'A solver answered.',
    by: 'ctx.extract, ctx.generate, an agent, or a batch',
    fields: {
      value: since(value('The answer.')),
      given: sometimes(flag('`value` is what the solver gave, and each life reads it by the schema.')),
      solver: since(text('Who answered.')),
      kind: since(text('What that is: hosted, local, function.')),
      confidence: sometimes(number('From 0 to 1.')),
      cached: sometimes(
        object<{ run: string; at: number; costUsd: number }>(
          'The run that was given this answer before, when (ms since 1970), and what it did cost.',
        ),
      ),
      repairs: since(list<string>('What was left out or mended in its text to read it.')),
      raw: sometimes(text('Its text as the solver wrote it, where that was repaired or healed.')),
      hops: since(list<RecordedHop>('Every solver that was asked, in order.')),
      usage: since(object<RecordedUsage>('Tokens and cost of all of them.')),
      unsettledUsd: since(number('The most that calls without a countable answer may still cost.')),
      lessons: sometimes(
        object<RecordedLessons>(
          'What was learnt from earlier runs and told with the question (`used`), or kept from it to measure that (`withheld`).',
        ),
      ),
    },
    shown: ['value', 'solver', 'kind', 'confidence', 'usage', 'lessons'],
  }),
  'question-failed': errorEvent({
    role: 'settlement',
    call: 'question',
    meaning: 'No solver gave an answer.',
    by: 'the engine',
    shown: ['code', 'message'],
  }),
}
