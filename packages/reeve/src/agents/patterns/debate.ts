import type { StandardSchemaV1 } from '@standard-schema/spec'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { type Bounds, checkCounts, startBounds } from './parts/bounds.ts'
import { type Asking, askFor, type Doer, isAsking, type PatternContext, perform } from './parts/doer.ts'
import { note } from './parts/note.ts'
import {
  type ConflictRule,
  contribute,
  type Participant,
  SharedState,
  type StateShape,
  type StateView,
} from './shared-state.ts'

/** What a judge says after a round. */
export interface DebateVerdict {
  settled: boolean
  reason: string
}

/** For `debate`. */
export interface DebateOptions<State extends StateShape> extends Bounds {
  /** What the state is to answer. */
  question: string
  /** The contract of what is argued over. */
  state: StandardSchemaV1<unknown, State>
  /** The state at the beginning; it must fit `state`. */
  initial: State
  /** Who argues, by name. */
  participants: Record<string, Participant<State>>
  /** Says after each round whether the state answers the question. */
  judge: Asking | Doer<{ question: string; state: State; round: number }, DebateVerdict>
  /** Default 3. */
  rounds?: number
  /** What happens when two wrote one field from the same version. Default `refuse`: the later one is asked again. */
  onConflict?: ConflictRule
}

/** What `debate` came to: the state, and why it ended. */
export interface Debated<State> extends StateView<State> {
  settled: boolean
  rounds: number
  reason: string
  stopped: 'settled' | 'rounds' | 'cost' | 'time'
}

const verdictSchema = z.object({ settled: z.boolean(), reason: z.string() })

/**
 * Debate: in each round all participants see the same version and answer at the same time; their writes are taken in
 * their order, conflicts by the rule given. A judge ends it.
 * @throws `bad-verdict` `refused-write` `invalid-input`
 * @example
 * const { state, settled } = await debate(ctx, 'price', {
 *   question: 'What is a fair price?',
 *   state: z.object({ usd: z.number() }),
 *   initial: { usd: 60 },
 *   participants: {
 *     seller: { run: ({ state }) => ({ changes: { usd: state.usd + 10 } }) },
 *     buyer: { run: ({ state }) => ({ changes: { usd: state.usd - 5 } }) },
 *   },
 *   onConflict: ({ current, wanted }) => (Number(current) + Number(wanted)) / 2,
 *   judge: { route: 'judging' },
 * })
 */
export async function debate<State extends StateShape>(
  ctx: PatternContext,
  name: string,
  options: DebateOptions<State>,
): Promise<Debated<State>> {
  const { participants, rounds = 3 } = options
  checkCounts(`debate "${name}"`, { rounds })
  const bound = startBounds(ctx, options)
  const shared = new SharedState(ctx, name, options)
  const names = Object.keys(participants)
  for (let round = 1; ; round++) {
    const { state, version } = shared.read()
    const contributions = await ctx.all(
      names.map((author) => perform(ctx, participants[author]!.run, { state, version, problem: null })),
    )
    for (const [index, author] of names.entries()) {
      const first = { contribution: contributions[index]!, basedOn: version }
      await contribute(ctx, shared, author, participants[author]!, first)
    }
    const { settled, reason } = await judge(ctx, `${name} verdict ${round}`, options, shared, round)
    const words = settled ? 'is settled' : 'is not settled'
    const message = `debate "${name}" ${words} after round ${round}`
    note(ctx, 'debate-judged', { message, name, round, settled, reason })
    const stopped = settled ? 'settled' : round >= rounds ? 'rounds' : bound()?.why
    if (stopped) return { ...shared.read(), settled, rounds: round, reason, stopped }
  }
}

async function judge<State extends StateShape>(
  ctx: PatternContext,
  name: string,
  options: DebateOptions<State>,
  shared: SharedState<State>,
  round: number,
): Promise<DebateVerdict> {
  const { question, judge: judging } = options
  const { state } = shared.read()
  if (isAsking(judging)) {
    return askFor(ctx, judging, {
      name,
      schema: verdictSchema,
      from: { question, state, round },
      instructions:
        'Say whether the state answers the question in a way that needs no further round, and why.',
    })
  }
  const checked = validate(verdictSchema, await perform(ctx, judging, { question, state, round }))
  if (checked.ok) return checked.value
  throw new ReeveError('bad-verdict', `"${name}" is not a verdict: ${describeIssues(checked.issues)}`)
}
