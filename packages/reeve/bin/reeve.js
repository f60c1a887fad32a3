#!/usr/bin/env node
// Starts the CLI on Node 24 or newer: with an older Node on the path, the one that the project pins runs it.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const main = join(dirname(fileURLToPath(import.meta.url)), '../src/cli/main.ts')
if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  await import(pathToFileURL(main).href)
} else {
  const require = createRequire(import.meta.url)
  const pinned = join(dirname(require.resolve('node/package.json')), 'bin', 'node')
  // Ctrl-C reaches the child too, which stops gracefully; this process must outlive it to hand its exit code on.
  process.on('SIGINT', () => {})
  const child = spawnSync(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  if (child.error) {
    console.error(
      `reeve needs Node 24 or newer; this is ${process.version}, and the pinned one did not start: ${child.error.message}. Run npm ci.`,
    )
  }
  process.exit(child.status ?? 1)
}
