import { existsSync, readdirSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import type { Workflow } from '../../engine/workflow.ts'

const code = /\.(?:ts|mts|js|mjs)$/
const declaration = /\.d\.m?ts$/
const test = /\.(?:test|spec)\.[a-z]+$/
/** Helpers, and what tools put beside the code. */
const leftAlone = /^[._]|^(?:node_modules|__tests__)$/

/**
 * The files of code in a folder of a project and in the folders below it, in the order of their paths. Tests, declarations,
 * and what has a name with `_` or `.` before it are no part of the project.
 */
export function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !leftAlone.test(name))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return filesIn(path)
      const isCode = code.test(entry.name) && !declaration.test(entry.name) && !test.test(entry.name)
      return isCode ? [path] : []
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
