import { expect, test } from 'vitest'
import { Doubt } from '../../src/engine/calls/effect/unknown/doubt.ts'
import type { JournalEvent } from '../../src/store/journal/journal.ts'

/** A word for each event: `intended 1`, `retrying 1 timeout`, `failed not-applied`. */
function journal(words: string): JournalEvent[] {
  return words.split(', ').map((word, index) => {
    const [type, ...rest] = word.split(' ')
    const attempt = Number(rest[0])
    const error = { code: rest.at(-1), message: '', retryable: true }
    const payload = {
      intended: { key: 'k', class: 'idempotent', attempt, epoch: 1, args: null },
      retrying: { attempt, dueAt: 0, error },
      paced: { attempt, dueAt: 0 },
      shared: { attempt, dueAt: 0, run: 'r', holder: 1 },
      unknown: { attempt, reason: '', approval: 'a' },
      failed: error,
    }[type!]
    return {
      seq: index + 1,
      type: `effect-${type}`,
      step: 1,
      payload: JSON.stringify(payload),
    } as JournalEvent
  })
}

test.each([
  ['intended 1', true],
  ['intended 1, retrying 1 not-applied', false],
  ['intended 1, retrying 1 timeout', true],
  // A later refusal says nothing of the attempt whose answer was lost.
  ['intended 1, retrying 1 timeout, intended 2, retrying 2 not-applied', true],
  ['intended 1, intended 2, retrying 2 not-applied', true],
  ['intended 1, paced 2, intended 2, failed not-applied', true],
  // The same attempt once more: its reservation or its key was another's, and nothing was sent.
  ['intended 1, intended 1, retrying 1 not-applied', false],
  ['intended 1, shared 1', false],
  ['intended 1, paced 1', false],
  ['intended 1, unknown 1', true],
  ['intended 1, unknown 1, unknown 1', true],
  ['intended 1, unknown 1, intended 2, retrying 2 not-applied', false],
  ['intended 1, failed not-applied', false],
  // Its run was retried since.
  ['intended 1, failed reset, intended 1, failed not-applied', true],
  ['failed secrets-key-missing', false],
])('by %s it may have happened: %s', (words, mayHaveHappened) => {
  expect(new Doubt(journal(words)).mayHaveHappened).toBe(mayHaveHappened)
})
