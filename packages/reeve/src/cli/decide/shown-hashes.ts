import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord } from '../../base/json/record.ts'
import type { Cli } from '../cli.ts'
import { projectFolder } from '../terminal/workspace.ts'

/** So many approvals are remembered, the last ones. */
const most = 500

/**
 * What the CLI of this project has shown, by approval: the hash by which a later `approve` says what was seen. A convenience for
 * people, and no record: where it cannot be kept, what is approved is shown first.
 */
export function rememberShown(cli: Cli, { id, hash }: { id: string; hash: string }): void {
  if (cli.server) return
  try {
    const { [id]: _, ...others } = readShown(cli)
    const kept = [...Object.entries(others), [id, hash]].slice(-most)
    const folder = join(projectFolder(cli), '.reeve')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(join(folder, file), JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 })
  } catch {
    // A folder that cannot be written to.
  }
}

/** Undefined: it was not shown here. */
export function shownHash(cli: Cli, id: string): string | undefined {
  const shown = cli.server ? {} : readShown(cli)
  return Object.hasOwn(shown, id) ? shown[id] : undefined
}

const file = 'shown-approvals.json'

function readShown(cli: Cli): Record<string, string> {
  try {
    const read: unknown = JSON.parse(readFileSync(join(projectFolder(cli), '.reeve', file), 'utf8'))
    return isRecord(read) ? (read as Record<string, string>) : {}
  } catch {
    return {}
  }
}
