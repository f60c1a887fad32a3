import { expect, test } from 'vitest'
import { type FirstAsks, firstAnswers } from '../../src/server/pages/first-answers.ts'

const asked: string[] = []

/** Answers each address with what it was asked, or by its path. */
async function answer(url: string): Promise<Response> {
  asked.push(url)
  if (url.startsWith('/late')) return new Promise(() => {})
  if (url.startsWith('/broken')) throw new Error('broken')
  if (url.startsWith('/refused')) return Response.json({ code: 'role-too-low' }, { status: 403 })
  const told = {
    '/long': { text: 'x'.repeat(70_000) },
    '/hostile': { text: '</script><script>alert(1)</script><!--' },
    '/list': { items: [{ approval: { id: 'A/1' } }] },
    '/empty': { items: [] },
  }[url]
  return Response.json(told ?? { url }, { headers: { 'reeve-time': '1700' } })
}

async function answersOf(asks: Partial<FirstAsks>, path = '/', pattern = '/'): Promise<[string, unknown][]> {
  asked.length = 0
  const url = new URL(path, 'http://127.0.0.1')
  const html = await firstAnswers({ always: [], ...asks }, { pattern, url }, answer)
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

test('what is open at first is what the address names, else the first of the list, else nothing', async () => {
  const asks = (first: string): Partial<FirstAsks> => ({
    first: [first],
    open: { ask: '/api/approvals/$ID', chosen: 'item', field: ['items', 0, 'approval', 'id'] },
  })
  await answersOf(asks('/list'))
  expect(asked).toEqual(['/list', '/api/approvals/A%2F1'])
  await answersOf(asks('/list'), '/inbox?item=A-2')
  expect(asked.toSorted()).toEqual(['/api/approvals/A-2', '/list'])
  await answersOf(asks('/empty'))
  expect(asked).toEqual(['/empty'])
  await answersOf(asks('/refused'))
  expect(asked).toEqual(['/refused'])
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
