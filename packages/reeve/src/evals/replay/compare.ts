import { isDeepStrictEqual } from 'node:util'
import { fromErrorRecord } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import type { CallDifference } from '../../engine/trial/recorded-answers.ts'
import type { Tried, TriedEffect } from '../../engine/trial/try-run.ts'
import { errorOf } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'

/**
 * What became of a recorded run under other code, from the best to the worst:
 *
 * - `same`: the same calls, the same result.
 * - `different-result`: the same calls, another result.
 * - `different-path`: other calls, of which none is an effect that the run had not had.
 * - `would-ask`: it comes to ask a model or a person, or to run a step, for which the journal has no answer.
 * - `new-effects`: it would do outside what it had not done. `newEffects` says what, with its arguments.
 * - `cannot-replay`: its workflow is not there, its input does not fit any more, its journal is damaged, or its code waits
 *   for something of its own.
 */
export type ReplayOutcome =
  | 'same'
  | 'different-result'
  | 'different-path'
  | 'would-ask'
  | 'new-effects'
  | 'cannot-replay'

/** How a run ended. */
export interface RunEnd {
  status: string
  /** Of a run that succeeded. */
  output?: Json
  /** Of one that failed. */
  error?: { code: string; message: string }
}

export interface ReplayedRun {
  runId: string
  workflow: string
  outcome: ReplayOutcome
  /** In a sentence: why it is not `same`. */
  why: string | null
  was: RunEnd
  /** Absent where it did not come to an end. */
  now?: RunEnd
  differences: CallDifference[]
  /** Effects that the journal does not have, reads included. */
  newEffects: Pick<TriedEffect, 'call' | 'tool' | 'class' | 'args'>[]
  /** What else it would ask for: `model`, `person`, `step`, and other kinds of calls. */
  wouldAsk: { what: string; call: number; name: string }[]
}

const asked: Record<string, string> = { question: 'model', approval: 'person' }

/** What a run's last event says of its end. */
function endOf({ type, payload }: Pick<JournalEvent, 'type' | 'payload'>): RunEnd {
  if (type === 'run-failed') {
    const { code, message } = fromErrorRecord(errorOf({ type, payload }))
    return { status: 'failed', error: { code, message } }
  }
  const status = type === 'run-succeeded' ? 'succeeded' : type
  return payload === null ? { status } : { status, output: JSON.parse(payload) as Json }
}

/** Compares a try with the run that it was made of. */
export function compare(
  of: { runId: string; workflow: string },
  last: Pick<JournalEvent, 'type' | 'payload'>,
  { ending, differences, effects, unanswered }: Tried,
): ReplayedRun {
  const was = endOf(last)
  const now =
    ending === undefined || (ending.status !== 'succeeded' && ending.status !== 'failed')
      ? undefined
      : endOf({ type: `run-${ending.status}`, payload: ending.payload })
  const changed = new Set(differences.filter(({ what }) => what === 'arguments').map(({ call }) => call))
  const newEffects = effects
    .filter(({ answered, call }) => !answered || changed.has(call))
    .map(({ call, tool, class: itsClass, args }) => ({ call, tool, class: itsClass, args }))
  const wouldAsk = unanswered
    .filter(({ kind }) => kind !== 'effect')
    .map(({ kind, step, name }) => ({ what: asked[kind] ?? kind, call: step, name }))
  const compared = { ...of, was, ...(now && { now }), differences, newEffects, wouldAsk }
  if (newEffects.length > 0)
    return {
      ...compared,
      outcome: 'new-effects',
      why: `would call ${listed(newEffects.map(({ tool }) => tool))}`,
    }
  if (wouldAsk.length > 0)
    return {
      ...compared,
      outcome: 'would-ask',
      why: `would ask ${listed(wouldAsk.map(({ what, name }) => `a ${what} ("${name}")`))}`,
    }
  if (now === undefined) {
    const why = ending
      ? `its code ends otherwise: ${ending.status}${ending.reason === null ? '' : `: ${ending.reason}`}`
      : 'its code came to rest before its end: it waits for what the journal does not have, or for something of its own'
    return { ...compared, outcome: 'cannot-replay', why }
  }
  if (differences.length > 0)
    return { ...compared, outcome: 'different-path', why: listed(differences.map(describeDifference)) }
  if (isDeepStrictEqual(was, now)) return { ...compared, outcome: 'same', why: null }
  return { ...compared, outcome: 'different-result', why: 'the result differs' }
}

/** A run that could not be tried. */
export function cannotReplay(
  of: { runId: string; workflow: string },
  last: Pick<JournalEvent, 'type' | 'payload'> | undefined,
  why: string,
): ReplayedRun {
  const was: RunEnd = last ? endOf(last) : { status: 'unknown' }
  return { ...of, outcome: 'cannot-replay', why, was, differences: [], newEffects: [], wouldAsk: [] }
}

export function describeDifference({ what, kind, name, call, recorded }: CallDifference): string {
  const called = `${kind} "${name}"`
  switch (what) {
    case 'new':
      return `call ${call}, ${called}, is new`
    case 'unmade':
      return `call ${call}, ${called}, is not made any more`
    case 'moved':
      return `call ${recorded}, ${called}, is now call ${call}`
    default:
      return `call ${call}, ${called}, has other arguments`
  }
}

const mostListed = 5

function listed(words: string[]): string {
  const more = words.length - mostListed
  return `${words.slice(0, mostListed).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}
