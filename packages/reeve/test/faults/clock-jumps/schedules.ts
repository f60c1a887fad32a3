import { silentLog } from '../../../src/base/log.ts'
import { installSchedules, type ScheduleDefinition } from '../../../src/engine/starting/schedule.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import type { Occurrence } from '../../../src/store/dispatch/schedules.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { seeded } from '../../crash/campaign.ts'
import type { Violation } from '../../crash/checker.ts'
import { anything } from '../../crash/shapes/shape.ts'
import { type Life, Village } from '../simulation/village.ts'
import { Clocks, drawJump } from './clocks.ts'
import { cronOf, nominalTimes, type Pattern, transitionsOf } from './local-times.ts'

/** Clocks there are set by an hour or half an hour, at two, three or midnight, north and south of the equator. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Pacific/Chatham',
  'Asia/Beirut',
  'Africa/Cairo',
  'Asia/Kathmandu',
]
const hourMs = 3_600_000
const strides = [1000, 59_000, 61_000, 600_000, hourMs, 3 * hourMs]

const job = defineWorkflow({ name: 'job', input: anything, run: () => 'done' }) as Workflow

/** A schedule lives through a change of its zone's clocks, on workers whose own clocks are set meanwhile. */
export async function jumpOverSchedules(seed: number): Promise<Violation[]> {
  const random = seeded(`schedules ${seed}`)
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!
  const zone = pick(zones)
  const year = 2024 + Math.floor(random() * 6)
  const change = pick([...transitionsOf(zone, year), Date.UTC(year, 2, 1)].slice(0, 2))
  let clocks!: Clocks
  const village = await Village.found(seed, (time) => {
    clocks = new Clocks(random() < 0.5 ? 'own' : 'server', time)
    return { now: () => clocks.storeNow(), after: (ms, call) => time.after(ms, call) }
  })
  try {
    village.time.jump(change - Math.floor(random() * 30 * hourMs))
    const catchUp = pick<NonNullable<ScheduleDefinition['catchUp']>>([
      { all: 5000 },
      { all: 5000 },
      'latest',
      'skip',
    ])
    const pattern = drawPattern(random)
    const definition: ScheduleDefinition = { workflow: 'job', cron: cronOf(pattern), zone, catchUp }
    return await new Calendar(village, clocks, random, pattern, definition).run()
  } finally {
    for (const { link } of village.lives) link.die()
    await settle()
    await village.database.close()
  }
}

function drawPattern(random: () => number): Pattern {
  const below = (count: number) => Math.floor(random() * count)
  const minute = below(4) * 15 + (random() < 0.3 ? below(15) : 0)
  const kind = below(6)
  if (kind === 0) return { every: [10, 15, 20, 30][below(4)]! }
  if (kind === 1) return { minute }
  return { hour: kind < 5 ? below(5) : below(24), minute, weekday: kind === 2 ? below(7) : undefined }
}

class Calendar {
  readonly #village: Village
  readonly #clocks: Clocks
  readonly #random: () => number
  readonly #pattern: Pattern
  readonly #definition: ScheduleDefinition

  constructor(
    village: Village,
    clocks: Clocks,
    random: () => number,
    pattern: Pattern,
    definition: ScheduleDefinition,
  ) {
    this.#village = village
    this.#clocks = clocks
    this.#random = random
    this.#pattern = pattern
    this.#definition = definition
  }

  async run(): Promise<Violation[]> {
    const { time, database } = this.#village
    const begun = time.now()
    await installSchedules(database, { clock: time, log: silentLog }, { job: this.#definition })
    this.#begin()
    this.#begin()
    let latest = begun
    for (const end = begun + 72 * hourMs; time.now() < end; ) {
      if (this.#random() < 0.1) this.#jump()
      if (this.#random() < 0.03) await this.#village.end(this.#village.alive[0]!, this.#random() < 0.5)
      while (this.#village.alive.length < 2) this.#begin()
      time.jump(time.now() + strides[Math.floor(this.#random() * strides.length)]! * (0.5 + this.#random()))
      latest = Math.max(latest, this.#clocks.latest)
      await this.#look()
    }
    // What a clock that was ahead has done already is not done again when the time comes.
    this.#clocks.setAll(0)
    time.jump(Math.max(time.now(), latest) + hourMs)
    await time.advance(4000)
    await this.#look()
    await this.#look()
    const problems = await this.#judge(begun)
    return [...this.#village.violations, ...problems.map((what) => ({ invariant: 'shape' as const, what }))]
  }

  #begin(): Life {
    const number = this.#clocks.add(0)
    return this.#village.begin(() => [job], 0, {
      database: this.#clocks.databaseOf(number, this.#village.database),
      clock: this.#clocks.clockOf(number),
    })
  }

  #jump(): void {
    const which = Math.floor(this.#random() * this.#clocks.count)
    this.#clocks.set(which, this.#random() < 0.5 ? 0 : drawJump(this.#random))
  }

  /** All workers look for work at one moment. */
  async #look(): Promise<void> {
    // Time was moved at one stroke: what is asked now and then is asked first.
    await this.#village.time.advance(100)
    for (const life of this.#village.alive) this.#village.act(life, () => life.engine.worker.tick())
    await settle()
  }

  async #judge(begun: number): Promise<string[]> {
    const { database, time } = this.#village
    const rows = await database.all<Occurrence>('select * from occurrences order by nominal')
    const runs = await database.all<{ id: string; idempotency: string; status: string }>('select * from runs')
    const right = nominalTimes(this.#pattern, this.#definition.zone!, begun, time.now())
    const where = `${this.#definition.cron} in ${this.#definition.zone}, catch-up ${JSON.stringify(this.#definition.catchUp)}`
    const say = (what: string, times: number[]) =>
      times.length === 0
        ? []
        : [`${where}: ${what} ${times.map((at) => new Date(at).toISOString()).join(', ')}`]
    const known = new Set(rows.map(({ nominal }) => nominal))
    const started = rows.filter(({ outcome }) => outcome === 'started')
    const problems = [
      ...say(
        'nothing became of',
        right.filter((at) => !known.has(at)),
      ),
      ...say(
        'there is no such time as',
        [...known].filter((at) => !right.includes(at)),
      ),
    ]
    if (typeof this.#definition.catchUp === 'object') {
      const skipped = rows.filter(({ outcome }) => outcome === 'skipped')
      problems.push(
        ...say(
          'these were skipped:',
          skipped.map(({ nominal }) => nominal),
        ),
      )
    }
    const unexplained = rows.filter(({ outcome, reason }) => outcome === 'skipped' && !reason)
    problems.push(
      ...say(
        'these were skipped without a reason:',
        unexplained.map(({ nominal }) => nominal),
      ),
    )
    for (const { nominal, run } of started) {
      const own = runs.filter(({ idempotency }) => idempotency === `reeve:schedule:job:${nominal}`)
      if (own.length !== 1 || own[0]!.id !== run || own[0]!.status !== 'succeeded')
        problems.push(...say(`${own.length} runs, ${own[0]?.status}, for`, [nominal]))
    }
    if (runs.length !== started.length) problems.push(`${runs.length} runs for ${started.length} starts`)
    const early = this.#clocks.claimed.filter(
      ({ what, of, storeNow, excused }) =>
        what === 'occurrence' && !excused && Number(of.split(' ')[1]) > storeNow,
    )
    return [
      ...problems,
      ...say(
        'started too early:',
        early.map(({ of }) => Number(of.split(' ')[1])),
      ),
    ]
  }
}
