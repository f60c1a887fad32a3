import { messageOf } from '../../../base/errors.ts'
import { sha256 } from '../../../base/hash.ts'
import type { Json } from '../../../base/json/json.ts'
import { formatUsd } from '../../../base/money.ts'
import { visibleBrief } from '../../../base/text/visible-text.ts'
import type { Clock } from '../../../base/time/time.ts'
import type { WorkflowRegistry } from '../../../engine/workflow.ts'
import type { Authority } from '../../../governance/authority-snapshot.ts'
import { outcomeOf, type RunOutcome } from '../../../inspect/ledger/run-outcome.ts'
import type { Questions } from '../../../models/asking/questions.ts'
import { readDaemon } from '../../../store/autonomy/daemons.ts'
import type { Database } from '../../../store/database.ts'
import type { Goal } from '../../goals/goal.ts'
import { goalStandings } from '../../goals/goal-standing.ts'
import type { LiveLessons } from '../../lessons/live-lessons.ts'
import { type CycleMemory, dayAt } from '../cycle-memory.ts'
import { type Daemon, daemonWorkflowName } from '../daemon.ts'
import type { DaemonState } from '../daemon-state.ts'
import { instructionsFor } from '../deciding/instructions.ts'
import {
  closedDecisions,
  digestOf,
  exhaustedGoals,
  hasNews,
  knownDirectives,
  type OpenDirective,
} from '../deciding/openings.ts'
import { budgetOf } from './day-budget.ts'
import { readFacts } from './facts.ts'
import { fingerprintsOf, type Gathering } from './fingerprints.ts'
import { type LessonBar, lessonsAt } from './lesson-bars.ts'
import { newsSince } from './news.ts'

/** What daemons get of the runtime. */
export interface DaemonServices {
  database: Database
  clock: Clock
  questions: Questions
  authority: Authority
  workflows: WorkflowRegistry
  /** Of the project. */
  directives: readonly OpenDirective[]
  /** What was learnt: what keeps it from starting something. */
  lessons: Pick<LiveLessons, 'barsFor'>
}

/** A daemon with the goals that it serves: those of its own and of the project. */
export interface NamedDaemon {
  daemon: Daemon
  goals: readonly Goal[]
}

/** A pending decision that has ended since. */
export interface Settled extends RunOutcome {
  key: string
}

/** What one look found. Plain JSON: it is the result of a step. */
export interface Look {
  /** Whether this run is the daemon's cycle: a fork, or a retry of an old one, is not. */
  isCurrent: boolean
  /** ms since 1970. */
  now: number
  cursor: string
  wakes: number
  reopened: number
  woken: string | null
  settled: Settled[]
  digest: string
  /** The same without what the daemon's own decisions change. */
  outside: string
  fingerprints: [directive: string, fingerprint: string][]
  /** What is not as it was when it last decided to be idle; empty: nothing. */
  changed: string[]
  /** Why no decision is to be made at all; null: one is. `isBroke`: until the next day. */
  barred: { why: string; isBroke: boolean } | null
  facts: CycleMemory['facts']
  /** Lessons that keep it from starting something now, and those that this cycle goes without. */
  lessons: { barred: LessonBar[]; withheld: string[] }
  /** Null: there is nothing to decide. */
  state: DaemonState | null
  /** Null with the state; absent in looks of before, whose cycles go by what is there now. */
  terms?: Terms | null
}

/**
 * What the rest of a cycle goes by, of files that somebody may save while it waits: it goes on as it began, whatever they say by then.
 */
export interface Terms {
  route: string | null
  instructions: string
  patienceMs: number
  /** The workflow that executes each directive. */
  workflows: [directive: string, workflow: string][]
}

/** Gathers a daemon's state, without a model. Reads only, so that it may be repeated. */
export async function lookAround(
  services: DaemonServices,
  { daemon, goals: ownGoals }: NamedDaemon,
  given: { runId: string; cycle: number; memory: CycleMemory },
  signal: AbortSignal,
): Promise<Look> {
  const { database, clock } = services
  const { memory, cycle } = given
  const row = await readDaemon(database, daemon.name)
  const now = clock.now()
  const principal = daemonWorkflowName(daemon.name)
  const { news, cursor } = await newsSince(services, memory.cursor, principal)
  const settled = await settledOf(services, memory)
  const gathered = await gatheredBy(daemon, signal)
  const goals = await goalStandings(database, ownGoals, clock)
  const directives = ownDirectives(services, daemon)
  const { fingerprints, problem } = fingerprintsOf(services.workflows, daemon, directives, gathered)
  const lessons = lessonsAt(services.lessons, directives, { run: given.runId, gathered: gathered.value, now })
  const known = knownDirectives(directives, closingOf(services, lessons.barred))
  const reopened = row?.reopened ?? 0
  const isReopened = reopened > memory.reopenedSeen
  const failures = isReopened ? [] : memory.failures
  const closed = closedDecisions({ failures }, fingerprints)
  const today = dayAt(now, memory.spent.day)
  const exhausted = exhaustedGoals(goals, memory.spent, today)
  const pending = memory.pending.filter(({ key }) => !settled.some((each) => each.key === key))
  const standing = {
    decides: decidesBy(daemon),
    gathered: gathered.value,
    goals,
    // Which cycles go without a lesson changes nothing that it decides upon.
    directives: knownDirectives(directives, closingOf(services, [])),
    lessons: [...lessons.barred.map(({ id }) => id), ...lessons.withheld].sort(),
    fingerprints,
    exhausted: [...exhausted.keys()],
  }
  const digest = digestOf({
    ...standing,
    pending: pending.map(({ key }) => key),
    closed: closed.map(({ key }) => key),
  })
  const outside = digestOf({ ...standing, pending: [], closed: [] })
  const woken = row && row.wakes > memory.wakesSeen ? row.woken : null
  const changed = changes({ news, settled, memory, digest, isReopened })
  const budget = await budgetOf(database, daemon, now)
  const barred = barredBy(services, {
    daemon,
    memory,
    isReopened,
    outside,
    budget,
    problem,
  })
  const isAsked = barred === null && (changed.length > 0 || daemon.route === undefined)
  const isFresh = memory.facts === null || hasNews(news) || settled.length > 0 || changed.length > 0
  const facts = isAsked && isFresh ? await readFacts(database, now) : memory.facts
  return {
    isCurrent: row?.run === given.runId,
    now,
    cursor,
    wakes: row?.wakes ?? 0,
    reopened,
    woken,
    settled,
    digest,
    outside,
    fingerprints: [...fingerprints],
    lessons,
    changed,
    barred,
    facts,
    terms: isAsked ? termsOf(services, daemon) : null,
    state: !isAsked
      ? null
      : {
          at: new Date(now).toISOString(),
          daemon: daemon.name,
          cycle,
          woken,
          news,
          ...facts!,
          budget,
          goals,
          directives: known,
          closed: closed.map(({ directive, params, detail }) => ({ directive, params, why: detail })),
          pending: pending.map(({ directive, params, run }) => ({ directive, params, run })),
          recent: memory.recent,
          gathered: gathered.value,
        },
  }
}

export function termsOf(services: DaemonServices, daemon: Daemon): Terms {
  const directives = ownDirectives(services, daemon)
  return {
    route: daemon.route ?? null,
    instructions: instructionsFor(daemon, directives),
    patienceMs: daemon.patienceMs,
    workflows: directives.map(({ name, workflow }) => [name, workflow]),
  }
}

async function settledOf({ database }: DaemonServices, { pending }: CycleMemory): Promise<Settled[]> {
  const settled: Settled[] = []
  for (const { run, key } of pending) {
    const outcome = await outcomeOf(database, run)
    if (outcome.result !== 'pending') settled.push({ ...outcome, key })
  }
  return settled
}

async function gatheredBy({ gather }: Daemon, signal: AbortSignal): Promise<Gathering> {
  try {
    const value = ((await gather?.({ signal })) ?? null) as Json
    return { value, problem: null }
  } catch (error) {
    return { value: null, problem: visibleBrief(messageOf(error), 500) }
  }
}

/** Those that the daemon's file names, of those that the project has. */
function ownDirectives({ directives }: DaemonServices, daemon: Daemon): OpenDirective[] {
  return directives.filter(({ name }) => daemon.directives === undefined || daemon.directives.includes(name))
}

function closingOf(
  { authority, workflows }: DaemonServices,
  barred: readonly LessonBar[],
): Parameters<typeof knownDirectives>[1] {
  const standing = authority.current()
  const names = new Set(workflows.names())
  return {
    isOff: (directive) => standing.mode({ tool: `directive.${directive}`, connector: 'directive' }) === 'off',
    isThere: ({ workflow }) => names.has(workflow),
    lessonOf: (directive) => barred.find((bar) => bar.directive === directive && bar.input === null)?.text,
  }
}

function changes({
  news,
  settled,
  memory,
  digest,
  isReopened,
}: {
  news: DaemonState['news']
  settled: readonly Settled[]
  memory: CycleMemory
  digest: string
  isReopened: boolean
}): string[] {
  const changed: string[] = []
  if (memory.idleDigest === null) changed.push('its last decision was not to be idle')
  else if (memory.idleDigest !== digest) changed.push('the state that it decides on has changed')
  if (hasNews(news)) changed.push('something happened in the project')
  if (settled.length > 0) changed.push('a decision that was pending has ended')
  if (isReopened) changed.push('a person opened again what was closed')
  return changed
}

/** Who decides, as the daemon's file has it: whoever mends its rules is asked again. */
function decidesBy({ rules, relevant, route, instructions }: NamedDaemon['daemon']): string {
  return sha256([rules, relevant, route, instructions].map(String).join('\0'))
}

function barredBy(
  { authority }: DaemonServices,
  look: {
    daemon: Daemon
    memory: CycleMemory
    isReopened: boolean
    outside: string
    budget: DaemonState['budget']
    problem: string | null
  },
): Look['barred'] {
  const { daemon, memory, isReopened, outside, budget, problem } = look
  const bar = (why: string, isBroke = false) => ({ why, isBroke })
  const principal = daemonWorkflowName(daemon.name)
  const standing = authority.current()
  if (standing.principal(principal)?.isRevoked || standing.principal(`workflow:${principal}`)?.isRevoked)
    return bar(`its principal "${principal}" was revoked; a person restores it`)
  if (problem !== null) return bar(`its state could not be gathered: ${problem}`)
  if (budget.leftUsd !== null && budget.leftUsd <= 0)
    return bar(
      `the ${formatUsd(budget.dayUsd ?? 0)} of today are used up (${formatUsd(budget.spentUsd)}); it continues tomorrow (UTC)`,
      true,
    )
  if (memory.stalledDigest !== null && memory.stalledDigest === outside && !isReopened)
    return bar(
      `${memory.fruitless} decisions in a row brought nothing${memory.repeats > 0 ? ' (what was done already was done again)' : ''}; it waits until the state that it decides on changes, or for: reeve daemons wake ${daemon.name}`,
    )
  return null
}
