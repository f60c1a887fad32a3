import { readFileSync } from 'node:fs'
import { messageOf } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'
import { canonical, type Json } from '../../../base/json/json.ts'
import { visibleBrief } from '../../../base/text/visible-text.ts'
import type { WorkflowRegistry } from '../../../engine/workflow.ts'
import type { Daemon } from '../daemon.ts'
import type { OpenDirective } from '../deciding/openings.ts'

/** What `gather` gave; or why it gave nothing. */
export interface Gathering {
  value: Json
  problem: string | null
}

/** `relevant` is the file's own code: what it throws bars the daemon as what `gather` throws does. */
export function fingerprintsOf(
  workflows: WorkflowRegistry,
  { relevant }: Daemon,
  directives: readonly OpenDirective[],
  gathered: Gathering,
): { fingerprints: Map<string, string>; problem: string | null } {
  const versionOf = (name: string) =>
    workflows.names().includes(name) ? workflows.current(name).version : ''
  let { problem } = gathered
  const relevantTo = (directive: string): Json => {
    if (problem !== null) return null
    try {
      return relevant?.(gathered.value, directive) ?? null
    } catch (error) {
      problem = visibleBrief(`\`relevant\` threw: ${messageOf(error)}`, 500)
      return null
    }
  }
  const fingerprints = new Map(
    directives.map((each) => [
      each.name,
      fingerprintOf(each, versionOf(each.workflow), relevantTo(each.name)),
    ]),
  )
  return { fingerprints, problem }
}

/** What counts as a change that opens a decision again: the directive's text, what executes it, and what `relevant` gives. */
function fingerprintOf({ hash, scripts }: OpenDirective, version: string, relevant: Json): string {
  return sha256(canonical([hash, version, relevant, ...scripts.map(hashOfFile)])).slice(0, 16)
}

/** A script may be mended while a worker runs. */
function hashOfFile(path: string): string {
  try {
    return sha256(readFileSync(path))
  } catch {
    return ''
  }
}
