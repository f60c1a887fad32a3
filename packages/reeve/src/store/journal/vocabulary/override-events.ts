import { event, number, oneOf, text } from './define.ts'

const said = {
  call: number('The call.'),
  how: oneOf(
    ['result', 'error', 'skip-wait'],
    'What it comes to: a result, an error, or the end of its wait.',
  ),
  by: text('Who said so.'),
  reason: text('Why, in the words of whoever said so.'),
}

/** What people say of calls in the place of what those would have come to. They belong to no call themselves. */
export const overrideEvents = {
  'call-overridden': event({
    role: 'note',
    meaning:
      'A person overrode a call that waited or acted; what it came to by that stands right behind. After `skip-wait` of a call that is tried again, the next attempt begins at once.',
    by: 'a person',
    fields: said,
    shown: ['call', 'how', 'by', 'reason'],
  }),
  'override-refused': event({
    role: 'note',
    meaning: 'A person meant to override a call, and it could not be: it goes on, or had ended already.',
    by: 'the engine',
    fields: { ...said, problem: text('What was in the way.') },
    shown: ['call', 'how', 'by', 'problem'],
  }),
  'late-result-dropped': event({
    role: 'note',
    meaning: 'The body of a step that was overridden came to its end later: what it gave counts for nothing.',
    by: 'the engine',
    fields: { call: number('The call.') },
    shown: ['call'],
  }),
}
