import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../base/json/json.ts'
import type { Cli } from './cli.ts'
import { projectFolder } from './terminal/workspace.ts'

/**
 * What the CLI keeps for itself beside the database of a project: a convenience for people, and no record. In a folder that
 * cannot be written to nothing is kept.
 */
export function keepNote(cli: Cli, name: string, value: Json): void {
  try {
    const file = fileOf(cli, name)
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(file, JSON.stringify(value), { mode: 0o600 })
  } catch {
    // Whoever reads it does without.
  }
}

/** Undefined: nothing that can be read was kept. */
export function readNote(cli: Cli, name: string): unknown {
  try {
    return JSON.parse(readFileSync(fileOf(cli, name), 'utf8'))
  } catch {
    return undefined
  }
}

function fileOf(cli: Cli, name: string): string {
  return join(projectFolder(cli), '.reeve', `${name}.json`)
}
