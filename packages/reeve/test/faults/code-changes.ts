import { readEvents } from '../../src/store/journal/journal.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { settle } from '../../src/testing/fake-clock.ts'
import { seeded } from '../crash/campaign.ts'
import { checkInvariants, type Violation } from '../crash/checker.ts'
import { type Facts, factsOf } from '../crash/facts.ts'
import { type Change, change } from './code-changes/mutate.ts'
import { People, workflowsOf } from './code-changes/people.ts'
import { type Code, Drawing } from './code-changes/program.ts'
import { readWith } from './code-changes/reading.ts'
import type { Fault } from './fault.ts'
import { type Life, Village } from './simulation/village.ts'

/** Workflows whose code is changed under their runs. */
export const codeChanges: Fault = {
  name: 'code-changes',
  injects: 'a workflow changed under its runs, old and new workers mixed, deaths, the old code brought back',
  invariants: 'goes on rightly, or stuck with a diff; I1–I7',
  trials: 2000,
  trial: (seed) => changeCode(seed),
}

async function changeCode(seed: number): Promise<Violation[]> {
  const random = seeded(`code changes ${seed}`)
  const drawing = new Drawing(random)
  const parts = drawing.parts(2 + drawing.below(5), 2)
  const old: Code = { tag: 'old', version: '1', parts, smallestInput: 0, attempts: 4 }
  const made = change(old, drawing)
  const village = await Village.found(seed)
  try {
    const trial = new CodeChange(village, drawing, old, made, random)
    return (await trial.run()).map(({ invariant, what }) => ({ invariant, what: `${what} [${made.name}]` }))
  } finally {
    for (const { link } of village.lives) link.die()
    await settle()
    await village.database.close()
  }
}

class CodeChange {
  readonly #village: Village
  readonly #drawing: Drawing
  readonly #old: Code
  readonly #made: Change
  readonly #codes: Code[]
  readonly #people: People
  readonly #codesOf = new Map<Life, Code[]>()
  #deaths = 2

  constructor(village: Village, drawing: Drawing, old: Code, made: Change, random: () => number) {
    this.#village = village
    this.#drawing = drawing
    this.#old = old
    this.#made = made
    this.#codes = [old, made.code]
    this.#people = new People(village, this.#codes, random)
  }

  async run(): Promise<Violation[]> {
    const runs = 1 + this.#drawing.below(4)
    const early = 1 + this.#drawing.below(runs)
    await this.#underOldCode(early)
    await this.#underNewCode(runs)
    const wrong = [...this.#village.violations, ...(await this.#judge())]
    if (wrong.length > 0) return wrong
    await this.#mend()
    return [...this.#village.violations, ...(await this.#judgeMended())]
  }

  async #underOldCode(runs: number): Promise<void> {
    const drawing = this.#drawing
    const first = this.#begin([this.#old], this.#death())
    this.#people.start(first, runs)
    await this.#people.work(drawing.below(30))
    if (first.link.dead && drawing.chance(0.5)) {
      const second = this.#begin([this.#old])
      this.#people.start(second, runs)
      await this.#people.work(drawing.below(10))
    }
    for (const life of this.#village.alive)
      if (drawing.chance(0.8)) await this.#village.end(life, drawing.chance(0.5))
  }

  /** Workers come and go; in the end there is one at least. */
  async #underNewCode(runs: number): Promise<void> {
    const drawing = this.#drawing
    const village = this.#village
    const newest = this.#begin(this.#codesNow(), this.#death())
    this.#people.start(newest, runs)
    const mixes = drawing.chance(0.4)
    await this.#people.workUntilRest(async (turn) => {
      if (village.alive.length === 0) this.#begin(this.#codesNow())
      if (!mixes || turn > 60 || !drawing.chance(0.1)) return
      if (village.alive.length > 1) await village.end(drawing.pick(village.alive), drawing.chance(0.5))
      else this.#begin(drawing.chance(0.5) ? [this.#old] : this.#codesNow(), this.#death())
    })
  }

  #begin(codes: Code[], dieAt = 0): Life {
    const life = this.#village.begin((outside) => workflowsOf(codes, outside), dieAt)
    this.#codesOf.set(life, codes)
    return life
  }

  #codesNow(): Code[] {
    return this.#made.keepsOld ? this.#codes : [this.#made.code]
  }

  #death(): number {
    if (this.#deaths === 0 || !this.#drawing.chance(0.6)) return 0
    this.#deaths--
    return 1 + this.#drawing.below(40)
  }

  /** Every run has ended as the code says that ended it, or is stuck for a reason that is one. */
  async #judge(): Promise<Violation[]> {
    const runs = await this.#programs()
    const problems: string[] = []
    for (const run of runs) problems.push(...(await this.#problemsOf(run)))
    return problems.map((what) => ({ invariant: 'shape', what }))
  }

  #problemsOf(run: RunRow): Promise<string[]> | string[] {
    if (run.status === 'stuck') return this.#unjust(run)
    if (run.status !== 'queued') return this.#wrong(run)
    const lacking = [...this.#codesOf.values()].some(
      (codes) => !codes.some(({ version }) => version === run.version),
    )
    return lacking ? [] : [`run ${run.id} waits for a version that all have`]
  }

  #programs(): Promise<RunRow[]> {
    return this.#village.database.all<RunRow>(`select * from runs where workflow = 'program' order by no`)
  }

  async #wrong(run: RunRow): Promise<string[]> {
    if (run.status !== 'succeeded') return [`run ${run.id} is ${run.status}: ${run.reason}`]
    const code = await this.#ender(run)
    if (code) return []
    const events = await readEvents(this.#village.database, run.no)
    const readings = this.#codes.map((one) => JSON.stringify(readWith(one, events)))
    const journal = events.map(({ type, step, name }) => `${type} ${step ?? ''} ${name ?? ''}`).join(', ')
    return [
      `run ${run.id} gave ${events.at(-1)?.payload}; its journal (${journal}) reads ${readings.join(' and ')}`,
    ]
  }

  /** The code whose reading of the whole journal gives the run's output. */
  async #ender(run: RunRow): Promise<Code | undefined> {
    const events = await readEvents(this.#village.database, run.no)
    const output = events.at(-1)?.payload ?? null
    return this.#codes.find((code) => {
      if (code.version !== run.version) return false
      const reading = readWith(code, events)
      return reading.fits && JSON.stringify(reading.output) === output
    })
  }

  async #unjust(run: RunRow): Promise<string[]> {
    const reason = run.reason ?? ''
    const events = await readEvents(this.#village.database, run.no)
    const input = inputOf(events)
    const own = this.#codes.filter(({ version }) => version === run.version)
    if (reason.startsWith('The input that the run was started with no longer fits')) {
      const narrowed = own.some(({ smallestInput }) => smallestInput > input)
      return narrowed ? [] : [`run ${run.id} is stuck for its input ${input}, which fits`]
    }
    const at = Number(/at call (\d+):/.exec(reason)?.[1] ?? 0)
    const readings = own.map((code) => readWith(code, events))
    const just = readings.some(
      (reading) =>
        !reading.fits &&
        reading.at === at &&
        reason.includes(`${reading.journal.kind} "${reading.journal.name}"`),
    )
    return just
      ? []
      : [`run ${run.id} is stuck: ${reason}; but its journal reads ${JSON.stringify(readings)}`]
  }

  /** Brings back the code that each stuck run's journal was written by. */
  async #mend(): Promise<void> {
    const village = this.#village
    for (const code of this.#codes) {
      for (const life of village.alive) await village.end(life, false)
      const fitting = await this.#stuckFitting(code)
      if (fitting.length === 0) continue
      const life = this.#begin(
        this.#made.keepsOld || code.version !== this.#old.version ? this.#codes : [code],
      )
      this.#people.retry(life, fitting)
      await this.#people.work(3)
      await this.#people.workUntilRest()
    }
  }

  async #stuckFitting(code: Code): Promise<string[]> {
    const fitting: string[] = []
    for (const run of await this.#programs()) {
      if (run.ended_at !== null || run.version !== code.version) continue
      const events = await readEvents(this.#village.database, run.no)
      if (readWith(code, events).fits && inputOf(events) >= code.smallestInput) fitting.push(run.id)
    }
    return fitting
  }

  async #judgeMended(): Promise<Violation[]> {
    const enders = new Map<string, Code>()
    const problems: string[] = []
    for (const run of await this.#programs()) {
      problems.push(...(await this.#wrong(run)))
      const code = await this.#ender(run)
      if (code) enders.set(run.id, code)
    }
    const { database, receiver } = this.#village
    const facts = await factsOf(database, receiver.heard)
    const found = await checkInvariants(
      {
        name: 'code-changes',
        starts: [],
        workflows: (outside) =>
          workflowsOf(this.#registered(), outside, (code, run) => enders.get(run) ?? code) as never,
      },
      database,
      facts,
    )
    const strange = effectsAsIntended(facts)
    return [...found, ...[...problems, ...strange].map((what) => ({ invariant: 'shape' as const, what }))]
  }

  /** One code for each version, for the replay, which takes any input. */
  #registered(): Code[] {
    const all = this.#codes.map((code) => ({ ...code, smallestInput: 0 }))
    return all[0]!.version === all[1]!.version ? [all[0]!] : all
  }
}

function inputOf(events: { payload: string | null }[]): number {
  return (JSON.parse(events[0]?.payload ?? '{}') as { input: number }).input
}

/** What was received is what the journal has under that key. */
function effectsAsIntended(facts: Facts): string[] {
  const intents = new Map<string, string>()
  for (const run of facts.runs) {
    for (const { type, name, payload } of facts.eventsOf(run)) {
      if (type !== 'effect-intended') continue
      const { key, args } = JSON.parse(payload!) as { key: string; args: unknown }
      intents.set(key, JSON.stringify({ name, args }))
    }
  }
  return facts
    .heardOf('effect')
    .filter(
      ({ key, tool, args }) => intents.has(key) && intents.get(key) !== JSON.stringify({ name: tool, args }),
    )
    .map(({ key, tool }) => `${tool} (${key}) was received otherwise than it was intended`)
}
