import type { Effect, EffectAttempt } from '../engine/calls/effect/definition.ts'
import type { Bodies } from '../engine/services.ts'
import type { StandIn } from '../engine/stand-in.ts'

/** What stands in for a tool: gets its checked arguments, and gives what the tool would. */
// biome-ignore lint/suspicious/noExplicitAny: arguments of any tool
export type Mock = (args: any, attempt: EffectAttempt) => unknown

/** When a body that a test wants to die in does so: before it begins, or when it has done its work and nobody knows. */
export type DeathMoment = 'before' | 'after'

/** Knows which bodies of steps, tools and solvers are under way, replaces some, and dies in others. */
export class WatchedBodies implements Bodies, StandIn {
  readonly #mocks = new Map<string, Mock>()
  readonly #onDeath: () => void
  #underWay = 0
  #changed = Promise.withResolvers<void>()
  #death: { name: string; moment: DeathMoment } | undefined

  constructor(onDeath: () => void) {
    this.#onDeath = onDeath
  }

  get underWay(): number {
    return this.#underWay
  }

  /** Resolves when the next body begins or ends. */
  get changed(): Promise<void> {
    return this.#changed.promise
  }

  /** The process before died with its bodies. */
  forgetAll(): void {
    this.#underWay = 0
    this.#change()
  }

  mock(tool: string, mock: Mock): void {
    this.#mocks.set(tool, mock)
  }

  /** Dies the next time that a body of this name runs. */
  dieIn(name: string, moment: DeathMoment): void {
    this.#death = { name, moment }
  }

  effect(definition: Effect): Effect {
    const mock = this.#mocks.get(definition.name)
    return mock ? { ...definition, run: mock } : definition
  }

  step<Body>(_name: string, body: Body): Body {
    return body
  }

  run<T>(what: string, body: () => T): T {
    if (this.#death && what.endsWith(` "${this.#death.name}"`)) return this.#dyingIn(body)
    this.#underWay++
    let result: T
    try {
      result = body()
    } catch (error) {
      this.#ended()
      throw error
    }
    if (result instanceof Promise) void result.then(this.#ended, this.#ended)
    else this.#ended()
    return result
  }

  #dyingIn<T>(body: () => T): T {
    const { moment } = this.#death!
    this.#death = undefined
    const die = () => {
      this.#onDeath()
      return new Promise<never>(() => {})
    }
    if (moment === 'before') return die() as T
    return (async () => {
      await body()
      return die()
    })() as T
  }

  readonly #ended = () => {
    this.#underWay = Math.max(0, this.#underWay - 1)
    this.#change()
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
