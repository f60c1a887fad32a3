import type { Json } from '../../base/json/json.ts'
import type { DecisionResult } from '../../store/journal/vocabulary/autonomy-events.ts'
import type { GoalStanding } from '../goals/goal-standing.ts'

/** What became of other runs since the daemon looked last; what it started is left out, and so is what is no work of the project (cycles of daemons, learning, repairs). */
export interface DaemonNews {
  /** How many runs began. */
  started: number
  /** By workflow, how those ended that did. */
  ended: { workflow: string; succeeded: number; failed: number; cancelled: number; stuck: number }[]
  /** The last failures, ten at most. Reasons are foreign text. */
  failures: { workflow: string; run: string; reason: string }[]
  /** What people were asked, and what they decided. */
  asked: number
  decided: number
  /** Whether there was more than one look reads. */
  isMore: boolean
}

/** A decision that was made, with what came of it. */
export interface PastDecision {
  /** ISO 8601. */
  at: string
  decision: string
  params: { [name: string]: Json }
  why: string
  goal: string | null
  result: DecisionResult
  /** What failed; empty: nothing to say. Holds foreign text. */
  detail: string
  costUsd: number
}

/** A directive that the daemon knows. */
export interface KnownDirective {
  name: string
  /** What it is for. */
  goal: string
  /** JSON Schema of what it is given. */
  inputs: { [name: string]: Json }
  /** Why it may not be chosen now, whatever it is given; null: it may. */
  closed: string | null
}

/** All that a daemon decides upon: gathered by code, shown to the route, and given to the rules. Plain JSON. */
export interface DaemonState<Gathered = Json> {
  /** When it was gathered (ISO 8601, the store's clock). */
  at: string
  daemon: string
  cycle: number
  /** What woke it before its time; null: nothing did. */
  woken: string | null
  news: DaemonNews
  /** Whether all is well, in words. */
  health: { state: string; sentence: string; problems: string[] }
  /** The six metrics of the last seven days, by workflow: twenty at most. Rates are 0 to 1; null: nothing to go by. */
  metrics: {
    workflow: string
    ended: number
    taskSuccess: number | null
    humanCorrectionRate: number | null
    iterationsPerCompletedTask: number | null
    costPerSuccessfulRunUsd: number | null
    escalationRate: number | null
    blockedToolCalls: number
  }[]
  /** Queues with something in them. */
  queues: { name: string; paused: boolean; ready: number; running: number }[]
  /** What waits for people. */
  waiting: number
  /** What the daemon and what it starts may still cost today (US dollars, UTC); null: no limit. */
  budget: { dayUsd: number | null; spentUsd: number; leftUsd: number | null }
  /** The schedules of the project and when each starts next (ISO 8601). */
  calendar: { schedule: string; workflow: string; nextAt: string | null }[]
  /** Items of memory, and adopted lessons. */
  memory: { items: number; lessons: number }
  goals: GoalStanding[]
  directives: KnownDirective[]
  /** Decisions with these inputs failed and are closed until something relevant changes. */
  closed: { directive: string; params: { [name: string]: Json }; why: string }[]
  /** Decisions that still go on. */
  pending: { directive: string; params: { [name: string]: Json }; run: string }[]
  /** The last decisions of this daemon, the newest first. */
  recent: PastDecision[]
  /** What `gather` of the daemon's file gave. */
  gathered: Gathered
}

/** What a daemon does in one cycle: one directive, or nothing. */
export interface DaemonDecision {
  /** A directive that is open now, or `idle`. */
  decision: string
  /** What the directive takes. Default: nothing. */
  inputs?: { [name: string]: Json }
  /** Why, in a sentence. */
  reason: string
  /** The goal that it serves; null: none. Default: the daemon's only goal, or none. */
  goal?: string | null
}
