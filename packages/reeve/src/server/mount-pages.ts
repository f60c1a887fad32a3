import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hono } from 'hono'
import { packageFolder } from '../base/package-files.ts'

const folder = fileURLToPath(new URL('dashboard/', packageFolder))

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Names of built files, with a hash of what is in them: they never change under one name. */
const asset = /^\/assets\/([\w.-]+)$/

/**
 * The dashboard, from the files that its build made: every address that is none of the API's is one of its pages, which finds
 * out by itself what to show. Without the files there is a page that says how to make them.
 */
export function mountPages(app: Hono): void {
  app.get('/icon.svg', (context) => file(context.req.path.slice(1), false))
  app.get('/assets/*', (context) => {
    const [, name] = asset.exec(context.req.path) ?? []
    return name === undefined ? notThere() : file(join('assets', name), true)
  })
  for (const path of ['/', '/inbox', '/runs', '/runs/:run', '/workflows', '/costs', '/system', '/more'])
    app.get(path, (context) =>
      context.html(page(), 200, {
        // Who was signed out must not see what was shown before.
        'cache-control': 'no-store',
      }),
    )
}

let built: string | undefined

function page(): string {
  try {
    built ??= readFileSync(join(folder, 'index.html'), 'utf8')
    return built
  } catch {
    return missing
  }
}

async function file(name: string, isHashed: boolean): Promise<Response> {
  const type = mediaTypes[extname(name)]
  if (type === undefined) return notThere()
  try {
    const content = await readFile(join(folder, name))
    return new Response(new Uint8Array(content), {
      headers: {
        'content-type': type,
        'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      },
    })
  } catch {
    return notThere()
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
