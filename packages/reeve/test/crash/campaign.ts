import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Shape } from './shapes/shape.ts'
import type { Stores } from './stores.ts'
import { type Death, runTrial, type TrialPlan, type TrialResult } from './trial.ts'

/** What became of one shape. */
export interface ShapeResult {
  shape: string
  /** Boundaries of an undisturbed life. */
  boundaries: number
  trials: number
  kills: number
  /** Kills of a life that was itself a recovery. */
  killsInRecovery: number
  failures: TrialResult[]
}

export interface CampaignOptions {
  folder: string
  port: number
  /** Default: a SQLite file in each trial's folder. */
  stores?: Stores
  seed: number
  /** Trials at one time. */
  jobs: number
  onTrial(result: TrialResult): void
}

/** A shape's boundaries grow and shrink with how turns fall together; this many more are tried past the counted ones. */
const extraBoundaries = 20
const deepest = 4

/** Runs trials side by side and adds up what they show. */
export class Campaign {
  readonly #options: CampaignOptions
  readonly #results = new Map<string, ShapeResult>()
  readonly #aliveMs = new Map<string, number>()
  #trials = 0

  constructor(options: CampaignOptions) {
    this.#options = options
  }

  get results(): ShapeResult[] {
    return [...this.#results.values()]
  }

  /** Lets a shape live undisturbed once, and counts its boundaries. */
  async count(shape: Shape): Promise<number> {
    const result = await this.#trial({ shape: shape.name, deaths: [] })
    this.#resultOf(shape.name).boundaries = result.boundaries
    this.#aliveMs.set(shape.name, result.aliveMs)
    return result.boundaries
  }

  /** Dies once at every boundary of a shape; some recoveries die as well, drawn by the seed. */
  async exhaust(shape: Shape): Promise<void> {
    const counted = await this.count(shape)
    const plans = Array.from({ length: counted }, (_, index) => this.#boundaryPlan(shape, index + 1, counted))
    await this.#side(plans)
    for (let boundary = counted + 1; boundary <= counted + extraBoundaries; boundary++) {
      const { kills } = await this.#trial(this.#boundaryPlan(shape, boundary, counted))
      if (kills === 0) break
    }
  }

  /** Dies at `count` boundaries of a shape drawn by the seed. */
  async sample(shape: Shape, count: number): Promise<void> {
    const counted = await this.count(shape)
    const draw = seeded(`${this.#options.seed} ${shape.name} sample`)
    const plans = Array.from({ length: count }, () =>
      this.#boundaryPlan(shape, 1 + Math.floor(draw() * counted), counted),
    )
    await this.#side(plans)
  }

  /** Kills from outside at moments drawn by the seed, up to four lives deep. */
  async random(shapes: Shape[], count: number): Promise<void> {
    const draw = seeded(`${this.#options.seed} random`)
    for (const shape of shapes) if (!this.#aliveMs.has(shape.name)) await this.count(shape)
    const plans = Array.from({ length: count }, (): TrialPlan => {
      const shape = shapes[Math.floor(draw() * shapes.length)]!.name
      const depth = 1 + Math.floor(draw() * deepest)
      const longest = this.#aliveMs.get(shape)!
      const deaths = Array.from(
        { length: depth },
        (): Death => ({ at: 'time', afterMs: Math.round(draw() * longest) }),
      )
      return { shape, deaths }
    })
    await this.#side(plans)
  }

  /** Runs one plan again, as a failure report gives it. */
  async again(plan: TrialPlan): Promise<TrialResult> {
    return this.#trial(plan)
  }

  #boundaryPlan(shape: Shape, boundary: number, counted: number): TrialPlan {
    const draw = seeded(`${this.#options.seed} ${shape.name} ${boundary}`)
    const deaths: Death[] = [{ at: 'boundary', boundary }]
    while (deaths.length < deepest && draw() < 0.25) {
      deaths.push({ at: 'boundary', boundary: 1 + Math.floor(draw() * counted) })
    }
    return { shape: shape.name, deaths }
  }

  async #side(plans: TrialPlan[]): Promise<void> {
    let next = 0
    const lane = async () => {
      while (next < plans.length) await this.#trial(plans[next++]!)
    }
    await Promise.all(Array.from({ length: this.#options.jobs }, lane))
  }

  async #trial(plan: TrialPlan): Promise<TrialResult> {
    const { onTrial, ...place } = this.#options
    const result = await runTrial(plan, { ...place, trial: `trial-${++this.#trials}` })
    const sum = this.#resultOf(plan.shape)
    sum.trials++
    sum.kills += result.kills
    sum.killsInRecovery += Math.max(0, result.kills - 1)
    if (result.violations.length > 0) {
      sum.failures.push(result)
      writeFileSync(
        join(result.folder, 'failure.json'),
        `${JSON.stringify({ ...result, seed: this.#options.seed }, null, 2)}\n`,
      )
    }
    onTrial(result)
    return result
  }

  #resultOf(shape: string): ShapeResult {
    let result = this.#results.get(shape)
    if (!result) {
      result = { shape, boundaries: 0, trials: 0, kills: 0, killsInRecovery: 0, failures: [] }
      this.#results.set(shape, result)
    }
    return result
  }
}

/** Numbers from 0 (included) to 1 (excluded) that depend on the text alone (FNV-1a, then mulberry32). */
export function seeded(text: string): () => number {
  let state = 0x811c9dc5
  for (const character of text) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
