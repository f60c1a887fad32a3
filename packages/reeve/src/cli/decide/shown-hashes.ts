import { isRecord } from '../../base/json/record.ts'
import type { Cli } from '../cli.ts'
import { keepNote, readNote } from '../project-notes.ts'

/** So many approvals are remembered, the last ones. */
const most = 500
const note = 'shown-approvals'

/**
 * What the CLI of this project has shown, by approval: the hash by which a later `approve` says what was seen. Where it cannot be
 * kept, what is approved is shown first.
 */
export function rememberShown(cli: Cli, { id, hash }: { id: string; hash: string }): void {
  if (cli.server) return
  const { [id]: _, ...others } = readShown(cli)
  keepNote(cli, note, Object.fromEntries([...Object.entries(others), [id, hash]].slice(-most)))
}

/** Undefined: it was not shown here. */
export function shownHash(cli: Cli, id: string): string | undefined {
  const shown = cli.server ? {} : readShown(cli)
  return Object.hasOwn(shown, id) ? shown[id] : undefined
}

function readShown(cli: Cli): Record<string, string> {
  const read = readNote(cli, note)
  return isRecord(read) ? (read as Record<string, string>) : {}
}
