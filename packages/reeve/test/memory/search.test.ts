import { describe, expect, test } from 'vitest'
import { type KnowledgePassage, splitDocument } from '../../src/memory/ingest/passages.ts'
import type { SearchOptions } from '../../src/memory/search/search.ts'
import { embed } from '../../src/models/local/text/embed.ts'
import { keepPassages, openMemory } from './memory-harness.ts'

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

async function indexOf(passages: KnowledgePassage[], meaning: typeof embed = embed) {
  const memory = await openMemory({ embedder: { name: 'test', wordShare: 0.84, embed: meaning } })
  await keepPassages(memory, passages)
  return { memory, search: (query: string, options?: SearchOptions) => memory.recall(query, options) }
}

const ids = (result: { passages: { id: string }[] }) => result.passages.map((passage) => passage.id)

describe('what is found', () => {
  test('the passage about the subject comes first, whatever the form of its words', async () => {
    const index = await indexOf(shop)
    expect(ids(await index.search('Can my purchases be refunded?'))[0]).toBe('refunds#0')
    expect(ids(await index.search('I FORGOT my pässword!'))[0]).toBe('passwords#0')
    expect((await index.search('tracking parcel')).passages[0]).toMatchObject({
      id: 'parcels#0',
      source: 'parcels.md',
      title: 'Parcels',
      text: 'Parcels arrive after three days; track them online.',
    })
  })

  test('a misspelt word finds the word that is meant, by words alone too', async () => {
    const index = await indexOf(shop)
    const result = await index.search('my pasword', { by: 'words' })
    expect(ids(result)).toEqual(['passwords#0'])
    expect(result.audit.terms).toEqual([{ term: 'pasword', matched: ['password'] }])
  })

  test('a number is found as it is, not as one alike', async () => {
    const fees = await indexOf([
      ...passagesOf('a', '', 'The fee is $1,500.00 a year.'),
      ...passagesOf('b', '', 'The fee is $15.00 a year.'),
    ])
    expect(ids(await fees.search('why 1500', { by: 'words' }))).toEqual(['a#0'])
    expect(ids(await fees.search('1501', { by: 'words' }))).toEqual([])
  })

  test('scripts without spaces are searched by pairs of characters', async () => {
    const japanese = await indexOf([
      ...passagesOf('a', '', '返金は三十日以内です。'),
      ...passagesOf('b', '', '荷物は三日後に届きます。'),
    ])
    expect(ids(await japanese.search('返金', { by: 'words' }))).toEqual(['a#0'])
  })

  test('a scope holds what lies below it and nothing that merely begins alike', async () => {
    const index = await indexOf(shop)
    const query = 'billing team refund invoice password parcel'
    expect(ids(await index.search(query, { in: 'policy/billing' })).sort()).toEqual([
      'invoices#0',
      'refunds#0',
    ])
    expect((await index.search(query, { in: '/policy/' })).audit).toMatchObject({ in: 'policy' })
    expect(await index.search(query, { in: 'nowhere' })).toMatchObject({
      passages: [],
      audit: { considered: 0 },
    })
  })

  test('limit and least score are kept', async () => {
    const index = await indexOf(shop)
    const query = 'refund invoice password'
    expect((await index.search(query, { limit: 2 })).passages).toHaveLength(2)
    const all = (await index.search(query)).passages
    const least = all[1]!.score
    for (const passage of (await index.search(query, { minScore: least })).passages)
      expect(passage.score).toBeGreaterThanOrEqual(least - 0.0001)
    expect((await index.search(query, { minScore: 1.1 })).passages).toEqual([])
  })

  test('a query without a word finds nothing, and a huge one costs no more than its beginning', async () => {
    const index = await indexOf(shop)
    for (const query of ['', '  ?! ', '\ud800']) expect((await index.search(query)).passages).toEqual([])
    const huge = await index.search(`${'password reset '.repeat(10)}${'unheardof '.repeat(100_000)}`)
    expect(ids(huge)[0]).toBe('passwords#0')
    const manyWords = Array.from({ length: 300 }, (_, at) => `w${at}`).join(' ')
    expect((await index.search(manyWords)).audit.terms.length).toBe(24)
  })

  test('text that stands twice is given once', async () => {
    const twice = await indexOf([
      ...passagesOf('a', '', 'Cards arrive in a week.'),
      ...passagesOf('b', '', 'Cards arrive in a week.'),
      ...passagesOf('c', '', 'Cards are blue.'),
    ])
    const result = await twice.search('when do cards arrive')
    expect(ids(result)).toEqual(['a#0', 'c#0'])
    expect(result.audit.candidates.find((candidate) => candidate.id === 'b#0')?.outcome).toBe(
      'repeats-a-chosen-one',
    )
  })

  test('passages with equal scores come in the order of their ids', async () => {
    const equal = await indexOf(
      ['d', 'a', 'c', 'b'].flatMap((id, at) => passagesOf(id, '', `Card x${at}`, 'Card')),
    )
    expect(ids(await equal.search('card', { by: 'words' }))).toEqual(['a#0', 'b#0', 'c#0', 'd#0'])
  })
})

describe('words against vectors', () => {
  /** A sentence model: it knows that refunds give money back, and nothing else. */
  const meanings = (text: string) => Float32Array.from(/refund|purse/i.test(text) ? [1, 0.2] : [1, 0.75])
  const asks = async (wordShare: number, query: string) => {
    const memory = await openMemory({ embedder: { name: 'meanings', wordShare, embed: meanings } })
    await keepPassages(memory, [
      ...passagesOf('refunds', '', 'We refund what was bought within 30 days of delivery.', 'Refunds'),
      ...passagesOf('weekdays', '', 'Our team is here on weekdays, and puts the phone down at six.', 'Team'),
    ])
    return ids(await memory.recall(query))[0]
  }
  const inOtherWords = 'will my purse get its money, or will the team leave me standing there'
  const inItsWords = 'team puts phone down at six, purse'

  test('where no item has the words together, a model of meanings decides; where one has them, words do', async () => {
    expect(await asks(0.5, inOtherWords)).toBe('refunds#0')
    expect(await asks(0.5, inItsWords)).toBe('weekdays#0')
  })

  test('weak vectors do not make up for words', async () => {
    expect(await asks(0.84, inOtherWords)).toBe('weekdays#0')
  })
})

describe('the audit', () => {
  test('says what was asked, searched, found and chosen, in JSON of bounded size', async () => {
    const many = Array.from({ length: 300 }, (_, at) =>
      passagesOf(`d${at}`, 'policy', `Refund rule number${at}.`),
    )
    const index = await indexOf(many.flat())
    const { passages, audit } = await index.search(`refund number7 ${'x'.repeat(3000)}`, { in: 'policy' })
    expect(JSON.parse(JSON.stringify(audit))).toEqual(audit)
    expect(JSON.stringify(audit).length).toBeLessThan(4_000)
    expect(audit).toMatchObject({ in: 'policy', limit: 4, by: 'both', exact: false })
    expect(audit.query).toHaveLength(500)
    expect(audit.terms.map(({ term }) => term)).toEqual(expect.arrayContaining(['refund', 'number7']))
    expect(audit.candidates.filter(({ outcome }) => outcome === 'chosen').map(({ id }) => id)).toEqual(
      ids({ passages }),
    )
    expect(audit.candidates[0]).toMatchObject({ id: 'd7#0', score: passages[0]!.score })
    expect(audit.candidates[0]!.words).toBeGreaterThan(audit.candidates[1]!.words!)
    expect(audit.candidates.some(({ outcome }) => outcome === 'beyond-limit')).toBe(true)
  })

  test('a search by words alone says so, and compares no vectors', async () => {
    const { audit } = await (await indexOf(shop)).search('refund', { by: 'words' })
    expect(audit.by).toBe('words')
    expect(audit.candidates[0]!.vectors).toBeNull()
  })
})

test('vectors find what shares no word with the query in a large index', async () => {
  // An embedder that knows one thing: a car is a vehicle. Everything else is spread at random.
  const meaning = (text: string) => (/\b(?:car|vehicle)\b/i.test(text) ? embed('vehicle') : embed(text))
  const many = Array.from({ length: 2000 }, (_, at) =>
    passagesOf(`d${at}`, '', `Rule ${at} of shelf ${at * 7}.`),
  )
  const index = await indexOf([...many.flat(), ...passagesOf('v', '', 'A vehicle needs a permit.')], meaning)
  expect(ids(await index.search('car', { by: 'words' }))).toEqual([])
  expect(ids(await index.search('car'))[0]).toBe('v#0')
})
