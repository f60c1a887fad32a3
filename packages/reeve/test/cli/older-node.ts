import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The command of a Node that is too old for Reeve: the machine's own where that is one, else this one, which says of
 * itself that it is older.
 */
export const olderNode: [string, ...string[]] = findOlder() ?? [
  process.execPath,
  '--import',
  `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.1.0' } })
     Object.defineProperty(process, 'version', { value: 'v22.1.0' })`,
  )}`,
]

function findOlder(): [string] | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    if (folder.includes('node_modules') || !existsSync(node)) continue
    const major = Number.parseInt(execFileSync(node, ['--version'], { encoding: 'utf8' }).slice(1), 10)
    if (major >= 18 && major < 24) return [node]
  }
  return undefined
}
