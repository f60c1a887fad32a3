import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context, Hono } from 'hono'
import { packageFolder } from '../base/package-files.ts'
import { encodingsOf } from './http/encodings.ts'

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
}

/**
 * The dashboard, from the files that its build made: every address that is none of the API's is one of its pages, which finds
 * out by itself what to show. Without the files there is a page that says how to make them.
 */
export function mountPages(app: Hono, { cursorFor }: PageOptions): void {
  /** Built files by their names, each packed once: they never change. */
  const packed = new Map<string, Promise<Buffer>>()
  app.get('/icon.svg', (context) => file(context.req.path.slice(1)))
  app.get('/assets/*', (context) => {
    const [, name] = asset.exec(context.req.path) ?? []
    if (name === undefined) return notThere()
    const path = join('assets', name)
    return packedFile(packed, path, encodingsOf(context))
  })
  for (const path of pages)
    app.get(path, async (context) =>
      context.html(page(path, await cursorFor(context)), 200, {
        // Who was signed out must not see what was shown before.
        'cache-control': 'no-store',
      }),
    )
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
export function lostPage(context: Context): Response | Promise<Response> {
  return context.html(page(), 404, { 'cache-control': 'no-store' })
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

/** The built page, and what is loaded ahead on each path. */
let built: { html: string; ahead: Readonly<Record<string, readonly string[]>> } | undefined

/**
 * `path` as it is declared: what its page needs beyond the first scripts is named, so that it comes beside them. `cursor`: from
 * where it hears events, so that it reads nothing twice to be sure that it missed nothing while it was loaded.
 */
function page(path?: string, cursor?: string): string {
  try {
    built ??= {
      html: readFileSync(join(folder, 'index.html'), 'utf8'),
      ahead: JSON.parse(readFileSync(join(folder, 'pages.json'), 'utf8')) as Record<string, string[]>,
    }
    const files = (path !== undefined && built.ahead[path.replaceAll(':', '$')]) || []
    const events = cursor === undefined ? '' : `<meta name="reeve-events" content="${cursor}">\n`
    return built.html.replace('</head>', () => `${events}${files.map(aheadLink).join('')}</head>`)
  } catch {
    return missing
  }
}

/** A style is fetched and holds no painting up: its script puts it into force. */
function aheadLink(file: string): string {
  const how = file.endsWith('.css') ? 'rel="preload" as="style"' : 'rel="modulepreload"'
  return `<link ${how} href="/${file}" crossorigin="">\n`
}

/**
 * A page over a slow line waits for its scripts: packed they are less than a third. The build packs them best; what it did not
 * pack, and for who takes only that, is packed here.
 */
async function packedFile(
  packed: Map<string, Promise<Buffer>>,
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
    const content = packed.get(key) ?? make()
    packed.set(key, content)
    content.catch(() => packed.delete(key))
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
