import { AsyncLocalStorage } from 'node:async_hooks'
import { type Effect, type EffectAttempt, NotApplied } from '../../engine/calls/effect/definition.ts'
import type { StepAttempt } from '../../engine/calls/step.ts'
import type { Act, Bodies } from '../../engine/services.ts'
import type { Substitutes } from '../../engine/substitutes.ts'
import { changesNothing } from '../../store/journal/vocabulary/effect-class.ts'

/** What stands in for a tool: gets its checked arguments, and gives what the tool would. */
// biome-ignore lint/suspicious/noExplicitAny: arguments of any tool
export type Mock = (args: any, attempt: EffectAttempt) => unknown

/** When a body that a test wants to die in does so: before it begins, or when it has done its work and nobody knows. */
export type DeathMoment = 'before' | 'after'

/** An act of a call. While it has pauses, nothing of it goes on before time passes. */
interface OpenAct {
  pauses: number
}

/** Knows which acts of calls are under way, replaces the bodies of some, and dies or hangs in others. */
export class WatchedBodies implements Substitutes {
  readonly #mocks = new Map<string, Mock>()
  readonly #live: readonly string[] | 'all'
  readonly #onDeath: () => void
  readonly #open = new Set<OpenAct>()
  /** What looks for work beside the runs, in words. */
  readonly #looks = new Map<OpenAct, string>()
  /** The act that the code at hand is a part of. */
  readonly #present = new AsyncLocalStorage<OpenAct>()
  #life = 0
  #changes = 0
  #changed = Promise.withResolvers<void>()
  #death: { name: string; moment: DeathMoment } | undefined
  #hanging: string | undefined

  /** @param live the tools that act though no mock stands in for them */
  constructor(onDeath: () => void, live: readonly string[] | 'all') {
    this.#onDeath = onDeath
    this.#live = live
  }

  /** Some act goes on without time that passes. */
  get areAtWork(): boolean {
    for (const { pauses } of this.#open) if (pauses === 0) return true
    return false
  }

  /** The looks that go on without time that passes, in words. */
  get looksAtWork(): string[] {
    return [...this.#looks].flatMap(([{ pauses }, what]) => (pauses === 0 ? [what] : []))
  }

  /** Grows when an act or a body begins, ends, pauses or goes on. */
  get changes(): number {
    return this.#changes
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#changed.promise
  }

  /** What the runtime of one life is given. When that life has ended, nothing of it begins any more. */
  ofLife(): Bodies {
    const life = this.#life
    const never = () => new Promise<never>(() => {})
    const ifAlive = <T>(begin: () => T): T => (life === this.#life ? begin() : (never() as T))
    return {
      act: (act) => () => ifAlive(() => this.#act(act)),
      look: (what, look) => ifAlive(() => this.#look(what, look)),
      run: (what, body) => ifAlive(() => this.#run(what, body)),
    }
  }

  /** The process died with what it did. */
  endLife(): void {
    this.#life++
    this.#open.clear()
    this.#looks.clear()
    this.#change()
  }

  mock(tool: string, mock: Mock): void {
    this.#mocks.set(tool, mock)
  }

  /** Dies the next time that a body of this name runs. */
  dieIn(name: string, moment: DeathMoment): void {
    this.#death = { name, moment }
  }

  /** Hangs the next time that a step or tool of this name runs. */
  hangIn(name: string): void {
    this.#hanging = name
  }

  /** The act at hand waits for time to pass, until what this gives is called. */
  pause(): () => void {
    const act = this.#present.getStore()
    if (!act) return () => {}
    act.pauses++
    this.#change()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      act.pauses--
      this.#change()
    }
  }

  #act(act: Act): ReturnType<Act> {
    const open: OpenAct = { pauses: 0 }
    this.#open.add(open)
    this.#change()
    const ended = () => {
      this.#open.delete(open)
      this.#change()
    }
    let acting: Promise<void> | void
    try {
      acting = this.#present.run(open, act)
    } catch (error) {
      ended()
      throw error
    }
    if (acting) return acting.finally(ended)
    ended()
  }

  async #look<T>(what: string, look: () => Promise<T>): Promise<T> {
    const open: OpenAct = { pauses: 0 }
    this.#looks.set(open, what)
    this.#change()
    try {
      return await this.#present.run(open, look)
    } finally {
      this.#looks.delete(open)
      this.#change()
    }
  }

  effect(definition: Effect): Effect {
    const known = this.#mocks.get(definition.name)
    const mock = known ?? (this.#mayAct(definition) ? definition.run : () => this.#refuse(definition.name))
    // Nothing of a service is needed where a mock stands in for it.
    const { gate, ...rest } = definition
    return {
      ...rest,
      ...(gate && !known && { gate }),
      run: (args, attempt) =>
        this.#hangs(definition.name) ? this.#untilAborted(attempt.signal) : mock(args, attempt),
    }
  }

  #mayAct({ name, effect, account }: Effect): boolean {
    // An account is a connector's: in a test it is a stand-in.
    return (
      changesNothing(effect) || account !== undefined || this.#live === 'all' || this.#live.includes(name)
    )
  }

  #refuse(name: string): never {
    const others = [...this.#mocks.keys()]
    const given = others.length === 0 ? 'It has no mocks.' : `It has mocks of: ${others.join(', ')}.`
    throw new NotApplied(
      `Tool "${name}" changes something, and this test has no mock of it: nothing was done. ${given} Give one (mocks: { '${name}': … }), or let the tool act (live: ['${name}']).`,
    )
  }

  step<Body extends (attempt: never) => unknown>(name: string, body: Body): Body {
    const acts = (attempt: StepAttempt) =>
      this.#hangs(name) ? this.#untilAborted(attempt.signal) : body(attempt as never)
    return acts as unknown as Body
  }

  #run<T>(what: string, body: () => T): T {
    this.#change()
    if (!this.#death || !what.endsWith(` "${this.#death.name}"`)) return body()
    const { moment } = this.#death
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

  #hangs(name: string): boolean {
    if (this.#hanging !== name) return false
    this.#hanging = undefined
    return true
  }

  /** Only a time limit, or the end of the run, ends it. */
  #untilAborted(signal: AbortSignal): Promise<never> {
    const goOn = this.pause()
    return new Promise((_resolve, reject) => {
      const abort = () => {
        goOn()
        reject(signal.reason)
      }
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  #change(): void {
    this.#changes++
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
