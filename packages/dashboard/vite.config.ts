import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig, type Plugin, type Rolldown } from 'vite'
import { asks, asksOfAll, type OpenAsks } from './src/asks.ts'

/** The files of a script and of all that it imports. */
function neededBy(chunk: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle) {
  const scripts = new Set<string>()
  const styles = new Set<string>()
  const add = (each: Rolldown.OutputChunk) => {
    if (scripts.has(each.fileName)) return
    scripts.add(each.fileName)
    for (const name of each.viteMetadata?.importedCss ?? []) styles.add(name)
    for (const name of each.imports) add(bundle[name] as Rolldown.OutputChunk)
  }
  add(chunk)
  return { scripts, styles }
}

/**
 * `pages.json`: the files of every page, and by the path of each page those that it needs beyond them: the server names them in
 * the head of what it answers for that path, so that all come at once; and what it asks first, whose answers the server brings.
 */
const pageFiles: Plugin = {
  name: 'page-files',
  apply: 'build',
  generateBundle(_options, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
    const chunkOf = (end: string) => chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(end)))
    const always = neededBy(chunkOf('/src/main.tsx')!, bundle)
    const filesOf = (script: string, known: ReadonlySet<string>) => {
      const chunk = chunkOf(`/src${script}`)
      if (!chunk) throw new Error(`There is no script ${script}.`)
      const { scripts, styles } = neededBy(chunk, bundle)
      return [...scripts, ...styles].filter((name) => !known.has(name))
    }
    const withFiles = (open: OpenAsks, known: ReadonlySet<string>) => ({
      ...open,
      lists: open.lists.map((list) => ({
        ...list,
        kinds: Object.fromEntries(
          Object.entries(list.kinds).map(([kind, { script, ...its }]) => [
            kind,
            { ...its, ...(script !== undefined && { files: filesOf(script, known) }) },
          ]),
        ),
      })),
    })
    const source = readFileSync(join(import.meta.dirname, 'src/pages.ts'), 'utf8')
    const found: Record<string, object> = {}
    for (const [, path, file] of source.matchAll(/'(\/[^']*)': \(\) => import\('\.([^']+)'\)/g)) {
      const files = filesOf(file!, new Set([...always.scripts, ...always.styles]))
      const { open, ...first } = asks[path!] ?? { first: [] }
      const known = new Set([...always.scripts, ...always.styles, ...files])
      found[path!] = { files, ...first, ...(open && { open: withFiles(open, known) }) }
    }
    this.emitFile({
      type: 'asset',
      fileName: 'pages.json',
      source: JSON.stringify({
        always: { files: [...always.styles, ...always.scripts], asks: asksOfAll },
        pages: found,
      }),
    })
  },
}

/** Scripts and styles packed as small as they get, once: a page over a slow line waits for them. */
const packedAhead: Plugin = {
  name: 'packed-ahead',
  apply: 'build',
  writeBundle({ dir = '' }, bundle) {
    for (const name of Object.keys(bundle)) {
      if (!/\.(?:js|css)$/.test(name)) continue
      const path = join(dir, name)
      const content = readFileSync(path)
      const params = {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
      }
      writeFileSync(`${path}.br`, brotliCompressSync(content, { params }))
    }
  },
}

/** Built into the package that serves it. While it is worked on, `npm run dev` passes the API on to a running server. */
export default defineConfig({
  plugins: [react(), pageFiles, packedAhead],
  // The client of the API as it stands here, built or not.
  resolve: {
    conditions: ['reeve-source', ...defaultClientConditions],
    // The page is written for React and built with Preact, which does the same with a sixth of the bytes and less work: ARCHITECTURE.md.
    alias: {
      'use-sync-external-store/shim/with-selector.js': join(import.meta.dirname, 'src/external-store.ts'),
      'use-sync-external-store/shim/with-selector': join(import.meta.dirname, 'src/external-store.ts'),
      'react-dom/client': 'preact/compat/client',
      'react-dom': 'preact/compat',
      'react/jsx-runtime': 'preact/jsx-runtime',
      react: 'preact/compat',
    },
  },
  build: {
    outDir: '../reeve/dashboard',
    emptyOutDir: true,
    // The policy of the page allows no inline sources.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // A file each over a slow line costs more than what is in it.
          groups: [
            // Two lines carry them sooner than one.
            { name: 'preact', test: /node_modules\/preact\//, priority: 3 },
            {
              name: 'vendor',
              test: /node_modules\/@tanstack\/(?!.*virtual)|src\/external-store/,
              priority: 3,
            },
            {
              name: 'frame',
              test: /preload-helper|src\/(?:main|pages|beginning|router|ui\/|follow-links|api\/|frame\/|features\/(?:palette|session|inbox\/decisions|[a-z]+\/(?:wording|status|standing|results)\.ts))/,
              priority: 2,
            },
            { name: 'run', test: /src\/features\/run\/(?!graph|compare|forms\/[A-Z]|Events)/ },
          ],
        },
      },
    },
    // The notices of what is built in.
    license: { fileName: 'licences.md' },
  },
  server: { proxy: { '/api': process.env.REEVE_URL ?? 'http://127.0.0.1:4400' } },
})
