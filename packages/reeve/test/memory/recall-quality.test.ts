import { expect, test } from 'vitest'
import { splitDocument } from '../../src/memory/ingest/passages.ts'
import { holdOut, measureQuality, misspell } from './held-out-sentences.ts'
import { keepPassages, openMemory } from './memory-harness.ts'

/** A bank's knowledge in small: every product has an article on every subject, and an article repeats its subject. */
function articles() {
  const products = [
    'travel card',
    'student account',
    'business loan',
    'gold saver',
    'joint mortgage',
    'green wallet',
  ]
  const subjects = {
    fees: [
      'The monthly fee of the $ is charged on the first working day.',
      'No fees are charged in a month in which your $ was not used.',
      'A late payment for the $ costs an extra fee of twelve euros.',
      'You see every charged fee of your $ on the statement.',
    ],
    opening: [
      'Bring a passport and a proof of address to open your $.',
      'Opening a $ takes two banking days after the passport was checked.',
      'Your proof of address may not be older than three months for a $.',
      'A minor needs the signature of a parent to open the $.',
    ],
    closing: [
      'Pay the outstanding balance before the $ can be closed.',
      'Closing your $ is free once the balance is zero.',
      'A closed $ cannot be reopened; apply for a new one.',
      'The remaining balance is sent to you when we close the $.',
    ],
    fraud: [
      'Report a stolen or misused $ to the fraud hotline at once.',
      'The hotline blocks a stolen $ within a minute, day and night.',
      'We pay back what a thief took from your $ after you reported it.',
      'Never tell the password of your $ to a caller: that is fraud.',
    ],
    limits: [
      'You can raise the daily spending limit of the $ in the settings.',
      'A transfer above the limit of your $ needs a second signature.',
      'The settings show how much of the daily limit of the $ is left.',
      'Limits of a new $ are lower during its first thirty days.',
    ],
    interest: [
      'Interest on the $ is calculated daily and paid each quarter.',
      'The interest rate of the $ follows that of the central bank.',
      'We tell you before the rate of your $ changes.',
      'Interest paid for the $ is taxed in the year of its payment.',
    ],
  }
  return products.flatMap((product) =>
    Object.entries(subjects).flatMap(([subject, sentences]) =>
      splitDocument({
        id: `${product} ${subject}`,
        scope: '',
        title: `${product}: ${subject}`,
        text: sentences.map((sentence) => sentence.replace('$', product)).join('\n\n'),
        source: 'articles',
      }),
    ),
  )
}

test('words and vectors together find more than either alone, over right and wrong spellings', async () => {
  const ndcg = { words: 0, vectors: 0, both: 0 }
  for (const seed of [7, 8, 9, 10]) {
    const { passages, queries } = holdOut(articles(), 36, seed)
    expect(queries).toHaveLength(36)
    const memory = await openMemory()
    await keepPassages(memory, passages)
    const misspelt = queries.map(({ text, relevant }) => ({ text: misspell(text, seed), relevant }))
    for (const asked of [queries, misspelt]) {
      for (const by of ['words', 'vectors', 'both'] as const) {
        const { ndcgAt10, recallAt10 } = await measureQuality(memory, asked, by)
        ndcg[by] += ndcgAt10 / 8
        expect(recallAt10).toBeGreaterThan(0.95)
      }
    }
  }
  expect(ndcg.both).toBeGreaterThan(Math.max(ndcg.words, ndcg.vectors))
  expect(ndcg.both).toBeGreaterThan(0.75)
})
