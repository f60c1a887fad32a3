import { afterAll, beforeAll, expect, test } from 'vitest'
import { webPageTool } from '../../src/tools/web-page/web-page-tool.ts'
import { LoopbackServer } from './loopback-server.ts'
import { callTool } from './tool-call.ts'

const pages: Record<string, string> = {
  '/shop': `<!doctype html><html><head><title> The  shop </title><style>p{}</style><script>alert(1)</script></head>
    <body><h1>Returns</h1><p>Within <b>30&nbsp;days</b>.&#x200b;&#x202e;</p><img src="https://evil.test/x.png?canary" alt="pixel">
    <a href="/policy#top">Our policy</a> <a href="/policy">again</a> <a href="javascript:alert(1)">no</a>
    <a href="https://other.example/a?b=c">Other</a><noscript>hidden</noscript><template>hidden</template></body></html>`,
  '/deep': `<body>${'<div>'.repeat(20_000)}deep${'</div>'.repeat(20_000)}</body>`,
  '/hostile': '<p><a><b>'.repeat(200_000),
  '/wide': `<title>Wide</title><body>${'<a href="/x">x</a>'.repeat(50_000)}</body>`,
  '/many': `<body>${Array.from({ length: 300 }, (_, index) => `<a href="/p${index}">p${index}</a>`).join(' ')}</body>`,
  '/broken': '<title>Open<body><p>One<p>Two<table><tr><td>Three',
  '/empty': '',
  '/hidden':
    '<body><p>seen</p><style>.x{color:#fff}</style><p class=x>secret</p><p style="display:none">secrets</p></body>',
}
let server: LoopbackServer

beforeAll(async () => {
  server = await LoopbackServer.start((request, response) => {
    if (request.url === '/away') return response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    if (request.url === '/plain') return response.setHeader('content-type', 'text/plain').end('a\n\n\n\nb  c')
    if (request.url === '/image') return response.setHeader('content-type', 'image/png').end('x')
    if (request.url === '/latin') {
      return response
        .setHeader('content-type', 'text/html; charset=iso-8859-1')
        .end(Buffer.from('<p>Gr\xfc\xdfe', 'latin1'))
    }
    return response.setHeader('content-type', 'text/html').end(pages[request.url] ?? '')
  })
})
afterAll(() => server.close())

function read(path: string, options: Partial<Parameters<typeof webPageTool>[0]> = {}) {
  const tool = webPageTool({ allow: [], allowPrivate: [server.host], ...options })
  return callTool(tool, { url: `http://${server.host}${path}` })
}

test('reads title, text and links, and loads nothing else', async () => {
  const before = server.received.length
  expect(await read('/shop')).toEqual({
    url: `http://${server.host}/shop`,
    status: 200,
    title: 'The shop',
    text: expect.stringMatching(/^RETURNS\n\nWithin 30 days\.\n\nOur policy again no Other$/),
    links: [
      { text: 'Our policy', url: `http://${server.host}/policy` },
      { text: 'Other', url: 'https://other.example/a?b=c' },
    ],
    cut: false,
  })
  expect(server.received.length - before).toBe(1)
})

test('text that nobody would see is left out, and said to be', async () => {
  const page = await read('/hidden')
  expect(page.text).toBe('seen')
  expect(page.hidden).toEqual({ characters: 13, ways: ['same colour as the background', 'display:none'] })
})

test('plain text, other alphabets, empty and broken pages are read', async () => {
  expect((await read('/plain')).text).toBe('a\n\nb c')
  expect((await read('/latin')).text).toBe('Grüße')
  expect(await read('/empty')).toMatchObject({ title: '', text: '', links: [] })
  expect((await read('/broken')).status).toBe(200)
})

test('pages made to be expensive keep nobody else waiting', async () => {
  const before = process.cpuUsage()
  const [wide, hostile] = await Promise.allSettled([
    read('/wide', { readTime: '60s' }),
    read('/hostile', { readTime: 1500 }),
  ])
  const { user, system } = process.cpuUsage(before)
  expect(wide).toMatchObject({ value: { title: 'Wide', links: [{ text: 'x' }] } })
  expect(hostile).toMatchObject({
    reason: { code: 'page-not-read', message: expect.stringContaining('1500 ms') },
  })
  // Work of this process, all its threads among it: they share its memory, and wait for one another when it is taken or given
  // back. Not time, which others on the machine take as well.
  expect((user + system) / 1000).toBeLessThan(1000)
})

test('a page nested deeper than any person would is read as far as it goes', async () => {
  expect((await read('/deep')).status).toBe(200)
})

test('an aborted attempt ends the reading', async () => {
  const stop = new AbortController()
  const tool = webPageTool({ allow: [], allowPrivate: [server.host] })
  const reading = callTool(tool, { url: `http://${server.host}/hostile` }, { signal: stop.signal })
  setTimeout(() => stop.abort(new Error('the run was cancelled')), 300)
  await expect(reading).rejects.toThrow('the run was cancelled')
})

test('long texts and many links are cut, and say so', async () => {
  const many = await read('/many', { maxLinks: 10, maxText: 20 })
  expect(many.links).toHaveLength(10)
  expect(many.text).toHaveLength(20)
  expect(many.cut).toBe(true)
})

test('goes through the guard, on redirects too', async () => {
  await expect(read('/away')).rejects.toMatchObject({ code: 'refused-destination' })
  await expect(read('/image')).rejects.toMatchObject({ code: 'refused-content-type' })
  await expect(read('/shop', { allow: 'public', allowPrivate: [] })).rejects.toThrow(/was not called/)
})
