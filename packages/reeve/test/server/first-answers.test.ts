import { expect, test } from 'vitest'
import { type FirstAsks, firstAnswers } from '../../src/server/pages/first-answers.ts'

const asked: string[] = []

const at = (second: number) => new Date(second * 1000).toISOString()
const question = (id: string, second: number) => ({ kind: 'question', since: at(second), approval: { id } })

/** Answers each address with what it was asked, or by its path. */
async function answer(url: string): Promise<Response> {
  asked.push(url)
  if (url.startsWith('/late')) return new Promise(() => {})
  if (url.startsWith('/broken')) throw new Error('broken')
  if (url.startsWith('/refused')) return Response.json({ code: 'role-too-low' }, { status: 403 })
  const told = {
    '/long': { text: 'x'.repeat(70_000) },
    '/hostile': { text: '</script><script>alert(1)</script><!--' },
    '/asked': {
      items: [question('A/2', 20), { kind: 'stuck', since: at(10), runId: 'R-1', approval: null }],
    },
    '/proposed': {
      items: [
        { kind: 'repair', madeAt: at(30), id: 'P-3', body: { repair: 'X-3' } },
        { kind: 'other', madeAt: at(5), id: 'P-2', body: {} },
      ],
    },
    '/many': { items: [question('A/1', 1)], text: 'x'.repeat(70_000) },
    '/empty': { items: [] },
    '/one': { kind: 'repair', madeAt: at(1), id: 'P-4', body: { repair: 'X-4' } },
    '/lesson': { kind: 'lesson', id: 'P-6', body: { rule: 'by-hand' } },
    '/lesson-without': { kind: 'lesson', id: 'P-7', body: {} },
    '/unnamed': { kind: 'repair', madeAt: at(1), id: 'P-5', body: {} },
  }[url]
  return Response.json(told ?? { url }, { headers: { 'reeve-time': '1700' } })
}

/** The files that were named last. */
let named: readonly string[] = []

async function answersOf(asks: Partial<FirstAsks>, path = '/', pattern = '/'): Promise<[string, unknown][]> {
  asked.length = 0
  const url = new URL(path, 'http://127.0.0.1')
  const { html, files } = await firstAnswers({ always: [], ...asks }, { pattern, url }, answer)
  named = files
  const scripts =
    /<script type="application\/json" data-answers="([^"]*)" data-time="1700">(.*?)<\/script>\n/gs
  const found = [...html.matchAll(scripts)]
  expect(found.map(([whole]) => whole).join('')).toBe(html)
  return found.map(([, place, text]) => [place!, JSON.parse(text!)])
}

test('what every page asks and what this one asks comes along, each as the API answers it', async () => {
  expect(await answersOf({ always: ['/a'], first: ['/b?x=1&y="2"'] })).toEqual([
    ['/a', { url: '/a' }],
    ['/b?x=1&amp;y=&quot;2&quot;', { url: '/b?x=1&y="2"' }],
  ])
})

test('a name of the path stands for what the address has there, as it is written there', async () => {
  await answersOf({ first: ['/api/runs/$run', '/api/x?of=a%3A$run'] }, '/runs/R%201?view=graph', '/runs/:run')
  expect(asked).toEqual(['/api/runs/R%201', '/api/x?of=a%3AR%201'])
})

test('a page whose questions depend on its filters asks them itself where there are any', async () => {
  const asks = { always: ['/a'], first: ['/b'], isFiltered: true }
  expect((await answersOf(asks, '/runs')).map(([url]) => url)).toEqual(['/a', '/b'])
  expect((await answersOf(asks, '/runs?status=failed')).map(([url]) => url)).toEqual(['/a'])
})

const proposals = {
  since: 'madeAt',
  names: ['id'],
  kinds: {
    repair: { asks: ['/repairs/$body.repair', '/repairs/$body.repair/diff'] },
    lesson: { where: 'body.rule', asks: ['/lessons/$id'] },
  },
}
const inbox = (...first: string[]): Partial<FirstAsks> => ({
  first,
  open: {
    chosen: 'item',
    unlisted: '/approvals/$id',
    lists: [
      {
        since: 'since',
        names: ['approval.id', 'runId'],
        kinds: {
          question: { asks: ['/approvals/$approval.id'] },
          stuck: { asks: ['/runs/$runId'], files: ['stuck.js'] },
        },
      },
      proposals,
    ],
  },
})
const askedFor = async (asks: Partial<FirstAsks>, path = '/inbox') => {
  await answersOf(asks, path)
  return asked.slice(asks.first!.length)
}

test('what waits longest of all lists is open at first: what it needs comes, with its files', async () => {
  expect(await askedFor(inbox('/asked', '/empty'))).toEqual(['/runs/R-1'])
  expect(named).toEqual(['stuck.js'])
  expect(await askedFor(inbox('/many', '/proposed'))).toEqual(['/approvals/A%2F1'])
  expect(named).toEqual([])
  // One that needs nothing more.
  expect(await askedFor(inbox('/asked', '/proposed'))).toEqual([])
  expect(await askedFor(inbox('/empty', '/empty'))).toEqual([])
  expect(await askedFor(inbox('/refused', '/refused'))).toEqual([])
})

test('what the address names is open at first, and asked for by its name where no list has it', async () => {
  const asks = inbox('/asked', '/proposed')
  expect(await askedFor(asks, '/inbox?item=P-3')).toEqual(['/repairs/X-3', '/repairs/X-3/diff'])
  expect(await askedFor(asks, '/inbox?item=A%2F2')).toEqual(['/approvals/A%2F2'])
  expect(await askedFor(asks, '/inbox?item=A-9')).toEqual(['/approvals/A-9'])
  expect(await askedFor(inbox('/refused', '/late'), '/inbox?item=A-9')).toEqual(['/approvals/A-9'])
})

test('a list that is too long to come with the page says what is open, too', async () => {
  const answers = await answersOf(inbox('/many', '/empty'), '/inbox')
  expect(answers.map(([url]) => url)).toEqual(['/empty', '/approvals/A%2F1'])
})

test('the one thing that a page is about is open; what it does not name is not asked for', async () => {
  const asks = (first: string) => ({ first: [first], open: { lists: [proposals] } })
  expect(await askedFor(asks('/one'))).toEqual(['/repairs/X-4', '/repairs/X-4/diff'])
  expect(await askedFor(asks('/unnamed'))).toEqual([])
  expect(await askedFor(asks('/lesson'))).toEqual(['/lessons/P-6'])
  expect(await askedFor(asks('/lesson-without'))).toEqual([])
})

test('what is refused, fails, is too long or takes too long is left out, and the rest comes', async () => {
  const first = ['/refused', '/broken', '/long', '/late', '/b']
  expect(await answersOf({ first })).toEqual([['/b', { url: '/b' }]])
})

test('nothing that is answered can end the data that it stands in', async () => {
  expect(await answersOf({ first: ['/hostile'] })).toEqual([
    ['/hostile', { text: '</script><script>alert(1)</script><!--' }],
  ])
})
