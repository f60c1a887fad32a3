import { type Clock, type Duration, toMs } from '../base/time/time.ts'
import { settleUnheardAfter } from '../engine/deciding/told-outcome.ts'
import type { WorkflowRetention } from '../engine/declared/retention.ts'
import type { Workflow } from '../engine/workflow.ts'
import { type MemoryRetention, type OldMemory, oldMemory, pruneMemory } from '../memory/retention.ts'
import { tidyAnswers } from '../models/asking/answer-cache.ts'
import type { Database } from '../store/database.ts'
import {
  type PrunableChapters,
  type PrunedChapters,
  prunableChapters,
  pruneChapters,
} from '../store/keeping/chapters.ts'
import {
  type Ages,
  type Prunable,
  type Pruned,
  prunable,
  prune,
  type Retention,
} from '../store/keeping/retention.ts'
import { giveBackSpace } from '../store/keeping/space.ts'
import { inSlices, tidy } from '../store/keeping/tidy.ts'
import { dropMarked, sealPlain } from '../store/marks/marked-values.ts'
import { tidyCallRates } from '../store/spending/call-rates.ts'
import { tidySpendings } from '../store/spending/effect-budgets.ts'
import { foldModelCalls } from '../store/spending/folded-calls.ts'
import type { RetentionConfig } from './config.ts'
import type { Project } from './load.ts'

/** How long what belongs to no run is kept. */
const keptByDefault = { ledger: '90d', occurrences: '30d', deliveries: '30d' } as const

/** How long each thing is kept; null: for ever, and marked texts as long as their run. */
export function keptFor(retention: RetentionConfig = {}) {
  const { succeeded = null, chapters = succeeded, failed = null, cancelled = null } = retention
  const { personal = null, secret = null, ...others } = retention
  const { ledger, occurrences, deliveries } = { ...keptByDefault, ...others }
  const kept = { succeeded, failed, cancelled, chapters, ledger, occurrences, personal, secret, deliveries }
  return kept satisfies Record<keyof RetentionConfig, Duration | null>
}

interface Kept {
  database: Database
  clock: Clock
  retention: RetentionConfig | undefined
  /** Those that say themselves how long their runs are kept. */
  workflows?: readonly Pick<Workflow, 'name' | 'retention'>[]
  memory?: readonly MemoryRetention[] | undefined
}

/** What a project says of how long things are kept. */
export function keptBy({ config, workflows }: Project): Pick<Kept, 'retention' | 'workflows' | 'memory'> {
  return { retention: config.retention, workflows, memory: config.memory?.retention }
}

/** Whether anything is ever deleted by what the project says. */
export function isLimited({ retention, workflows = [], memory = [] }: ReturnType<typeof keptBy>): boolean {
  return (
    retention !== undefined || memory.length > 0 || workflows.some((each) => each.retention !== undefined)
  )
}

/** What was deleted of a project: runs, and earlier chapters of runs that stay. */
export interface ProjectPruned extends Pruned {
  /** What went of the earlier chapters of runs that stay. */
  chapters: PrunedChapters
  /** How many items of memory were retracted or redacted. */
  memory: number
}

/**
 * Deletes ended runs that a project's retention no longer wants, and of every other table what nothing needs any more,
 * until `signal` is aborted.
 */
export async function pruneProject(
  { database, clock, retention, workflows, memory }: Kept,
  signal?: AbortSignal,
): Promise<ProjectPruned> {
  const now = clock.now()
  const { ledger, occurrences, deliveries } = keptFor(retention)
  await inSlices(database, signal, (session, slice) => tidyAnswers(session, now, slice))
  await inSlices(database, signal, tidyCallRates)
  await inSlices(database, signal, tidySpendings)
  for (let run: number | undefined = -1; run !== undefined && !signal?.aborted; )
    run = await database.transaction((session) => settleUnheardAfter(session, run!, now))
  await inSlices(database, signal, sealPlain)
  for (const mark of ['personal', 'secret'] as const) {
    const age = retention?.[mark]
    if (age !== undefined)
      await inSlices(database, signal, (session, slice) => dropMarked(session, mark, now - toMs(age), slice))
  }
  const chaptersMs = chaptersMsOf(retention)
  // First these, for the children that they started.
  const chapters =
    chaptersMs === undefined
      ? { runs: 0, events: 0 }
      : await pruneChapters(database, now - chaptersMs, now, signal)
  const pruned = await prune(database, agesOf(retention, workflows), now, signal)
  const aged = await pruneMemory(database, memory ?? [], { now, signal })
  await foldModelCalls(database, now - toMs(ledger), signal)
  await tidy(
    database,
    { now, occurrencesBefore: now - toMs(occurrences), deliveriesBefore: now - toMs(deliveries) },
    signal,
  )
  await giveBackSpace(database, { signal })
  return { ...pruned, chapters, memory: aged }
}

/** What `pruneProject` would delete of the runs now. */
export function prunableOf({ database, clock, retention, workflows }: Kept): Promise<Prunable[]> {
  return prunable(database, agesOf(retention, workflows), clock.now())
}

/** The same of memory. */
export function prunableMemoryOf({ database, clock, memory }: Kept): Promise<OldMemory[]> {
  return oldMemory(database, memory ?? [], clock.now())
}

/** The same of the earlier chapters of runs. */
export async function prunableChaptersOf({ database, clock, retention }: Kept): Promise<PrunableChapters> {
  const age = chaptersMsOf(retention)
  return age === undefined ? { runs: 0, events: 0, bytes: 0 } : prunableChapters(database, clock.now() - age)
}

function chaptersMsOf({ succeeded, chapters = succeeded }: RetentionConfig = {}): number | undefined {
  return chapters === undefined ? undefined : toMs(chapters)
}

/** Of several versions of a workflow the last one counts. */
function agesOf(retention: RetentionConfig = {}, workflows: Kept['workflows'] = []): Retention {
  const own = workflows.map(({ name, retention: said = {} }) => [name, agesIn(said)] as const)
  return { ...agesIn(retention), workflows: Object.fromEntries(own) }
}

function agesIn({ succeeded, failed, cancelled }: WorkflowRetention): Ages {
  const ms = (age: WorkflowRetention[keyof WorkflowRetention]) =>
    age === 'forever' ? Number.POSITIVE_INFINITY : toMs(age!)
  return {
    ...(succeeded === undefined ? {} : { succeededMs: ms(succeeded) }),
    ...(failed === undefined ? {} : { failedMs: ms(failed) }),
    ...(cancelled === undefined ? {} : { cancelledMs: ms(cancelled) }),
  }
}
