import { firstCharacters } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { failuresSince } from '../../store/runs/figures/outcomes.ts'

/** Failures that have the same words but for names, numbers and quoted texts. */
export interface FailureGroup {
  /** The reason of the newest of them. Foreign text. */
  reason: string
  count: number
  workflows: string[]
  /** Of the newest ones, five at most. */
  runs: string[]
  /** ISO 8601. */
  firstAt: string
  lastAt: string
}

export interface Failures {
  /** The largest group first. */
  groups: FailureGroup[]
  count: number
  /** Whether there are more failures than were looked at: the newest were. */
  isMore: boolean
}

const mostFailures = 1000
const mostRuns = 5
const longestCause = 300

/** What failed since then (ms), grouped by cause. */
export async function failuresByCause(session: Session, since: number): Promise<Failures> {
  const rows = await failuresSince(session, since, mostFailures + 1)
  const groups = new Map<string, FailureGroup>()
  for (const { id, workflow, reason, ended_at } of rows.slice(0, mostFailures)) {
    const at = isoText(ended_at ?? 0)
    const words = reason ?? 'it does not say why'
    const cause = causeOf(words)
    const group = groups.get(cause)
    if (!group) {
      groups.set(cause, {
        reason: words,
        count: 1,
        workflows: [workflow],
        runs: [id],
        firstAt: at,
        lastAt: at,
      })
      continue
    }
    group.count++
    group.firstAt = at
    if (!group.workflows.includes(workflow)) group.workflows.push(workflow)
    if (group.runs.length < mostRuns) group.runs.push(id)
  }
  return {
    groups: [...groups.values()].sort((left, right) => right.count - left.count),
    count: Math.min(rows.length, mostFailures),
    isMore: rows.length > mostFailures,
  }
}

/** A reason without what differs from run to run. */
function causeOf(reason: string): string {
  return firstCharacters(reason, longestCause)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…')
    .replace(/https?:\/\/\S+|\S+@\S+/g, '…')
    .replace(/\b[\w-]*\d[\w.-]*/g, '#')
}
