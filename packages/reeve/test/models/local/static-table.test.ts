import { describe, expect, test } from 'vitest'
import { packTable } from '../../../../embedding-table/build/pack.ts'
import { loadClassifier, trainClassifier } from '../../../src/models/local/classify/classify.ts'
import { installedTable, openTable } from '../../../src/models/local/text/static-table.ts'
import { WordPieces } from '../../../src/models/local/text/word-piece.ts'

const vocabulary = ['[PAD]', '[UNK]', 'refund', 'card', '##s', 'caf', '##e', '.', '中', '-']

describe('pieces of words', () => {
  const pieces = new WordPieces(vocabulary)
  test.each([
    ['refunds', ['refund', '##s']],
    ['Card. Refund-card', ['card', '.', 'refund', '-', 'card']],
    ['CAFÉ', ['caf', '##e']],
    ['中card', ['中', 'card']],
    // No piece goes on with `x`: the word is unknown as a whole.
    ['cardx card', ['[UNK]', 'card']],
    [' \n\u0000\t', []],
    ['', []],
    [`${'card'.repeat(50)} card`, ['[UNK]', 'card']],
  ])('%j', (text, expected) => {
    expect(pieces.read(text).map((id) => vocabulary[id])).toEqual(expected)
  })

  test('a text of any length costs no more than what is asked for', () => {
    expect(pieces.read('card '.repeat(100_000), 10)).toHaveLength(10)
  })
})

test('a vector is the sum of the rows of its pieces, of length 1; unknown pieces have no say', () => {
  const rows = new Float32Array(vocabulary.length * 2)
  rows.set([9, 9], 2)
  rows.set([3, 0], 4)
  rows.set([0, 4], 6)
  const table = openTable({ name: 't', table: packTable(rows, 2), vocabulary: vocabulary.join('\n') })
  const [x, y] = table.embed('refund card zzz')
  expect(x).toBeCloseTo(0.6, 2)
  expect(y).toBeCloseTo(0.8, 2)
  expect([...table.embed('zzz')]).toEqual([0, 0])
})

describe('the table of the package', () => {
  const table = installedTable()!
  const near = (one: string, other: string) => {
    const [left, right] = [table.embed(one), table.embed(other)]
    return left.reduce((sum, value, at) => sum + value * right[at]!, 0)
  }

  test('what means alike is nearer than what does not, without a common word', () => {
    expect(near('I want my money back', 'refund')).toBeGreaterThan(
      near('I want my money back', 'weather') + 0.1,
    )
    expect(near('my parcel never came', 'delivery is late')).toBeGreaterThan(
      near('my parcel never came', 'change the password') + 0.1,
    )
  })

  test('a classifier that was shown little knows words that it never saw', () => {
    const examples = [
      { text: 'refund', label: 'money' },
      { text: 'reimbursement', label: 'money' },
      { text: 'parcel', label: 'delivery' },
      { text: 'shipping', label: 'delivery' },
    ]
    const classifier = trainClassifier(examples)
    for (const [text, label] of [
      ['payment', 'money'],
      ['my money', 'money'],
      ['mail carrier', 'delivery'],
      ['package', 'delivery'],
    ])
      expect(classifier.classify(text!).label).toBe(label)
    const loaded = loadClassifier(classifier.toBytes())
    expect(loaded.classify('payment')).toEqual(classifier.classify('payment'))
    const without = trainClassifier(examples, { meanings: false })
    expect(without.toBytes().length).toBeLessThan(classifier.toBytes().length)
    expect(loadClassifier(without.toBytes()).classify('refund').label).toBe('money')
  })
})
