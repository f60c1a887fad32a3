import { settle } from '../../../src/testing/fake-clock.ts'
import { seeded } from '../../crash/campaign.ts'
import { checkInvariants, type Violation } from '../../crash/checker.ts'
import { factsOf } from '../../crash/facts.ts'
import { type Life, Village } from '../simulation/village.ts'
import { type Answer, type Delivery, drawDeliveries, orderWorkflow } from './deliveries.ts'
import { judge } from './judge.ts'

const mostTurns = 2000

/** A flood of copies over two workers that may die, in simulated time. A copy that was not answered is sent again. */
export async function floodSimulated(seed: number): Promise<{ violations: Violation[]; deliveries: number }> {
  const random = seeded(`duplicates ${seed}`)
  const village = await Village.found(seed)
  try {
    const deliveries = drawDeliveries(random, 1 + Math.floor(random() * 4))
    const flood = new Flood(village, deliveries, random)
    const violations = await flood.run()
    return { violations: [...village.violations, ...violations], deliveries: deliveries.length }
  } finally {
    for (const { link } of village.lives) link.die()
    await settle()
    await village.database.close()
  }
}

class Flood {
  readonly #village: Village
  readonly #deliveries: Delivery[]
  readonly #random: () => number
  readonly #runs = new Map<string, string>()
  readonly #answers: Answer[] = []
  #waiting: Delivery[]
  #underWay: { life: Life; delivery: Delivery }[] = []
  #deaths: number

  constructor(village: Village, deliveries: Delivery[], random: () => number) {
    this.#village = village
    this.#deliveries = deliveries
    this.#random = random
    this.#waiting = [...deliveries]
    this.#deaths = Math.floor(random() * 4)
  }

  async run(): Promise<Violation[]> {
    const deaths = this.#deaths
    const pace = 1 + Math.floor(this.#random() ** 2 * 40)
    for (let turn = 0; turn < mostTurns; turn++) {
      this.#keepWorkers()
      this.#deliver(Math.floor(this.#random() * (pace + 1)))
      await this.#village.pass()
      if (this.#answers.length === this.#deliveries.length && (await this.#isOver())) break
    }
    const { database, receiver } = this.#village
    const facts = await factsOf(database, receiver.heard)
    const shape = {
      name: 'duplicates',
      starts: [],
      workflows: (outside: Parameters<typeof orderWorkflow>[0]) => [orderWorkflow(outside)] as never,
    }
    const found = judge(facts, this.#deliveries, this.#answers, deaths)
    const wrong = found.map((what) => ({ invariant: 'I2' as const, what }))
    return [...wrong, ...(await checkInvariants(shape, database, facts))]
  }

  #keepWorkers(): void {
    while (this.#village.alive.length < 2) {
      const dies = this.#deaths > 0
      if (dies) this.#deaths--
      const dieAt = dies ? 1 + Math.floor(Math.exp(this.#random() * 5)) : 0
      this.#village.begin((outside) => [orderWorkflow(outside)], dieAt)
    }
  }

  #deliver(count: number): void {
    const lost = this.#underWay.filter(({ life }) => life.link.dead)
    this.#underWay = this.#underWay.filter(({ life }) => !life.link.dead)
    this.#waiting.push(...lost.map(({ delivery }) => delivery))
    const later: Delivery[] = []
    for (const delivery of this.#waiting.splice(0, count)) {
      const { alive } = this.#village
      const life = alive[Math.floor(this.#random() * alive.length)]!
      const run = this.#runs.get(delivery.order)
      // Who pays knows the order.
      if ('payment' in delivery && run === undefined) later.push(delivery)
      else this.#send(life, delivery, run)
    }
    this.#waiting.push(...later)
  }

  #send(life: Life, delivery: Delivery, run: string | undefined): void {
    const entry = { life, delivery }
    this.#underWay.push(entry)
    this.#village.act(life, async () => {
      const answer = await this.#ask(life, delivery, run)
      this.#underWay = this.#underWay.filter((one) => one !== entry)
      this.#runs.set(delivery.order, answer.run)
      this.#answers.push(answer)
    })
  }

  async #ask({ engine }: Life, delivery: Delivery, run: string | undefined): Promise<Answer> {
    if ('payment' in delivery) {
      const { payment } = delivery
      const isNew = await engine.control.signal(run!, 'paid', payment, { id: payment })
      return { delivery, run: run!, isNew }
    }
    const { id, isNew } = await engine.startRun('order', delivery.input, { idempotencyKey: delivery.order })
    return { delivery, run: id, isNew }
  }

  async #isOver(): Promise<boolean> {
    const row = await this.#village.database.get<{ going: number }>(
      'select count(*) as going from runs where ended_at is null',
    )
    return row!.going === 0
  }
}
