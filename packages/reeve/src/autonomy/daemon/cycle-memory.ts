import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { shorten } from '../../base/text/shorten.ts'
import type { DecisionResult } from '../../store/journal/vocabulary/autonomy-events.ts'
import type { DaemonState, PastDecision } from './daemon-state.ts'

/** Decisions that the next cycle is told of, failures that are counted, decisions under way: older ones give way. */
const mostRecent = 10
const mostFailures = 100
const mostPending = 20
const longestParams = 2000

/** Failures with the same inputs until a decision is closed. */
export const failuresUntilClosed = 2
/** Decisions in a row without progress until the daemon stops trying. */
const fruitlessUntilStalled = 5
/** Repeats of what was done with success, while nothing outside of the daemon changed, until the same. */
const repeatsUntilStalled = 2

/** How often a directive failed with the same inputs, and what stood then of what counts for it. */
export interface CountedFailure {
  directive: string
  /** The hash of the inputs. */
  key: string
  params: { [name: string]: Json }
  count: number
  /** See `fingerprintOf`: another one opens it. */
  fingerprint: string
  detail: string
}

/** A decision whose execution outlasted its cycle. */
export interface PendingDecision {
  directive: string
  key: string
  params: { [name: string]: Json }
  goal: string | null
  why: string
  /** The run that executes it. */
  run: string
  /** When it was decided (ms). */
  at: number
  fingerprint: string
}

/**
 * What one cycle hands to the next, in the next one's input: so that a cycle is a function of its input and of what it
 * gathers, and no cycle reads the journals of those before it. Bounded, whatever the age of the daemon.
 */
export interface CycleMemory {
  /** Up to where it has read what happened; null: it begins. */
  cursor: string | null
  /** What stood at the last decision to be idle; null: the last one was another. */
  idleDigest: string | null
  recent: PastDecision[]
  failures: CountedFailure[]
  pending: PendingDecision[]
  /** What decisions of that day (UTC) cost, by goal: US dollars. */
  spent: { day: string; byGoal: { [goal: string]: number } }
  /** Decisions in a row without progress, and what stood when there were too many; null: it still tries. */
  fruitless: number
  /** How often in a row it did again what was done already, while nothing changed. */
  repeats: number
  stalledDigest: string | null
  /** What was decided last, and what stood then: the same again is no progress. */
  lastDecided: string | null
  /** How long it slept before this cycle (ms). */
  sleptMs: number
  /** Wakes before their time that it has seen. */
  wakesSeen: number
  reopenedSeen: number
  /** What of the state is only read again when something happened. */
  facts: Pick<DaemonState, 'health' | 'metrics' | 'queues' | 'waiting' | 'calendar' | 'memory'> | null
}

export const emptyMemory: CycleMemory = {
  cursor: null,
  idleDigest: null,
  recent: [],
  failures: [],
  pending: [],
  spent: { day: '', byGoal: {} },
  fruitless: 0,
  repeats: 0,
  stalledDigest: null,
  lastDecided: null,
  sleptMs: 0,
  wakesSeen: 0,
  reopenedSeen: 0,
  facts: null,
}

/** What ended, as far as later cycles go by it. */
export interface EndedDecision extends Omit<PendingDecision, 'run'> {
  /** What stood when it was decided. */
  digest?: string
  result: DecisionResult
  detail: string
  costUsd: number
}

const succeeding: ReadonlySet<DecisionResult> = new Set(['success'])
/** What counts as a failure of the same inputs: not what others do, nor what was refused or cancelled by a person. */
const failing: ReadonlySet<DecisionResult> = new Set(['failed', 'unmet'])
const fruitful: ReadonlySet<DecisionResult> = new Set(['success', 'pending', 'idle'])

/** It makes no more progress: see `withEnded`. */
export function isStalling({ fruitless, repeats }: Pick<CycleMemory, 'fruitless' | 'repeats'>): boolean {
  return fruitless >= fruitlessUntilStalled || repeats >= repeatsUntilStalled
}

/** It tries again. */
export const notStalled = { fruitless: 0, repeats: 0, stalledDigest: null } as const

/** The inputs of a directive as a key: whoever wants the same has the same one. */
export function keyOfInputs(directive: string, params: { [name: string]: Json }): string {
  return sha256(canonical([directive, params])).slice(0, 32)
}

/** The day of a time (UTC). A clock that goes back begins no day anew: the later day stays. */
export function dayAt(now: number, known = ''): string {
  const day = new Date(now).toISOString().slice(0, 10)
  return day < known ? known : day
}

/** The memory with what a decision came to. Neither its order nor its time matters to what is counted. */
export function withEnded(memory: CycleMemory, ended: EndedDecision, now: number): CycleMemory {
  const { directive, params, goal, why, result, detail, costUsd, at } = ended
  const past: PastDecision = {
    at: new Date(at).toISOString(),
    decision: directive,
    params: briefParams(params),
    why,
    goal,
    result,
    detail: shorten(detail, 500),
    costUsd,
  }
  const decided = ended.digest === undefined ? memory.lastDecided : `${ended.key}:${ended.digest}`
  const isRepeat = ended.digest !== undefined && decided === memory.lastDecided
  const isFruitful = fruitful.has(result) && !isRepeat
  return {
    ...memory,
    recent: [past, ...memory.recent].slice(0, mostRecent),
    failures: countedFailures(memory.failures, ended),
    pending: memory.pending.filter((each) => each.key !== ended.key),
    spent: withSpent(memory.spent, goal, costUsd, now),
    fruitless: isFruitful ? 0 : memory.fruitless + 1,
    repeats: isFruitful ? 0 : memory.repeats + (isRepeat && succeeding.has(result) ? 1 : 0),
    lastDecided: decided,
  }
}

export function withPending(memory: CycleMemory, pending: PendingDecision, now: number): CycleMemory {
  const shown = { ...pending, params: briefParams(pending.params) }
  const noted = withEnded(memory, { ...shown, result: 'pending', detail: '', costUsd: 0 }, now)
  return { ...noted, pending: [...noted.pending, shown].slice(-mostPending) }
}

function countedFailures(failures: readonly CountedFailure[], ended: EndedDecision): CountedFailure[] {
  const { directive, key, params, fingerprint, result, detail } = ended
  // What works with other inputs works again: whatever stood in the way outside is gone.
  if (succeeding.has(result)) return failures.filter((each) => each.directive !== directive)
  if (!failing.has(result)) return [...failures]
  const before = failures.find((each) => each.key === key && each.fingerprint === fingerprint)
  const others = failures.filter((each) => each.key !== key)
  const count = (before?.count ?? 0) + 1
  const counted = {
    directive,
    key,
    params: briefParams(params),
    count,
    fingerprint,
    detail: shorten(detail, 300),
  }
  return [...others, counted].slice(-mostFailures)
}

function withSpent(
  { day, byGoal }: CycleMemory['spent'],
  goal: string | null,
  costUsd: number,
  now: number,
): CycleMemory['spent'] {
  const today = dayAt(now, day)
  const spent = today === day ? { ...byGoal } : {}
  if (goal !== null && costUsd > 0) spent[goal] = (spent[goal] ?? 0) + costUsd
  return { day: today, byGoal: spent }
}

function briefParams(params: { [name: string]: Json }): { [name: string]: Json } {
  const text = JSON.stringify(params)
  return text.length <= longestParams ? params : { shortened: shorten(text, longestParams) }
}
