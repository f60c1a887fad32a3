import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KnowledgePassage, splitDocument } from '../../src/memory/ingest/passages.ts'
import { createSearchIndex } from '../../src/memory/search/search-index.ts'
import { embed } from '../../src/models/local/text/embed.ts'

function passagesOf(id: string, scope: string, text: string, title = id): KnowledgePassage[] {
  return splitDocument({ id, scope, title, text, source: `${id}.md` })
}

const shop = [
  ...passagesOf('refunds', 'policy/billing', 'We refund a purchase within 30 days of delivery.', 'Refunds'),
  ...passagesOf(
    'invoices',
    'policy/billing/business',
    'Companies receive an invoice every month.',
    'Invoices',
  ),
  ...passagesOf('billing-team', 'policy/billing-team', 'The billing team works on weekdays.', 'The team'),
  ...passagesOf(
    'passwords',
    'policy/technical',
    'Reset a forgotten password on the sign-in page.',
    'Passwords',
  ),
  ...passagesOf('parcels', '', 'Parcels arrive after three days; track them online.', 'Parcels'),
]

const ids = (result: { passages: { id: string }[] }) => result.passages.map((passage) => passage.id)

describe('what is found', () => {
  const index = createSearchIndex(shop, { embed })

  test('the passage about the subject comes first, whatever the form of its words', () => {
    expect(ids(index.search('Can my purchases be refunded?'))[0]).toBe('refunds#0')
    expect(ids(index.search('I FORGOT my pässword!'))[0]).toBe('passwords#0')
    expect(index.search('tracking parcel').passages[0]).toMatchObject({
      id: 'parcels#0',
      source: 'parcels.md',
      title: 'Parcels',
      text: 'Parcels arrive after three days; track them online.',
    })
  })

  test('a misspelt word finds the word that is meant, by words alone too', () => {
    const result = index.search('my pasword', { by: 'words' })
    expect(ids(result)).toEqual(['passwords#0'])
    expect(result.how.terms).toEqual([{ term: 'pasword', matched: ['password'] }])
  })

  test('a number is found as it is, not as one alike', () => {
    const fees = createSearchIndex([
      ...passagesOf('a', '', 'The fee is $1,500.00 a year.'),
      ...passagesOf('b', '', 'The fee is $15.00 a year.'),
    ])
    expect(ids(fees.search('why 1500'))).toEqual(['a#0'])
    expect(ids(fees.search('1501'))).toEqual([])
  })

  test('scripts without spaces are searched by pairs of characters', () => {
    const japanese = createSearchIndex([
      ...passagesOf('a', '', '返金は三十日以内です。'),
      ...passagesOf('b', '', '荷物は三日後に届きます。'),
    ])
    expect(ids(japanese.search('返金'))).toEqual(['a#0'])
  })

  test('a scope holds what lies below it and nothing that merely begins alike', () => {
    const query = 'billing team refund invoice password parcel'
    expect(ids(index.search(query, { in: 'policy/billing' })).sort()).toEqual(['invoices#0', 'refunds#0'])
    expect(index.search(query, { in: '/policy/' }).how).toMatchObject({ in: 'policy', inScope: 4 })
    expect(index.search(query, { in: 'nowhere' })).toMatchObject({ passages: [], considered: 0 })
  })

  test('limit and least score are kept', () => {
    const query = 'refund invoice password'
    expect(index.search(query, { limit: 2 }).passages).toHaveLength(2)
    const all = index.search(query).passages
    const least = all[1]!.score
    for (const passage of index.search(query, { minScore: least }).passages)
      expect(passage.score).toBeGreaterThanOrEqual(least - 0.0001)
    expect(index.search(query, { minScore: 1.1 }).passages).toEqual([])
  })

  test('a query without a word finds nothing, and a huge one costs no more than its beginning', () => {
    for (const query of ['', '  ?! ', '\ud800']) expect(index.search(query).passages).toEqual([])
    const huge = index.search(`${'password reset '.repeat(10)}${'unheardof '.repeat(100_000)}`)
    expect(ids(huge)[0]).toBe('passwords#0')
    const manyWords = Array.from({ length: 300 }, (_, at) => `w${at}`).join(' ')
    expect(index.search(manyWords).how.terms.length).toBe(24)
  })

  test('text that stands twice is given once', () => {
    const twice = createSearchIndex([
      ...passagesOf('a', '', 'Cards arrive in a week.'),
      ...passagesOf('b', '', 'Cards arrive in a week.'),
      ...passagesOf('c', '', 'Cards are blue.'),
    ])
    const result = twice.search('when do cards arrive')
    expect(ids(result)).toEqual(['a#0', 'c#0'])
    expect(result.how.candidates.find((candidate) => candidate.id === 'b#0')?.outcome).toBe(
      'repeats-a-chosen-one',
    )
  })

  test('passages with equal scores come in the order of their ids', () => {
    const equal = createSearchIndex(
      ['d', 'a', 'c', 'b'].flatMap((id, at) => passagesOf(id, '', `Card x${at}`, 'Card')),
    )
    expect(ids(equal.search('card'))).toEqual(['a#0', 'b#0', 'c#0', 'd#0'])
  })
})

describe('the audit', () => {
  test('says what was asked, searched, found and chosen, in JSON of bounded size', () => {
    const many = Array.from({ length: 300 }, (_, at) =>
      passagesOf(`d${at}`, 'policy', `Refund rule number${at}.`),
    )
    const index = createSearchIndex(many.flat(), { embed })
    const { passages, considered, how } = index.search(`refund number7 ${'x'.repeat(3000)}`, { in: 'policy' })
    expect(JSON.parse(JSON.stringify(how))).toEqual(how)
    expect(JSON.stringify(how).length).toBeLessThan(4_000)
    expect(how).toMatchObject({ in: 'policy', limit: 4, by: 'both', inScope: 300, considered })
    expect(how.query).toHaveLength(500)
    expect(how.terms.map(({ term }) => term)).toEqual(expect.arrayContaining(['refund', 'number7']))
    expect(how.candidates.filter(({ outcome }) => outcome === 'chosen').map(({ id }) => id)).toEqual(
      ids({ passages }),
    )
    expect(how.candidates[0]).toMatchObject({ id: 'd7#0', score: passages[0]!.score })
    expect(how.candidates[0]!.words).toBeGreaterThan(how.candidates[1]!.words)
    expect(how.candidates.some(({ outcome }) => outcome === 'beyond-limit')).toBe(true)
  })

  test('an index without an embedder says that words alone ranked', () => {
    const { how } = createSearchIndex(shop).search('refund', { by: 'both' })
    expect(how.by).toBe('words')
    expect(how.candidates[0]!.vectors).toBeNull()
  })
})

describe('updates', () => {
  const vocabulary = ['refund', 'card', 'fee', 'parcel', 'password', 'limit', 'invoice', 'abroad']
  const text = fc
    .array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 8 })
    .map((words) => words.join(' '))
  const change = fc.record({ document: fc.nat(9), text: fc.option(text, { nil: undefined }) })

  test('an index after any changes answers as one built from what is left', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), text, (changes, query) => {
        const changed = createSearchIndex([], { embed })
        const left = new Map<string, KnowledgePassage[]>()
        for (const { document, text } of changes) {
          const id = `d${document}`
          const passages = text === undefined ? [] : passagesOf(id, `scope/${document % 2}`, text)
          changed.update(id, passages)
          left.set(id, passages)
        }
        const fresh = createSearchIndex([...left.values()].flat().reverse(), { embed })
        expect(changed.size).toBe(fresh.size)
        for (const by of ['words', 'vectors', 'both'] as const)
          for (const scope of ['', 'scope/1'])
            expect(changed.search(query, { by, in: scope })).toEqual(fresh.search(query, { by, in: scope }))
      }),
    )
  })

  test('what did not change is not embedded again', () => {
    let embedded = 0
    const counting = (text: string) => {
      embedded++
      return embed(text)
    }
    const long = (last: string) =>
      passagesOf('a', '', `## One\n\n${'first '.repeat(100)}\n\n## Two\n\n${last.repeat(100)}`)
    const index = createSearchIndex(long('second '), { embed: counting })
    expect(embedded).toBe(2)
    index.update('a', long('third '))
    expect(embedded).toBe(3)
    expect(ids(index.search('third', { by: 'words' }))).toEqual(['a#1'])
    expect(ids(index.search('second', { by: 'words' }))).toEqual([])
  })

  test('a document that moves to another scope is found there and no longer where it was', () => {
    const index = createSearchIndex(shop, { embed })
    index.update(
      'refunds',
      passagesOf('refunds', 'terms', 'We refund a purchase within 30 days of delivery.', 'Refunds'),
    )
    expect(ids(index.search('refund', { in: 'terms' }))).toEqual(['refunds#0'])
    expect(ids(index.search('refund', { in: 'policy/billing', by: 'words' }))).toEqual([])
  })

  test('an embedder that fails leaves the index as it was', () => {
    let fault: 'none' | 'throws' | 'other-dimensions' | 'not-a-number' = 'none'
    const faulty = (text: string) => {
      if (fault === 'throws') throw new Error('out of order')
      if (fault === 'other-dimensions') return new Float32Array(3)
      return fault === 'not-a-number' ? new Float32Array(256).fill(Number.NaN) : embed(text)
    }
    const index = createSearchIndex(shop, { embed: faulty })
    const before = index.search('refund')
    for (const next of ['throws', 'other-dimensions', 'not-a-number'] as const) {
      fault = next
      const update = () => index.update('refunds', passagesOf('refunds', '', 'No refunds.'))
      expect(update).toThrow(next === 'throws' ? 'out of order' : 'one embedder')
      fault = 'none'
      expect(index.search('refund')).toEqual(before)
    }
  })
})

test('vectors find what shares no word with the query in a large index', () => {
  // An embedder that knows one thing: a car is a vehicle. Everything else is spread at random.
  const meaning = (text: string) => (/\b(?:car|vehicle)\b/i.test(text) ? embed('vehicle') : embed(text))
  const many = Array.from({ length: 2000 }, (_, at) =>
    passagesOf(`d${at}`, '', `Rule ${at} of shelf ${at * 7}.`),
  )
  const index = createSearchIndex([...many.flat(), ...passagesOf('v', '', 'A vehicle needs a permit.')], {
    embed: meaning,
  })
  expect(ids(index.search('car', { by: 'words' }))).toEqual([])
  expect(ids(index.search('car'))[0]).toBe('v#0')
})
