import { describe, expect, test } from 'vitest'
import { trainClassifier } from '../../../src/models/local/classify/classify.ts'
import {
  byClassifier,
  byPattern,
  byRule,
  localExtractor,
} from '../../../src/models/local/compose/extractor.ts'
import type { Answer, Question, Solver } from '../../../src/models/solver.ts'
import { examplesOf } from './examples.ts'

const classifier = trainClassifier(
  examplesOf(
    {
      refund: ['refund', 'money back', 'reimbursement'],
      outage: ['outage', 'crash', 'server error'],
      quote: ['price', 'offer', 'discount'],
    },
    [
      'I need help with the NOUN',
      'what about the NOUN?',
      'there was a NOUN yesterday',
      'NOUN please',
      'my NOUN',
    ],
  ),
)

function ask(solver: Solver, question: Partial<Question>): Answer {
  const answer = solver.solve(
    { task: 'extract', name: 'facts', input: '', ...question },
    { signal: new AbortController().signal },
  )
  if (answer instanceof Promise) throw new Error('a local solver answers at once')
  return answer
}

const ticket = {
  from: 'ann@example.com',
  subject: 'Refund',
  body: ['When do I get the money back for ORD-7781?', { deep: 'my refund' }],
}

describe('the local extractor', () => {
  const solver = localExtractor({
    fields: {
      category: byClassifier(classifier),
      orderId: byPattern(/ORD-\d+/),
      urgency: byRule((text) => (/\b(?:urgent|asap)\b/i.test(text) ? 5 : undefined)),
    },
  })

  test('says what it is', () => {
    expect(solver.name).toBe('local/extractor')
    expect(solver.kind).toBe('local')
  })

  test('reads fields from strings anywhere in the input and is as sure as its least sure field', () => {
    const answer = ask(solver, { input: ticket, schema: { type: 'object', required: ['category'] } })
    expect(answer).toMatchObject({ kind: 'value', value: { category: 'refund', orderId: 'ORD-7781' } })
    const { confidence } = answer as { confidence: number }
    expect(confidence).toBeGreaterThan(0.5)
    expect(confidence).toBeLessThanOrEqual(0.95)
  })

  test('leaves out an optional field that is not there', () => {
    expect(ask(solver, { input: 'urgent: I want my refund' })).toMatchObject({
      value: { category: 'refund', urgency: 5 },
    })
  })

  test('abstains when a required field is not found', () => {
    expect(ask(solver, { input: 'I want my refund', schema: { required: ['orderId'] } })).toEqual({
      kind: 'abstain',
      reason: 'the required field "orderId" was not found',
    })
  })

  test('abstains when a required field is too unsure', () => {
    expect(ask(solver, { input: 'zxq vbnm', schema: { required: ['category'] } })).toMatchObject({
      kind: 'abstain',
      reason: expect.stringMatching(/"category" is only 0\.\d\d sure, below 0\.5/),
    })
  })

  test('abstains when there is no rule for a required field', () => {
    expect(ask(solver, { input: ticket, schema: { required: ['category', 'mood'] } })).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('"mood"'),
    })
  })

  test('abstains rather than give a value that the schema does not allow', () => {
    const schema = { required: ['category'], properties: { category: { enum: ['sales', 'technical'] } } }
    expect(ask(solver, { input: ticket, schema })).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('"refund"'),
    })
    expect(ask(solver, { input: ticket, schema: { ...schema, required: [] } })).toEqual({
      kind: 'value',
      value: { orderId: 'ORD-7781' },
      confidence: 0.95,
    })
  })

  test('abstains when it finds nothing at all', () => {
    const ids = localExtractor({ fields: { orderId: byPattern(/ORD-\d+/) } })
    expect(ask(ids, { input: {} })).toEqual({ kind: 'abstain', reason: 'none of the fields was found' })
  })

  test('takes a rule that gives no proper confidence for unsure', () => {
    const odd = localExtractor({ fields: { a: () => ({ value: 1, confidence: Number.NaN }) } })
    expect(ask(odd, { input: 'x', schema: { required: ['a'] } }).kind).toBe('abstain')
  })

  test('withstands an input of enormous depth and width', () => {
    let deep: Question['input'] = 'ORD-1'
    for (let level = 0; level < 5000; level++) deep = [deep]
    const ids = localExtractor({ fields: { orderId: byPattern(/ORD-\d+/) } })
    expect(ask(ids, { input: deep })).toMatchObject({ value: { orderId: 'ORD-1' } })
    expect(ask(ids, { input: [...Array(300_000).fill(0), 'ORD-1'] }).kind).toBe('abstain')
  })
})

describe('rules', () => {
  test('byClassifier adds up the labels that map to one value and ignores the others', () => {
    const billing = byClassifier(classifier, { map: { refund: 'billing', quote: 'billing' } })
    const alone = byClassifier(classifier, { map: { refund: 'billing' } })
    const text = 'refund or discount'
    expect(billing(text, text)!.value).toBe('billing')
    expect(billing(text, text)!.confidence).toBeGreaterThan(alone(text, text)!.confidence)
    const odd = trainClassifier([{ text, label: 'constructor' }])
    expect(byClassifier(odd, { map: {} })(text, text)).toBeUndefined()
  })

  test('byClassifier is not led by lines that are only an address or an id', () => {
    const rule = byClassifier(classifier)
    const text = 'there was an outage yesterday'
    expect(rule(`ann@example.com\nORD-123-4\n${text}`, '')!.confidence).toBe(
      rule(`\n\n${text}`, '')!.confidence,
    )
  })

  test('byPattern is unsure when several different texts match', () => {
    const rule = byPattern(/ORD-\d+/)
    expect(rule('ORD-1, I repeat: ORD-1', '')).toEqual({ value: 'ORD-1', confidence: 0.95 })
    expect(rule('ORD-1 or ORD-2', '')!.confidence).toBeLessThan(0.5)
  })

  test('byPattern refuses a slow pattern at once', () => {
    expect(() => byPattern(/(a+)+b/)).toThrow(expect.objectContaining({ code: 'slow-pattern' }))
  })

  test('byRule may give its own confidence', () => {
    expect(byRule(() => ({ value: null, confidence: 0.2 }))('', '')).toEqual({ value: null, confidence: 0.2 })
    expect(byRule(() => false)('', '')).toEqual({ value: false, confidence: 1 })
  })
})
