import type { Json } from '../../../base/json/json.ts'
import { flag, lineEvent, list, number, object, orNull, text } from './define.ts'

const pattern = {
  message: text('The same for a person.'),
  name: text('What the workflow calls it.'),
}
const note = { shown: ['message'] } as const
const path = list<string>('The thoughts from the beginning on.')

/** What patterns note of how they went. */
export const patternEvents = {
  'route-chosen': lineEvent({
    ...note,
    meaning: 'A route chose which case it takes.',
    by: 'the pattern `route`',
    fields: {
      ...pattern,
      wanted: text('The label that was given.'),
      choice: orNull(text('The case that is taken; null: none has that label, and there is no other.')),
    },
  }),
  'fan-out-planned': lineEvent({
    ...note,
    meaning: 'A task was cut into subtasks.',
    by: 'the pattern `fanOut`',
    fields: { ...pattern, subtasks: list<{ id: string; worker: string; task: string }>('Which.') },
  }),
  'fan-out-missed': lineEvent({
    ...note,
    meaning: 'A subtask was not done.',
    by: 'the pattern `fanOut`',
    fields: {
      ...pattern,
      result: object<{ id: string; worker: string; task: string; status: string; reason: string }>(
        'The subtask, whether it failed or was skipped, and why.',
      ),
    },
  }),
  'plan-made': lineEvent({
    ...note,
    meaning: 'A plan was made.',
    by: 'the pattern `plan`',
    fields: {
      ...pattern,
      steps: list<{ id: string; action: string; args: unknown; needs: string[] }>('Its steps.'),
    },
  }),
  'plan-advanced': lineEvent({
    ...note,
    meaning: 'A step of a plan was done.',
    by: 'the pattern `plan`',
    fields: { ...pattern, step: text('Which.'), left: number('How many are not done yet.') },
  }),
  'plan-undone': lineEvent({
    ...note,
    meaning: 'A plan failed, and a step of it was undone or left.',
    by: 'the pattern `plan`',
    fields: { ...pattern, step: text('Which.'), isUndone: flag('Whether it was undone.') },
  }),
  'tree-ended': lineEvent({
    ...note,
    meaning: 'A search through thoughts ended.',
    by: 'the pattern `treeOfThoughts`',
    fields: {
      ...pattern,
      stopped: text('What ended it.'),
      score: number('Of the best path, 0 to 1.'),
      path,
      scored: number('Thoughts that were scored.'),
      pruned: number('Branches that were given up.'),
      backtracks: number('How often it went back.'),
    },
  }),
  'tree-backtracked': lineEvent({
    ...note,
    meaning: 'A search went on from another branch.',
    by: 'the pattern `treeOfThoughts`',
    fields: { ...pattern, from: path, to: path },
  }),
  'tree-pruned': lineEvent({
    ...note,
    meaning: 'A search gave a branch up.',
    by: 'the pattern `treeOfThoughts`',
    fields: { ...pattern, path, score: number('Of the branch, 0 to 1.') },
  }),
  'debate-judged': lineEvent({
    ...note,
    meaning: 'A round of a debate was judged.',
    by: 'the pattern `debate`',
    fields: {
      ...pattern,
      round: number('1 for the first.'),
      settled: flag('Whether the question is answered.'),
      reason: text('Why, or why not.'),
    },
  }),
  'critique-begun': lineEvent({
    ...note,
    meaning: 'The criteria of a critique were fixed.',
    by: 'the pattern `critique`',
    fields: { ...pattern, criteria: list<string>('Which.') },
  }),
  'critique-scored': lineEvent({
    ...note,
    meaning: 'A draft was judged.',
    by: 'the pattern `critique`',
    fields: {
      ...pattern,
      round: number('1 for the first.'),
      score: number('The mean, 0 to 1.'),
      scores: list<number>('By criterion.'),
    },
  }),
  'critique-spared': lineEvent({
    ...note,
    meaning: 'A person wrote the draft: no model judges it.',
    by: 'the pattern `critique`',
    fields: { ...pattern, round: number('1 for the first.'), writtenBy: text('Who.') },
  }),
  'hand-off-made': lineEvent({
    ...note,
    meaning: 'One participant handed over to the next.',
    by: 'the pattern `handOff`',
    fields: {
      ...pattern,
      from: text('Who handed over.'),
      to: text('Who goes on.'),
      wanted: text('Who was named.'),
    },
  }),
  'state-written': lineEvent({
    ...note,
    meaning: 'A shared state has a new version.',
    by: 'patterns that share a state',
    fields: {
      ...pattern,
      version: number('Of the state.'),
      author: text('Who wrote it.'),
      changes: object<{ [key: string]: Json | undefined }>('What was written.'),
    },
  }),
  'state-refused': lineEvent({
    ...note,
    meaning: 'A write to a shared state was refused.',
    by: 'patterns that share a state',
    fields: { ...pattern, author: text('Whose.'), problem: text('Why.') },
  }),
  'state-merged': lineEvent({
    ...note,
    meaning: 'A conflict between two writes was settled by the rule.',
    by: 'patterns that share a state',
    fields: {
      ...pattern,
      conflict: object<{
        key: string
        current?: Json
        by: string
        wanted: Json
        author: string
        became?: Json
      }>('What stood there and by whom, what was wanted and by whom, and what it became.'),
    },
  }),
}
