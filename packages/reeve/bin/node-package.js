// The `node` package of npm installs a Node into a project. Its binary comes with its install script, which npm and
// pnpm run only where it was allowed: without it the package is there, and the binary is not.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const oldestMajor = 24

/** How its install script is allowed and run afterwards. */
export const allowScript = 'npm approve-scripts node && npm rebuild node (with pnpm: pnpm approve-builds)'

/**
 * The package beside Reeve, or the one of the folder that the command was typed in.
 * @returns {{ version: string, binary: string, hasBinary: boolean } | undefined}
 */
export function findNodePackage() {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    try {
      const manifest = createRequire(from).resolve('node/package.json')
      const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
      const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
      return { version, binary, hasBinary: existsSync(binary) }
    } catch {
      // Not there: the next place.
    }
  }
  return undefined
}

/** A project that pins its Node should hear that another one runs. */
export function warnOfMissingBinary() {
  const found = findNodePackage()
  if (!found || found.hasBinary) return
  process.stderr.write(
    `reeve: this project pins Node ${found.version} with the package "node", but that has no binary, because its install script did not run. Going on with Node ${process.version}. To run the pinned one: ${allowScript}.\n`,
  )
}
