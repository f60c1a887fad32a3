import { type Checklist, missingIn } from './checklist.ts'

/**
 * How far a workflow is trusted.
 *
 *   observe → draft → supervised → autonomous      an owner raises it by one, upon evidence
 *   ↖────────── falls back by itself when the evidence no longer holds
 */
export const levels = ['observe', 'draft', 'supervised', 'autonomous'] as const
export type Level = (typeof levels)[number]

/** One that is unknown is the lowest. */
export function levelFrom(text: string | undefined): Level {
  return levels.find((each) => each === text) ?? 'observe'
}

/** What the journals say of a workflow's current version, the newest first. */
export interface Evidence {
  /** What people decided of what it wanted to do. */
  decisions: readonly { status: 'approved' | 'rejected'; isEdited: boolean }[]
  /** How its runs ended since the first of these decisions. */
  runs: { succeeded: number; failed: number }
  /** Calls that permission denied: somebody may have steered it. */
  denied: number
  /** Effects of its runs that were undone: the rollback was tried. */
  undone: number
  /** What its evals said last; undefined: nobody told. */
  evals?: 'green' | 'red'
}

/** What a level asks for. */
export interface LevelRule {
  /** Approved without an edit, the last ones in a row. */
  inARow: number
  /** Approved without an edit, in all. */
  total: number
  /** The least that the share of good outcomes surely is (95 %): 0 to 1. */
  atLeast: number
  /** Whether evals must be green, and an undo have been tried. */
  isProved: boolean
}

const levelRules: Readonly<Record<'supervised' | 'autonomous', LevelRule>> = {
  supervised: { inARow: 10, total: 20, atLeast: 0.8, isProved: false },
  autonomous: { inARow: 40, total: 80, atLeast: 0.95, isProved: true },
}

/** What stands in the way of a level; for people. */
export interface Readiness {
  /** The highest level that the checklist and the evidence bear. */
  earned: Level
  /** The level that counts: what an owner gave, unless it is no longer earned. */
  effective: Level
  /** The next level that an owner could give now; null: none. */
  proposed: Level | null
  /** For each level that is not earned, why not. */
  lacks: { level: Level; why: string[] }[]
  /** In figures. */
  figures: { inARow: number; total: number; trials: number; surely: number }
}

/** Pure: the same evidence is judged the same. It proposes, and raises nothing. */
export function judgeReadiness(checklist: Partial<Checklist>, evidence: Evidence, given: Level): Readiness {
  const figures = figuresOf(evidence)
  const missing = missingIn(checklist).map((part) => `the checklist lacks ${part}`)
  const why: Record<Level, string[]> = {
    observe: [],
    draft: missing,
    supervised: [...missing, ...against(levelRules.supervised, evidence, figures)],
    autonomous: [...missing, ...against(levelRules.autonomous, evidence, figures)],
  }
  const lowest = levels.findIndex((level) => why[level].length > 0)
  const earnedAt = lowest < 0 ? levels.length - 1 : lowest - 1
  const givenAt = levels.indexOf(given)
  return {
    earned: levels[earnedAt]!,
    effective: levels[Math.min(earnedAt, givenAt)]!,
    proposed: earnedAt > givenAt ? levels[givenAt + 1]! : null,
    lacks: levels.slice(earnedAt + 1).map((level) => ({ level, why: why[level] })),
    figures,
  }
}

function figuresOf({ decisions, runs }: Evidence): Readiness['figures'] {
  const isGood = ({ status, isEdited }: Evidence['decisions'][number]) => status === 'approved' && !isEdited
  const firstBad = decisions.findIndex((each) => !isGood(each))
  const total = decisions.filter(isGood).length
  // A run that failed is an outcome that nobody wanted, whatever was approved in it.
  const trials = decisions.length + runs.failed
  return {
    inARow: firstBad < 0 ? decisions.length : firstBad,
    total,
    trials,
    surely: lowerBound(total, trials),
  }
}

function against(rule: LevelRule, evidence: Evidence, figures: Readiness['figures']): string[] {
  const { inARow, total, surely, trials } = figures
  const why: string[] = []
  if (inARow < rule.inARow)
    why.push(`${inARow} of the last were approved as they were, in a row; it takes ${rule.inARow}`)
  if (total < rule.total) why.push(`${total} were approved as they were in all; it takes ${rule.total}`)
  if (surely < rule.atLeast)
    why.push(`of ${trials} outcomes surely ${percent(surely)} are good; it takes ${percent(rule.atLeast)}`)
  if (evidence.denied > 0) why.push(`${evidence.denied} calls were denied: look whether somebody steered it`)
  if (evidence.evals === 'red') why.push('its evals are red')
  if (rule.isProved && evidence.evals === undefined) why.push('nobody told how its evals are')
  if (rule.isProved && evidence.undone === 0) why.push('undo was never tried')
  return why
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`
}

/** The lower end of Wilson's interval at 95 %: what the share surely is, also of few. (Wilson 1927) */
export function lowerBound(good: number, trials: number): number {
  if (trials === 0) return 0
  const z = 1.96
  const share = good / trials
  const middle = share + (z * z) / (2 * trials)
  const spread = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))
  return Math.max(0, (middle - spread) / (1 + (z * z) / trials))
}
