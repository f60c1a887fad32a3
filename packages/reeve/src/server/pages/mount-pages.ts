import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context, Hono } from 'hono'
import { packageFolder } from '../../base/package-files.ts'
import { encodingsOf, packed } from '../http/encodings.ts'
import { type AskApi, type FirstAsks, firstAnswers } from './first-answers.ts'

const pack = promisify(gzip)

const folder = fileURLToPath(new URL('dashboard/', packageFolder))

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Names of built files, with a hash of what is in them: they never change under one name. */
const asset = /^\/assets\/([\w.-]+)$/

export interface PageOptions {
  /** Where the journal stands, for whoever is signed in; undefined: nobody is. */
  cursorFor: (context: Context) => Promise<string | undefined>
  /** The API, as whoever asks for this page would ask it. */
  apiFor: (context: Context) => AskApi
}

/**
 * The dashboard, from the files that its build made: every address that is none of the API's is one of its pages, which finds
 * out by itself what to show. Without the files there is a page that says how to make them.
 */
export function mountPages(app: Hono, { cursorFor, apiFor }: PageOptions): void {
  /** Built files by their names, each packed once: they never change. */
  const kept = new Map<string, Promise<Buffer>>()
  app.get('/icon.svg', (context) => file(context.req.path.slice(1)))
  app.get('/assets/*', (context) => {
    const [, name] = asset.exec(context.req.path) ?? []
    if (name === undefined) return notThere()
    const path = join('assets', name)
    return packedFile(kept, path, encodingsOf(context))
  })
  for (const path of pages)
    app.get(path, async (context) => {
      // Before anything is read: what happens meanwhile is heard.
      const cursor = await cursorFor(context)
      const { files, asks } = partsOf(path)
      const link = (more: readonly string[]) =>
        context.header('link', [...files, ...more].map(linkOf).join(', '))
      link([])
      if (cursor === undefined) return html(context, page({}))
      const events = `<meta name="reeve-events" content="${cursor}">\n`
      const address = { pattern: path, url: new URL(context.req.url) }
      const brought = await firstAnswers(asks, address, apiFor(context))
      link(brought.files)
      return html(context, page({ head: events, end: brought.html }))
    })
}

/** No page is kept: who was signed out must not see what was shown before. */
function html(context: Context, text: string, status = 200): Promise<Response> {
  context.header('cache-control', 'no-store')
  // It is packed although it has a token of the session: no other site can have it asked for with that session's cookie, and each
  // answer has another token.
  return packed(context, text, { type: 'text/html; charset=UTF-8', status })
}

/** Whether a browser asks for something to look at, and not for a part of the API. */
export function wantsPage({ req }: Context): boolean {
  return (
    req.method === 'GET' &&
    !/^\/(api|mcp|assets|hooks)(\/|$)/.test(req.path) &&
    (req.header('accept') ?? '').includes('text/html')
  )
}

/** An address of nothing: the page says so, with the way to what there is. */
export function lostPage(context: Context): Promise<Response> {
  return html(context, page({}), 404)
}

const pages = [
  '/',
  '/inbox',
  '/runs',
  '/runs/:run',
  '/runs/:run/compare',
  '/workflows',
  '/workflows/:workflow',
  '/agents',
  '/agents/:agent',
  '/memory',
  '/memory/item',
  '/costs',
  '/ledger',
  '/goals',
  '/goals/:goal',
  '/directives',
  '/directives/:directive',
  '/scripts',
  '/scripts/:script',
  '/quality',
  '/failures',
  '/evals',
  '/evals/:eval',
  '/changes',
  '/changes/:proposal',
  '/system',
  '/system/connectors',
  '/system/people',
  '/system/secrets',
  '/system/storage',
  '/more',
]

interface Built {
  html: string
  /** Of every page. */
  always: { files: readonly string[]; asks: readonly string[] }
  pages: Readonly<Record<string, Omit<FirstAsks, 'always'> & { files: readonly string[] }>>
}

let built: Built | undefined

/** What the build made; undefined: nothing was built. */
function readBuilt(): Built | undefined {
  if (built || !existsSync(join(folder, 'pages.json'))) return built
  const { always, pages } = JSON.parse(readFileSync(join(folder, 'pages.json'), 'utf8')) as Omit<
    Built,
    'html'
  >
  built = { html: readFileSync(join(folder, 'index.html'), 'utf8'), always, pages }
  return built
}

/** Of a page, by its path as it is declared: all the files that it needs, and what it asks first. */
function partsOf(path: string): { files: readonly string[]; asks: FirstAsks } {
  const { always = { files: [], asks: [] }, pages = {} } = readBuilt() ?? {}
  const { files = [], ...asks } = pages[path.replaceAll(':', '$')] ?? {}
  return { files: [...always.files, ...files], asks: { always: always.asks, ...asks } }
}

/** The built page with more in its head and at its end. */
function page({ head = '', end = '' }: { head?: string; end?: string }): string {
  const text = readBuilt()?.html
  if (text === undefined) return missing
  return text.replace('</head>', () => `${head}</head>`).replace('</body>', () => `${end}</body>`)
}

/**
 * For the head of the answer: the browser fetches it before it has read the page. A style that only this page needs is put into
 * force by its script, and holds no painting up.
 */
function linkOf(file: string): string {
  const how = file.endsWith('.css') ? 'rel=preload; as=style' : 'rel=modulepreload'
  return `</${file}>; ${how}; crossorigin`
}

/**
 * A page over a slow line waits for its scripts: packed they are less than a third. The build packs them best; what it did not
 * pack, and for who takes only that, is packed here.
 */
async function packedFile(
  files: Map<string, Promise<Buffer>>,
  name: string,
  takes: ReadonlySet<string>,
): Promise<Response> {
  const type = mediaTypes[extname(name)]
  if (type === undefined) return notThere()
  const answer = (content: Uint8Array<ArrayBuffer>, encoding?: string) =>
    new Response(content, {
      headers: { ...headersOf(type, true), ...(encoding !== undefined && { 'content-encoding': encoding }) },
    })
  const kept = (key: string, make: () => Promise<Buffer>) => {
    const content = files.get(key) ?? make()
    files.set(key, content)
    content.catch(() => files.delete(key))
    return content
  }
  const path = join(folder, name)
  try {
    const built =
      takes.has('br') && (await kept(`${name}.br`, () => readFile(`${path}.br`)).catch(() => undefined))
    if (built) return answer(new Uint8Array(built), 'br')
    if (!takes.has('gzip')) return answer(new Uint8Array(await readFile(path)))
    const content = await kept(name, async () => pack(await readFile(path), { level: 9 }))
    return answer(new Uint8Array(content), 'gzip')
  } catch {
    return notThere()
  }
}

async function file(name: string): Promise<Response> {
  const type = mediaTypes[extname(name)]
  if (type === undefined) return notThere()
  try {
    const content = await readFile(join(folder, name))
    return new Response(new Uint8Array(content), { headers: headersOf(type, false) })
  } catch {
    return notThere()
  }
}

function headersOf(type: string, isHashed: boolean): Record<string, string> {
  return {
    'content-type': type,
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
    vary: 'accept-encoding',
  }
}

function notThere(): Response {
  return new Response('There is no such file.\n', { status: 404, headers: { 'content-type': 'text/plain' } })
}

const missing = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Reeve</title>
<h1>The pages were not built.</h1>
<p>In the repository: npm run build --workspace reeve-dashboard. The published package has them.</p>
</html>
`
