import type { Json } from '../../../src/base/json/json.ts'
import type { CoreContext } from '../../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../../src/engine/workflow.ts'
import { settle } from '../../../src/testing/fake-clock.ts'
import { seeded } from '../../crash/campaign.ts'
import { checkInvariants, type Violation } from '../../crash/checker.ts'
import { type Facts, factsOf, payloadOf } from '../../crash/facts.ts'
import type { Outside } from '../../crash/outside.ts'
import { anything, type Shape, witness } from '../../crash/shapes/shape.ts'
import { type Life, Village } from '../simulation/village.ts'
import { Clocks, drawJump, type Rule } from './clocks.ts'

type Nap = { sleep: number } | { until: number } | { wait: number } | { effect: string } | { all: number[] }

const dayMs = 86_400_000
/** So soon after its time has come by the clock, whatever the clock did, a timer has to have fired (ms). */
const promptMs = 30_000
const retry = { attempts: 4, delay: '2s' } as const

function nappers(outside: Outside): Workflow[] {
  const { call } = witness(outside)
  return [
    defineWorkflow({
      name: 'naps',
      input: anything,
      async run(ctx: CoreContext, input) {
        for (const nap of input as unknown as Nap[]) {
          if ('sleep' in nap) await ctx.sleep(nap.sleep)
          else if ('until' in nap) await ctx.sleep(new Date(nap.until))
          else if ('wait' in nap) await ctx.waitFor('nothing', { timeout: nap.wait })
          else if ('all' in nap) await ctx.all(nap.all.map((ms) => ctx.sleep(ms)))
          else await call(ctx, nap.effect, {}, { effect: 'idempotent', manner: 'refuse-first', retry })
        }
        return 'rested'
      },
    }) as Workflow,
  ]
}

function drawNaps(random: () => number, now: number): Nap[] {
  const length = () => Math.ceil(10 * ((2 * dayMs) / 10) ** random())
  return Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index): Nap => {
    const kind = Math.floor(random() * 5)
    if (kind === 0) return { sleep: length() }
    if (kind === 1) return { until: now + length() }
    if (kind === 2) return { wait: length() }
    if (kind === 3) return { all: [length(), length()] }
    return { effect: `effect-${index}` }
  })
}

/** Runs that wait for times, on workers whose clocks are wrong and are set. */
export async function jumpOverTimers(seed: number): Promise<Violation[]> {
  const random = seeded(`clock jumps ${seed}`)
  const rule: Rule = random() < 0.5 ? 'own' : 'server'
  let clocks!: Clocks
  const village = await Village.found(seed, (time) => {
    clocks = new Clocks(rule, time)
    return { now: () => clocks.storeNow(), after: (ms, call) => time.after(ms, call) }
  })
  try {
    return await new Jumps(village, clocks, random).run()
  } finally {
    for (const { link } of village.lives) link.die()
    await settle()
    await village.database.close()
  }
}

class Jumps {
  readonly #village: Village
  readonly #clocks: Clocks
  readonly #random: () => number

  constructor(village: Village, clocks: Clocks, random: () => number) {
    this.#village = village
    this.#clocks = clocks
    this.#random = random
  }

  async run(): Promise<Violation[]> {
    const { database, violations, receiver } = this.#village
    const lives = [this.#begin(), this.#begin()]
    this.#start(lives[0]!)
    for (let left = Math.floor(this.#random() * 30); left > 0; left--) {
      if (this.#random() < 0.2) this.#jump()
      await this.#village.pass()
    }
    await this.#bringAllDue()
    const facts = await factsOf(database, receiver.heard)
    const shape: Shape = { name: 'naps', starts: [], workflows: (outside) => nappers(outside) as never }
    const early = earlyTimers(facts, this.#clocks).map((what) => ({ invariant: 'shape' as const, what }))
    return [...violations, ...early, ...(await checkInvariants(shape, database, facts))]
  }

  /** Half of the processes have a clock that is wrong from the beginning. */
  #begin(): Life {
    const number = this.#clocks.add(this.#random() < 0.5 ? drawJump(this.#random) : 0)
    const dieAt = this.#random() < 0.2 ? 1 + Math.floor(this.#random() * 60) : 0
    return this.#village.begin(nappers, dieAt, {
      database: this.#clocks.databaseOf(number, this.#village.database),
      clock: this.#clocks.clockOf(number),
    })
  }

  #start(life: Life): void {
    const now = this.#village.time.now()
    const runs = Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => drawNaps(this.#random, now))
    this.#village.act(life, async () => {
      for (const [index, naps] of runs.entries())
        await life.engine.startRun('naps', naps as unknown as Json, { idempotencyKey: `naps-${index}` })
    })
  }

  /** One clock is set: wrong, wronger or right. */
  #jump(): void {
    const which = Math.floor(this.#random() * this.#clocks.count)
    const right = this.#random() < 0.3
    this.#clocks.set(which, right ? 0 : this.#clocks.shiftOf(which) + drawJump(this.#random))
  }

  /**
   * All clocks agree and are set forward beyond what anybody waits for, as often as the longest run can begin to wait:
   * each time what is due has to be done soon after.
   */
  async #bringAllDue(): Promise<void> {
    const { time, database, violations } = this.#village
    for (let round = 0; round < 5; round++) {
      this.#clocks.setAll(this.#clocks.latest - time.now() + 2 * dayMs + 1000)
      if (this.#village.alive.length === 0) this.#begin()
      for (let waited = 0; waited < promptMs; waited += 5000) {
        await time.advance(5000)
        if (this.#village.alive.length === 0) this.#begin()
        const going = await database.get<{ count: number }>(
          'select count(*) as count from runs where ended_at is null',
        )
        if (going!.count === 0) return
      }
    }
    const late = await database.all<{
      id: string
      status: string
      wake_at: number | null
      reason: string | null
    }>('select id, status, wake_at, reason from runs where ended_at is null')
    const now = this.#clocks.storeNow()
    const states = late.map((run) => `${run.id} ${run.status} ${run.reason} ${(run.wake_at ?? 0) - now}`)
    violations.push({
      invariant: 'I4',
      what: `these wait on, though their time has come: ${states.join(', ')}`,
    })
  }
}

/** Timers that fired before their time by the clock that ruled when they were recorded. */
function earlyTimers(facts: Facts, clocks: Clocks): string[] {
  return clocks.claimed.flatMap(({ what, of, storeNow, excused }) => {
    const [no, step] = of.split(' ').map(Number)
    const run = facts.runs.find((one) => one.no === no)
    if (what !== 'timer' || !run || excused) return []
    const set = facts.eventsOf(run).find((event) => event.step === step && event.payload?.includes('dueAt'))
    const { dueAt } = payloadOf(set) as { dueAt: number }
    return storeNow >= dueAt ? [] : [`call ${step} of run ${run.id} fired ${dueAt - storeNow} ms early`]
  })
}
