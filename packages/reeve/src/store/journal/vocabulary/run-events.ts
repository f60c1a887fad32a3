import type { Issue } from '../../../base/schema/schema.ts'
import type { Cause, Channel } from './channel.ts'
import {
  bareEvent,
  errorEvent,
  event,
  type Field,
  flag,
  lineEvent,
  list,
  number,
  object,
  since,
  sometimes,
  text,
  value,
  valueEvent,
} from './define.ts'

/** What every event says that brings a run's function its input. */
const input = {
  parsed: since(
    flag('Whether `input` is what the schema made of what was given; without it, it is what was given.'),
  ),
  schema: since(text('A mark of the schema that read the input.')),
  version: since(text('The version of the workflow.')),
  principal: since(text('For whom the run acts.')),
  startedBy: sometimes(text("What started it in the principal's name.")),
  channel: sometimes(
    text(
      'By which way the input came in: `operator`, `api`, `schedule`, `webhook:NAME`, `mail`, `file` or `event`. A child and a later chapter have that of the run that made their input. Absent: the code that started the run did not say.',
    ) as Field<Channel, 'always'>,
  ),
  causedBy: sometimes(
    object<Cause>(
      'Of a run that an event trigger started, and of what comes of it: `run` and `event` that it goes back to, the `trigger`, and how many event triggers fired one after the other (`depth`).',
    ),
  ),
  traceparent: sometimes(text('The W3C trace context that the start came with.')),
  given: sometimes(value('The input as it was given, where the schema made another of it.')),
  input: sometimes(value('The input; absent for undefined.')),
  made: sometimes(value('What the schema made of the input, where plain JSON has no word for it.')),
}

/** The run itself begins, ends or goes on. */
export const runEvents = {
  'run-started': event({
    role: 'run',
    meaning: 'The run begins, with its input.',
    by: 'whatever starts a run',
    fields: input,
    shown: ['version', 'principal', 'startedBy', 'channel'],
  }),
  'input-replaced': event({
    role: 'run',
    meaning:
      'The run was given another input before it began: by a later start with the same debounce key, or by whoever forked it.',
    by: 'a start with `debounce`, a fork with an input of its own',
    fields: input,
    shown: ['version', 'principal', 'startedBy', 'channel'],
  }),
  'run-continued': event({
    role: 'run',
    meaning: 'A chapter ends and the next one begins: the run goes on from the beginning of its function.',
    by: 'ctx.continueAs',
    fields: input,
    shown: ['version'],
  }),
  'run-succeeded': valueEvent({
    role: 'run',
    meaning: "The run ended with its function's result.",
    by: 'the engine',
  }),
  'run-failed': errorEvent({
    role: 'run',
    meaning: 'The run ended with an error that its function threw, or a limit.',
    by: 'the engine',
    shown: ['code', 'message'],
  }),
  'run-stuck': event({
    role: 'run',
    meaning: 'The run cannot go on until a person has looked.',
    by: 'the engine',
    fields: { reason: text('Why.') },
    shown: ['reason'],
  }),
  'run-cancelled': event({
    role: 'run',
    meaning: 'The run was ended from outside.',
    by: 'a person, or the end of its parent',
    fields: { by: text('Who cancelled it.') },
    shown: ['by'],
  }),
  'run-released': event({
    role: 'run',
    meaning: 'Its worker stopped and gave the run back while something of it acted.',
    by: 'the engine',
    fields: { reason: text('Why.') },
    shown: ['reason'],
  }),
  'run-retried': event({
    role: 'run',
    meaning: 'A failed or stuck run goes on: the call that the event belongs to is made again.',
    by: 'a person',
    fields: {
      by: since(text('Who retried it.')),
      again: sometimes(list<number>('Further calls that are made again.')),
      logs: sometimes(number('How many lines stay written, where calls after them are made again.')),
    },
    shown: ['by'],
  }),
  'run-forked': event({
    role: 'run',
    meaning: 'What stands before it is shared with another run; from here on the fork is on its own.',
    by: 'a person',
    fields: {
      from: text("The origin's id."),
      step: since(number('The first call that is not shared.')),
      by: since(text('Who forked it.')),
      seed: since(text('What the random numbers of both come from.')),
      standing: sometimes(
        list<{ call: number; name: string; by: string | null }>(
          'Decisions of people on what the workflow asked by itself, that the fork shares.',
        ),
      ),
    },
    shown: ['from', 'step', 'by'],
  }),
  'patch-marked': bareEvent({
    role: 'note',
    meaning: 'The run takes the changed path with this id.',
    by: 'ctx.patched',
  }),
  'log-written': lineEvent({
    meaning: 'A line that the workflow wrote. In journals of before, also what agents and patterns noted.',
    by: 'ctx.log',
    fields: {
      message: text('The line.'),
      data: sometimes(value('What was given beside it.')),
    },
    shown: ['message'],
  }),
  'value-parsed': event({
    role: 'note',
    meaning: 'What a check inside the run made of a value, or had against it; each life sees the same.',
    by: 'the engine',
    fields: {
      no: number('The number of the check in its chapter.'),
      given: text('SHA-256 of the value that was checked.'),
      value: sometimes(value('What the schema made of it.')),
      made: sometimes(value('The same, where plain JSON has no word for it.')),
      issues: sometimes(list<Issue>('Why it does not fit.')),
      isSecret: sometimes(flag('The journal may not have the value: each life makes it again.')),
    },
    shown: ['issues'],
  }),
}
