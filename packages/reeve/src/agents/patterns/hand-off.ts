import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../../base/errors.ts'
import { type AnyAgent, isAgent } from '../agent.ts'
import { type Bounds, checkCounts, startBounds } from './parts/bounds.ts'
import type { PatternContext } from './parts/doer.ts'
import { note } from './parts/note.ts'
import {
  type ConflictRule,
  contribute,
  type Participant,
  SharedState,
  type StateShape,
  type StateView,
} from './shared-state.ts'

/** For `handOff`. */
export interface HandOffOptions<State extends StateShape> extends Bounds {
  /** The contract of what is handed over. */
  state: StandardSchemaV1<unknown, State>
  /** The state at the beginning; it must fit `state`. */
  initial: State
  /** Who works on it, by name. */
  participants: Record<
    string,
    Participant<State> & {
      /** Whom it may hand over to; `done` counts as one. Default: anyone, and `done`. */
      to?: readonly string[]
    }
  >
  /** Who has the first turn. */
  start: string
  /** A rule that goes before the wish of the one who hands over. Must be deterministic. */
  next?: (now: { state: State; last: string; wanted: string }) => string
  /** Turns of all participants together. Default 10. */
  turns?: number
  /** What happens when a write rests on an older version. Default `refuse`: its author is asked again. */
  onConflict?: ConflictRule
}

/** What `handOff` came to: the state, and who had worked on it. */
export interface HandedOff<State> extends StateView<State> {
  /** Who had the turns, in order. */
  path: string[]
  stopped: 'done' | 'turns' | 'cost' | 'time'
}

const end = 'done'

/**
 * Hand-off: one participant at a time works on a shared state and names who goes on, within routing rules. What it may
 * write, and whether the state still fits its schema, is checked at each write; a refused write goes back to its author. An agent
 * that goes on may do only what each agent that had a turn before it may, too.
 * @throws `unknown-participant` `refused-write` `invalid-input`
 * @example
 * const { state, path } = await handOff(ctx, 'article', {
 *   state: z.object({ text: z.string() }),
 *   initial: { text: '' },
 *   start: 'author',
 *   participants: {
 *     author: { run: () => ({ changes: { text: 'A draft.' }, next: 'editor' }), to: ['editor'] },
 *     editor: { run: ({ state }) => ({ changes: { text: `${state.text} Edited.` }, next: 'done' }) },
 *   },
 * })
 */
export async function handOff<State extends StateShape>(
  ctx: PatternContext,
  name: string,
  options: HandOffOptions<State>,
): Promise<HandedOff<State>> {
  const { participants, turns = 10 } = options
  checkCounts(`hand-off "${name}"`, { turns })
  const bound = startBounds(ctx, options)
  const shared = new SharedState(ctx, name, options)
  const path: string[] = []
  // Agents that had a turn: whoever goes on acts on behalf of each, and may do no more than they.
  const handers: AnyAgent[] = []
  let current = options.start
  for (;;) {
    if (current === end) return { ...shared.read(), path, stopped: 'done' }
    const stopped = path.length >= turns ? 'turns' : bound()?.why
    if (stopped) return { ...shared.read(), path, stopped }
    const participant = participants[current]
    if (!participant) throw unknownParticipant(name, current, Object.keys(participants))
    const last = current
    path.push(last)
    const { next: wanted = end } = await contribute(
      ctx,
      shared,
      last,
      participant,
      undefined,
      ({ next = end }) => findFault(next, participant.to, Object.keys(participants)),
      handers.filter((each) => each !== participant.run),
    )
    if (isAgent(participant.run) && !handers.includes(participant.run)) handers.push(participant.run)
    current = options.next ? options.next({ state: shared.read().state, last, wanted }) : wanted
    const message = `hand-off "${name}": ${last} → ${current}`
    note(ctx, 'hand-off-made', { message, name, from: last, to: current, wanted })
  }
}

function findFault(next: string, to: readonly string[] | undefined, known: string[]): string | undefined {
  const allowed = to ?? [...known, end]
  if (allowed.includes(next)) return undefined
  return `it may not hand over to "${next}", only to: ${allowed.join(', ')}`
}

function unknownParticipant(name: string, wanted: string, known: string[]): ReeveError {
  return new ReeveError(
    'unknown-participant',
    `Hand-off "${name}" has no participant "${wanted}"; it has: ${known.join(', ')}.`,
  )
}
