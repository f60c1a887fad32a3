import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import type { Workflow } from '../../engine/workflow.ts'

const code = /\.(?:ts|mts|js|mjs)$/
const declaration = /\.d\.[cm]?ts$/
const test = /\.(?:test|spec)\.[a-z]+$/
/** Code that Node does not run, or not as a module: left out in silence it would be missed. */
const otherCode = /\.(?:tsx|jsx|cts|cjs)$/
/** Helpers, and what tools put beside the code. */
const leftAlone = /^[._]|^(?:node_modules|__tests__)$/

/**
 * The files of code in a folder of a project and in the folders below it, in the order of their paths. Tests, declarations,
 * and what has a name with `_` or `.` before it are no part of the project.
 * @throws `broken-file` at code of a kind that is not loaded
 */
export function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  if (!statSync(directory).isDirectory())
    throw new ReeveError('broken-file', `${directory} is a file; it must be a folder. Rename it.`)
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !leftAlone.test(name))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return filesIn(path)
      if (declaration.test(entry.name) || test.test(entry.name)) return []
      if (otherCode.test(entry.name))
        throw new ReeveError(
          'broken-file',
          `${path} is not loaded: code of a project ends in .ts, .mts, .js or .mjs. Rename it; a helper has a name that begins with _, or lies elsewhere.`,
        )
      return code.test(entry.name) ? [path] : []
    })
}

/** The name that a file gives to what it exports. */
export function nameOf(file: string): string {
  return basename(file, extname(file))
}

/** Refuses two workflows of one name and version, with their files. @throws `duplicate-workflow` */
export function refuseTwice(workflows: readonly { workflow: Workflow; file: string }[]): void {
  const files = new Map<string, string>()
  for (const { workflow, file } of workflows) {
    const id = JSON.stringify([workflow.name, workflow.version])
    const other = files.get(id)
    if (other !== undefined)
      throw new ReeveError(
        'duplicate-workflow',
        `${other} and ${file} are both workflow "${workflow.name}", version "${workflow.version}". Give one of them another \`name\` or \`version\`.`,
      )
    files.set(id, file)
  }
}
