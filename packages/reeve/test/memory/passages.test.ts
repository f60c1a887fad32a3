import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KnowledgeDocument, splitDocument } from '../../src/memory/ingest/passages.ts'

function document(text: string, more: Partial<KnowledgeDocument> = {}): KnowledgeDocument {
  return { id: 'refunds.md', scope: 'policy', text, source: 'refunds.md', ...more }
}

function words(count: number, word = 'word'): string {
  return Array.from({ length: count }, (_, index) => `${word}${index}`).join(' ')
}

describe('splitting a document', () => {
  test('a short document is one passage in its own words', () => {
    const text = '# Refunds\n\nWe refund within 30 days.\n\n- Keep the receipt.\n- Send it back.'
    const [passage, ...others] = splitDocument(document(text))
    expect(others).toEqual([])
    expect(passage).toMatchObject({
      id: 'refunds.md#0',
      documentId: 'refunds.md',
      source: 'refunds.md',
      scope: 'policy',
      title: 'Refunds',
      heading: ['Refunds'],
      text,
      provenance: { source: 'refunds.md', heading: 'Refunds' },
    })
  })

  test('sections with enough words become passages that know the headings above them', () => {
    const text = `# Refunds\n\n## Abroad\n\n${words(100, 'far')}\n\n## At home\n\n${words(100, 'near')}\n\n### Shops\n\n${words(90, 'shop')}`
    const passages = splitDocument(document(text))
    expect(passages.map(({ id, heading }) => ({ id, heading }))).toEqual([
      { id: 'refunds.md#0', heading: ['Refunds', 'Abroad'] },
      { id: 'refunds.md#1', heading: ['Refunds', 'At home'] },
      { id: 'refunds.md#2', heading: ['Refunds', 'At home', 'Shops'] },
    ])
    expect(passages[1]!.text.startsWith('## At home\n\nnear0 ')).toBe(true)
  })

  test('small sections share a passage', () => {
    const text = ['One', 'Two', 'Three'].map((title) => `## ${title}\n\n${words(15, title)}`).join('\n\n')
    expect(splitDocument(document(text))).toHaveLength(1)
  })

  test('a list moves to the next passage together with its lead-in', () => {
    const list = Array.from({ length: 5 }, (_, index) => `- ${words(12, `item${index}x`)}`).join('\n')
    const passages = splitDocument(document(`${words(110)}\n\nYou need:\n\n${list}`))
    expect(passages).toHaveLength(2)
    expect(passages[1]!.text).toBe(`You need:\n${list}`)
  })

  test('a list too long for one passage is cut between items and repeats its lead-in', () => {
    const items = Array.from({ length: 30 }, (_, index) => `${index + 1}. ${words(14, `item${index}x`)}`)
    const passages = splitDocument(document(`Steps to follow:\n${items.join('\n')}`))
    expect(passages.length).toBeGreaterThan(2)
    for (const { text } of passages) expect(text.startsWith('Steps to follow:\n')).toBe(true)
    expect(passages.flatMap(({ text }) => text.split('\n').slice(1)).filter(Boolean)).toEqual(items)
  })

  test('a table that is cut repeats its header rows', () => {
    const rows = Array.from({ length: 60 }, (_, index) => `| plan ${index} | ${words(4, `fee${index}x`)} |`)
    const passages = splitDocument(document(['| Plan | Fee |', '|---|---|', ...rows].join('\n')))
    expect(passages.length).toBeGreaterThan(1)
    for (const { text } of passages) expect(text.startsWith('| Plan | Fee |\n|---|---|\n')).toBe(true)
  })

  test('headings and list marks inside fenced code are code', () => {
    const text = 'Run this:\n\n```sh\n# not a heading\n- not an item\n```\n\nDone.'
    const [passage] = splitDocument(document(text))
    expect(passage!.text).toBe(text)
    expect(passage!.heading).toEqual([])
  })

  test('front matter gives the title and is no knowledge; unclosed, it is text', () => {
    const [passage] = splitDocument(document('---\ntitle: "Late parcels"\nowner: ops\n---\nWe pay 5 euros.'))
    expect(passage).toMatchObject({ title: 'Late parcels', text: 'We pay 5 euros.' })
    const [open] = splitDocument(document('---\ntitle: Late\n\nWe pay 5 euros.'))
    expect(open!.text).toContain('title: Late')
  })

  test('nothing worth knowing gives no passage', () => {
    for (const text of ['', ' \n\n ', '# Only a heading\n', '---\ntitle: x\n---\n'])
      expect(splitDocument(document(text))).toEqual([])
  })

  test('hashes follow the text, and the document hash follows everything', () => {
    const [first] = splitDocument(document('We refund.'))
    const [moved] = splitDocument(document('We refund.', { scope: 'terms' }))
    expect(moved!.hash).toBe(first!.hash)
    expect(moved!.provenance.documentHash).not.toBe(first!.provenance.documentHash)
    expect(splitDocument(document('We refund.'))).toEqual([first])
  })

  test('no word is lost and none is invented', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        '# A',
        '## B',
        '```',
        '- item one',
        '1. step',
        '| a | b |',
        '|---|---|',
        '===',
        'Lead:',
      ),
      fc.string({ maxLength: 30 }),
      fc.nat(300).map((count) => words(count)),
    )
    const wordsOf = (text: string) => new Set(text.match(/[a-z]+\d+|step|item|one|Lead/g))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join('\n')
        fc.pre(!text.startsWith('---'))
        const found = splitDocument(document(text)).map((passage) => passage.text)
        const missing = [...wordsOf(text)].filter((word) => !found.some((part) => part.includes(word)))
        // A heading or an underlined line without text below it has no passage.
        expect(missing.filter((word) => word.startsWith('word') && !/^=+$|^-+$/m.test(text))).toEqual([])
        for (const word of wordsOf(found.join('\n'))) expect(text).toContain(word)
      }),
      { numRuns: 200 },
    )
  })
})

describe('hostile documents', () => {
  const size = 1_000_000
  const repeat = (part: string) => part.repeat(Math.ceil(size / part.length)).slice(0, size)
  test.each([
    ['one word', repeat('a')],
    ['spaces', `x${repeat(' ')}x`],
    ['hashes', repeat('#')],
    ['headings', repeat('# a\n')],
    ['a long heading', `# ${repeat('h ')}\n\ntext`],
    ['items', repeat('- a\n')],
    ['loose items', repeat('- a\n\n')],
    ['nested items', Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}- a`).join('\n')],
    ['open fences', repeat('```\n~~~\n')],
    ['table rules', `| a |\n${repeat('|-')}`],
    ['spaces before a rule', `| a |\n|${repeat(' ')}x`],
    ['quotes', repeat('> ')],
    ['open front matter', `---\n${repeat('title: x\n')}`],
    ['emoji', repeat('😀')],
    ['line ends', repeat('\r\n')],
    ['a long lead-in', `${repeat('lead ')}:\n- a\n- b`],
  ])(
    '%s: a megabyte gives bounded passages',
    (_name, text) => {
      const passages = splitDocument(document(text))
      let total = 0
      for (const passage of passages) {
        expect(passage.text.length).toBeLessThan(5_000)
        expect(passage.text.isWellFormed()).toBe(true)
        total += passage.text.length + passage.title.length + passage.provenance.heading.length
      }
      expect(total).toBeLessThan(size * 4)
    },
    5_000,
  )
})
