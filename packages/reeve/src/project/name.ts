import { readFileSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import type { Environment } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import type { Claimant } from '../store/identity/ownership.ts'

const longestName = 100

/** @throws `bad-config` */
export function checkProjectName(name: unknown, file: string): void {
  if (name === undefined) return
  if (typeof name === 'string' && name.trim() !== '' && name.length <= longestName) return
  throw new ReeveError(
    'bad-config',
    `${file} has ${JSON.stringify(name)} for its name; write a text of 1 to ${longestName} characters, or leave it out.`,
  )
}

/** The project as it presents itself to its database: by its own name, its package's, or else its folder's. */
export function claimantOf(
  {
    folder,
    config,
    workflows,
  }: { folder: string; config: { name?: string | undefined }; workflows: readonly { name: string }[] },
  database: Environment['database'],
): Claimant {
  const name = config.name ?? packageName(folder)
  return {
    name: name ?? basename(folder),
    isNamed: name !== undefined,
    isAtHome: database.kind === 'sqlite' && database.file.startsWith(resolve(folder) + sep),
    workflows: workflows.map((workflow) => workflow.name),
  }
}

function packageName(folder: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}
