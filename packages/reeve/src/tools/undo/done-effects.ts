import type { Json } from '../../base/json/json.ts'
import type { Session } from '../../store/database.ts'
import { payloadIfSound } from '../../store/journal/events.ts'
import { type EffectEvent, effectEvents } from '../../store/journal/said.ts'
import { changesNothing, type EffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import { isErased } from '../../store/keeping/erased.ts'
import type { RunRow } from '../../store/runs/runs.ts'

/** What a run did outside through a tool, as its journal has it. */
export interface RecordedEffect {
  run: Pick<RunRow, 'no' | 'id' | 'workflow'>
  call: number
  tool: string
  class: EffectClass
  /** The idempotency key under which it was done. */
  key: string
  /** Absent where the journal has them no more. */
  args: Json | undefined
  /**
   * `completed`: with what it gave. `erased`: it took effect, and what it was about is kept no more. `unclear`: it may have
   * taken effect.
   */
  state: { is: 'completed'; result: Json | undefined } | { is: 'erased' } | { is: 'unclear'; why: string }
  /** When that was (ms), and its place among all events. */
  at: number
  place: number
}

/** The effects of one run that changed something, or may have, in the order of its calls; `from`: of calls from there on. */
export async function effectsOf(
  session: Session,
  run: RecordedEffect['run'],
  from = 0,
  call?: number,
): Promise<RecordedEffect[]> {
  const events = await effectEvents(session, run.no, from, call)
  // What stands before that was done by the run that it was forked from.
  const own = events.findLastIndex(({ type }) => type === 'run-forked') + 1
  const byCall = Map.groupBy(events.slice(own), ({ step }) => step)
  return [...byCall.values()].flatMap((each) => effectOf(run, each) ?? [])
}

/** One effect, of a call that is known. */
export async function effectAt(
  session: Session,
  run: RecordedEffect['run'],
  call: number,
): Promise<RecordedEffect | undefined> {
  return (await effectsOf(session, run, call, call))[0]
}

function effectOf(run: RecordedEffect['run'], events: EffectEvent[]): RecordedEffect | undefined {
  const last = events.at(-1)!
  const intents = events.filter(({ type }) => type === 'effect-intended')
  if (intents.length === 0) return undefined
  const intent = payloadIfSound(intents.at(-1)!, 'effect-intended')
  if (changesNothing(intent?.class)) return undefined
  const { step: call, name, at, id: place } = last
  const effect = {
    run,
    call,
    tool: name ?? '',
    class: intent?.class ?? 'once',
    args: intent?.args,
    at,
    place,
    key: intent?.key ?? '',
  }
  const unclear = (why: string): RecordedEffect => ({ ...effect, state: { is: 'unclear', why } })
  switch (last.type) {
    case 'effect-completed':
      // The answer of another call that had its business key.
      if (events.at(-2)?.type === 'effect-shared') return undefined
      if (!intent || (last.payload !== null && isErased(last.payload)))
        return { ...effect, state: { is: 'erased' } }
      return { ...effect, state: { is: 'completed', result: jsonIn(last.payload) } }
    case 'effect-failed':
      if (payloadIfSound(last, 'effect-failed')?.code === 'not-applied') return undefined
      return unclear('it failed, and may have taken effect all the same')
    case 'effect-shared':
      return undefined
    default:
      return unclear('nobody knows whether it took effect')
  }
}

function jsonIn(payload: string | null): Json | undefined {
  return payload === null ? undefined : (JSON.parse(payload) as Json)
}
