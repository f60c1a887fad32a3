import { expect, test } from 'vitest'
import { splitDocument } from '../../src/memory/passages.ts'
import { createSearchIndex } from '../../src/memory/search-index.ts'
import { embed } from '../../src/models/local/embed.ts'
import { holdOut, measureQuality, misspell } from './held-out-sentences.ts'

/** A bank's knowledge in small: every product has an article on every subject, so that both words must be met. */
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
      'The monthly charge of the $ is taken on the first working day.',
      'No $ costs more than its yearly cap.',
    ],
    opening: [
      'Bring a passport and a proof of address to open your $.',
      'A new $ is ready after two banking days.',
    ],
    closing: [
      'Pay the outstanding balance before the $ can be closed.',
      'A closed $ cannot be opened again later.',
    ],
    fraud: [
      'Report a stolen or misused $ to the hotline at once.',
      'We replace whatever a thief took from your $.',
    ],
    limits: [
      'You can raise the daily ceiling of the $ in settings.',
      'Large transfers from a $ need a second signature.',
    ],
    interest: [
      'Interest on the $ is worked out daily and paid quarterly.',
      'Rates for the $ follow the central bank.',
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

test('words and vectors together find no less than the better of the two alone', () => {
  const { passages, queries } = holdOut(articles(), 36, 7)
  expect(queries.length).toBeGreaterThan(15)
  const index = createSearchIndex(passages, { embed })
  const misspelt = queries.map(({ text, relevant }) => ({ text: misspell(text, 3), relevant }))
  for (const asked of [queries, misspelt]) {
    const words = measureQuality(index, asked, 'words')
    const vectors = measureQuality(index, asked, 'vectors')
    const both = measureQuality(index, asked, 'both')
    expect(both.ndcgAt10).toBeGreaterThanOrEqual(Math.max(words.ndcgAt10, vectors.ndcgAt10) - 0.01)
    expect(both.recallAt4).toBeGreaterThan(0.5)
  }
})
