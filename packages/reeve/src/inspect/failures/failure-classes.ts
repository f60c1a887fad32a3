import { isRecord } from '../../base/json/record.ts'
import { isoText } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { correctedAnswers } from '../../store/learning/corrections.ts'
import {
  type Correction,
  corrections,
  type FailedEnd,
  failedEnds,
} from '../../store/runs/figures/mistakes.ts'
import { adviceFor, type Place, placeOfCode, placeOfCorrection, places } from './place-of.ts'

/** The failures and corrections whose fix belongs to one place. */
export interface FailureClass {
  /** `null`: no rule speaks of them; a person, or a model that only proposes, says where they belong. */
  place: Place | null
  count: number
  /** What to do; null where the place is not known. */
  proposalId: string | null
  /** By which rule: a code of an error, or what a person did; the most frequent first. */
  reasons: { reason: string; count: number }[]
  workflows: string[]
  /** Of the newest ones, five at most. */
  runs: string[]
  /** How many on each day on which there were some, the first first (`2026-11-21`, UTC). */
  days: { day: string; count: number }[]
}

export interface FailureClasses {
  /** From when on they were counted (ISO 8601). */
  since: string
  /** Whether there are more than were looked at: the newest were. */
  isMore: boolean
  classes: FailureClass[]
}

/** So many failures and so many corrections are looked at, each found by its index. */
const mostOfEach = 2000
const mostRuns = 5

/** An answer that a solver gave may be corrected too, after its run. */
type Mistaken = Omit<Correction, 'what'> & { what: Correction['what'] | 'corrected' }

interface Sorted {
  place: Place | null
  reason: string
  runId: string
  workflow: string
  at: number
}

/** Sorts what failed and what people corrected since then (ms) by where the fix belongs, by rules on the journal. */
export async function failureClasses(session: Session, since: number): Promise<FailureClasses> {
  const failed = await failedEnds(session, since, mostOfEach + 1)
  const corrected = await corrections(session, since, mostOfEach + 1)
  const answers = await correctedAnswers(session, { since, limit: mostOfEach })
  const all = [
    ...failed.slice(0, mostOfEach).map(ofFailure),
    ...corrected.slice(0, mostOfEach).map(ofCorrection),
    ...answers.map(({ runId, workflow, at, why }) =>
      ofCorrection({ run: runId, workflow, at, what: 'corrected', subject: '', note: why }),
    ),
  ]
  all.sort((left, right) => right.at - left.at)
  const classes = [...places, null].map((place) =>
    classOf(
      place,
      all.filter((each) => each.place === place),
    ),
  )
  return {
    since: isoText(since),
    isMore: failed.length > mostOfEach || corrected.length > mostOfEach,
    classes: classes.filter(({ count }) => count > 0).sort((left, right) => right.count - left.count),
  }
}

function ofFailure({ run, workflow, at, payload }: FailedEnd): Sorted {
  const code = codeIn(payload)
  return { place: placeOfCode(code) ?? null, reason: code, runId: run, workflow, at }
}

function ofCorrection({ what, note, run, workflow, at }: Mistaken): Sorted {
  return { place: placeOfCorrection({ what, note }), reason: `a person ${what} it`, runId: run, workflow, at }
}

function codeIn(payload: string | null): string {
  try {
    const read: unknown = JSON.parse(payload ?? 'null')
    return isRecord(read) && typeof read.code === 'string' ? read.code : 'failed'
  } catch {
    return 'failed'
  }
}

function classOf(place: Place | null, of: readonly Sorted[]): FailureClass {
  const reasons = countedBy(of, ({ reason }) => reason).map(([reason, count]) => ({ reason, count }))
  const days = countedBy(of, ({ at }) => new Date(at).toISOString().slice(0, 10))
  return {
    place,
    count: of.length,
    proposalId: place && adviceFor[place],
    reasons: reasons.sort((left, right) => right.count - left.count),
    workflows: [...new Set(of.map(({ workflow }) => workflow))].sort(),
    runs: [...new Set(of.map(({ runId }) => runId))].slice(0, mostRuns),
    days: days.map(([day, count]) => ({ day, count })).sort((left, right) => (left.day < right.day ? -1 : 1)),
  }
}

function countedBy<T>(all: readonly T[], by: (each: T) => string): [string, number][] {
  return [...Map.groupBy(all, by)].map(([name, own]) => [name, own.length])
}
