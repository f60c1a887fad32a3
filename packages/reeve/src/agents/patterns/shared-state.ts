import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { describeIssues, parse, validate } from '../../base/schema/schema.ts'
import type { AnyAgent } from '../agent.ts'
import { type Doer, type PatternContext, perform } from './parts/doer.ts'
import { note } from './parts/note.ts'

/** A state that several write to: an object of JSON. */
export type StateShape = Record<string, Json>

/** What several agents work on: checked against one schema, its keys versioned. */
export interface StateView<State> {
  state: State
  /** Counts the writes. */
  version: number
}

/** Two wrote the same key from the same version. */
export interface Conflict {
  key: string
  /** What is there now, and who wrote it. */
  current: Json | undefined
  by: string
  wanted: Json | undefined
  author: string
}

/** `refuse`: the later one is asked again, with what is there now · `overwrite` · or a function that merges both. */
export type ConflictRule = 'refuse' | 'overwrite' | ((conflict: Conflict) => Json)

/**
 * A state that several write. A write says which version it was made from; a key that another has written since is a
 * conflict. All writes, refusals and settled conflicts stand in the journal.
 */
export class SharedState<State extends StateShape> {
  readonly #ctx: PatternContext
  readonly #name: string
  readonly #schema: StandardSchemaV1<unknown, State>
  readonly #rule: ConflictRule
  readonly #written = new Map<string, { version: number; by: string }>()
  #state: State
  #version = 0

  /** @throws `invalid-input` when the beginning does not fit the schema */
  constructor(
    ctx: PatternContext,
    name: string,
    options: { state: StandardSchemaV1<unknown, State>; initial: State; onConflict?: ConflictRule },
  ) {
    this.#ctx = ctx
    this.#name = name
    this.#schema = options.state
    this.#rule = options.onConflict ?? 'refuse'
    this.#state = parse(options.state, options.initial, `The first state of "${name}"`) as State
  }

  read(): StateView<State> {
    return { state: structuredClone(this.#state), version: this.#version }
  }

  /**
   * Takes changes that were made from the version `basedOn`. Answers what is wrong with them, for their author;
   * undefined: they are taken, all of them together.
   */
  write(
    author: string,
    basedOn: number,
    changes: Partial<State>,
    allowed?: readonly string[],
  ): string | undefined {
    const merged: StateShape = {}
    const forbidden = allowed && Object.keys(changes).find((key) => !allowed.includes(key))
    if (forbidden !== undefined)
      return this.#refuse(
        author,
        `${author} may not write "${forbidden}", only: ${allowed!.join(', ') || 'nothing'}`,
      )
    for (const [key, wanted] of Object.entries(changes)) {
      if (wanted === undefined) continue
      const last = this.#written.get(key)
      const current = this.#state[key]
      const conflicts =
        last !== undefined &&
        last.version > basedOn &&
        last.by !== author &&
        canonical(current) !== canonical(wanted)
      if (conflicts && this.#rule === 'refuse') {
        const now = JSON.stringify(current)
        return this.#refuse(
          author,
          `"${key}" was written by ${last.by} since version ${basedOn}; it is now ${now}`,
        )
      }
      const conflict = { key, current, by: last?.by ?? '', wanted, author }
      merged[key] = conflicts && typeof this.#rule === 'function' ? this.#rule(conflict) : wanted
      if (conflicts)
        note(this.#ctx, 'state-merged', {
          ...this.#about(`settles a conflict over ${key}`),
          conflict: { ...conflict, became: merged[key] },
        })
    }
    const checked = validate(this.#schema, { ...this.#state, ...merged })
    if (!checked.ok) return this.#refuse(author, `the state would not fit: ${describeIssues(checked.issues)}`)
    this.#state = checked.value as State
    this.#version++
    for (const key of Object.keys(merged)) this.#written.set(key, { version: this.#version, by: author })
    note(this.#ctx, 'state-written', {
      ...this.#about(`is at version ${this.#version}, by ${author}`),
      version: this.#version,
      author,
      changes: merged,
    })
    return undefined
  }

  #refuse(author: string, problem: string): string {
    const about = this.#about(`refuses a write of ${author}: ${problem}`)
    note(this.#ctx, 'state-refused', { ...about, author, problem })
    return problem
  }

  #about(words: string): { message: string; name: string } {
    return { message: `state "${this.#name}" ${words}`, name: this.#name }
  }
}

/** One turn of a participant, as it gets it. */
export interface StateTurn<State> extends StateView<State> {
  /** Why its last write was not taken; null on a first try. */
  problem: string | null
}

/** What a participant makes of it. */
export interface Contribution<State> {
  changes: Partial<State>
  /** Who goes on, in a hand-off; `done` when it is finished. */
  next?: string | undefined
}

/** One who writes to a shared state. */
export interface Participant<State> {
  /** The keys that it may write. Default: all. */
  writes?: readonly (keyof State & string)[]
  /** Gives the changes that it wants, from the state that it sees. */
  run: Doer<StateTurn<State>, Contribution<State>>
}

interface Contributed<State> {
  contribution: Contribution<State>
  basedOn: number
}

const mostTries = 3

/**
 * Lets a participant write, and tries again with the reason when its write is refused.
 * `first`: a contribution that was made already, from `basedOn`. `under`: the agents on whose behalf an agent writes. @throws `refused-write`
 */
export async function contribute<State extends StateShape>(
  ctx: PatternContext,
  shared: SharedState<State>,
  author: string,
  participant: Participant<State>,
  first?: Contributed<State>,
  check: (contribution: Contribution<State>) => string | undefined = () => undefined,
  under: readonly AnyAgent[] = [],
): Promise<Contribution<State>> {
  let problem: string | null = null
  let made = first
  for (let attempt = 1; attempt <= mostTries; attempt++) {
    const view = shared.read()
    const tried: Contributed<State> = made ?? {
      contribution: await perform(ctx, participant.run, { ...view, problem }, under),
      basedOn: view.version,
    }
    made = undefined
    const { contribution, basedOn } = tried
    const refused =
      check(contribution) ?? writeSafely(shared, author, basedOn, contribution, participant.writes)
    if (refused === undefined) return contribution
    problem = refused
  }
  throw new ReeveError(
    'refused-write',
    `${author} was refused ${mostTries} times, the last time because ${problem}.`,
    { details: { author, problem } },
  )
}

function writeSafely<State extends StateShape>(
  shared: SharedState<State>,
  author: string,
  basedOn: number,
  { changes }: Contribution<State>,
  allowed: readonly string[] | undefined,
): string | undefined {
  if (Object.keys(changes).length === 0) return undefined
  try {
    return shared.write(author, basedOn, changes, allowed)
  } catch (error) {
    return `the merge failed: ${messageOf(error)}`
  }
}
