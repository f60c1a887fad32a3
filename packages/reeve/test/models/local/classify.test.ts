import { describe, expect, test } from 'vitest'
import { loadClassifier, trainClassifier } from '../../../src/models/local/classify/classify.ts'
import { examplesOf } from './examples.ts'

const topics = {
  card: ['card', 'bank card', 'new card', 'credit card', 'debit card'],
  refund: ['refund', 'money back', 'reimbursement', 'refunded payment', 'my money returned'],
  password: ['password', 'passcode', 'login code', 'my sign-in', 'log-in password'],
}
const frames = [
  'Where is my NOUN?',
  'I am still waiting for the NOUN you promised',
  'What happened to the NOUN, please?',
  'can you help with my NOUN',
  'There is a problem with NOUN',
]

describe('a classifier trained on few examples', () => {
  const examples = examplesOf(topics, frames)
  const classifier = trainClassifier(examples)

  test('labels texts it has never seen', () => {
    expect(classifier.labels).toEqual(['card', 'password', 'refund'])
    expect(classifier.classify('has the card been sent yet').label).toBe('card')
    expect(classifier.classify('I forgot the password of my account').label).toBe('password')
    expect(classifier.classify('how do I get a refund for this').label).toBe('refund')
  })

  test('withstands typing errors, capitals and diacritics', () => {
    expect(classifier.classify('WHERE IS MY PASSWROD').label).toBe('password')
    expect(classifier.classify('réfund requésted').label).toBe('refund')
  })

  test('ranks the labels with confidences that sum to one', () => {
    const { ranked, label, confidence } = classifier.classify('my card, please')
    expect(ranked[0]).toEqual({ label, confidence })
    expect(ranked.map((guess) => guess.confidence)).toEqual(
      ranked.map((guess) => guess.confidence).sort((a, b) => b - a),
    )
    expect(ranked.reduce((sum, guess) => sum + guess.confidence, 0)).toBeCloseTo(1, 10)
  })

  test('is less sure of a text it knows little of', () => {
    const known = classifier.classify('Where is my refund?').confidence
    const half = classifier.classify('refund zxqvw blorptang wumbulous krixit').confidence
    const none = classifier.classify('zxqvw kjhgq vvbbx').confidence
    expect(known).toBeGreaterThan(0.8)
    expect(half).toBeLessThan(known)
    expect(none).toBeLessThan(0.5)
  })

  test('answers an empty text without being sure', () => {
    for (const text of ['', ' \n', '?!', '\ud800']) {
      expect(classifier.classify(text).confidence).toBeLessThan(0.5)
    }
  })

  test('gives the same bytes for the same seed and examples', () => {
    expect(trainClassifier(examples, { seed: 5 }).toBytes()).toEqual(
      trainClassifier(examples, { seed: 5 }).toBytes(),
    )
  })

  test('answers the same after a way through bytes, even at an odd offset', () => {
    const bytes = classifier.toBytes()
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    const loaded = loadClassifier(shifted.subarray(3))
    for (const { text } of examples) expect(loaded.classify(text)).toEqual(classifier.classify(text))
    expect(loaded.toBytes()).toEqual(bytes)
  })

  test('refuses bytes that are damaged, cut off or foreign', () => {
    const bytes = classifier.toBytes()
    const damaged = bytes.slice()
    damaged[bytes.length >> 1]! ^= 1
    expect(() => loadClassifier(damaged)).toThrow(expect.objectContaining({ code: 'bad-classifier' }))
    expect(() => loadClassifier(bytes.subarray(0, bytes.length - 1))).toThrow(/checksum/)
    expect(() => loadClassifier(new Uint8Array(10))).toThrow(/only 10 bytes/)
    expect(() => loadClassifier(new TextEncoder().encode('{"labels": []}'.repeat(20)))).toThrow(
      /do not begin/,
    )
  })
})

describe('trainClassifier', () => {
  test('needs an example', () => {
    expect(() => trainClassifier([])).toThrow(expect.objectContaining({ code: 'no-examples' }))
  })

  test('knows nothing but its only label', () => {
    expect(trainClassifier([{ text: 'hello', label: 'greeting' }]).classify('anything').label).toBe(
      'greeting',
    )
  })

  test('learns from texts without words', () => {
    const classifier = trainClassifier([
      { text: '', label: 'empty' },
      { text: '', label: 'empty' },
      { text: 'something written', label: 'full' },
    ])
    expect(classifier.classify('something written').label).toBe('full')
  })

  test('learns scripts without spaces and letters without case', () => {
    const classifier = trainClassifier([
      { text: 'カードがまだ届きません', label: 'card' },
      { text: '新しいカードはいつ届きますか', label: 'card' },
      { text: 'カードの配送状況を教えてください', label: 'card' },
      { text: 'パスワードを忘れました', label: 'password' },
      { text: 'パスワードを変更したい', label: 'password' },
      { text: 'パスワードの再設定方法', label: 'password' },
    ])
    expect(classifier.classify('カードは届くの?').label).toBe('card')
    expect(classifier.classify('忘れたパスワード').label).toBe('password')
    expect(classifier.classify('ﾊﾟｽﾜｰﾄﾞ').label).toBe('password')
  })

  test('is about as sure as it is right, when the labels of the examples contradict each other', () => {
    // Each text carries either label equally often: nobody can be right more often than half of the time.
    const examples = Array.from({ length: 64 }, (_, index) => ({
      text: `message number ${index % 16} about ${index % 16}`,
      label: index % 32 < 16 ? 'left' : 'right',
    }))
    expect(trainClassifier(examples).classify('message number 3 about 3').confidence).toBeLessThan(0.75)
  })
})

describe('hostile texts', () => {
  const classifier = trainClassifier(examplesOf(topics, frames))

  test('are read only up to a limit', () => {
    const body = 'Where is my refund? '.repeat(820)
    expect(body.length).toBeGreaterThan(16_384)
    expect(classifier.classify(`${body}${'password '.repeat(50_000)}`)).toEqual(classifier.classify(body))
  })

  test.each([
    ['one long word', 'a'.repeat(200_000)],
    ['single letters', 'a b '.repeat(50_000)],
    ['apostrophes', "'a".repeat(100_000)],
    ['characters that normalise to eighteen', '\ufdfa'.repeat(200_000)],
    ['stacked diacritics', `e${'\u0301'.repeat(200_000)}`],
    ['lone surrogates', '\udc00\ud800'.repeat(100_000)],
    ['null characters', '\0'.repeat(200_000)],
  ])('made of %s are classified with a confidence between 0 and 1', (_name, text) => {
    const { confidence } = classifier.classify(text)
    expect(confidence).toBeGreaterThan(0)
    expect(confidence).toBeLessThanOrEqual(1)
  })
})
