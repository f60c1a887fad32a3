import { describe, expect, test } from 'vitest'
import { NotApplied } from '../../src/engine/calls/effect/definition.ts'
import { startUndo, type UndoOptions } from '../../src/runtime/undoing.ts'
import { type ApprovalOfRun, listPending } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { planUndo } from '../../src/tools/undo/undo-plan.ts'
import { undoWorkflow } from '../../src/tools/undo/undo-workflow.ts'
import { mortalEngine } from '../engine/harness.ts'
import { openShop, type Shop } from './shop.ts'

export type OpenUndo = (clock: FakeClock) => Promise<Database>

interface Bench {
  database: Database
  clock: FakeClock
  /** An engine beside those there are, driving; `die` ends it as a SIGKILL would. `over`: in place of the database. */
  engine(over?: Database): Promise<Desk>
}

interface Desk {
  start(items: string[]): Promise<string>
  plan(run: string, from?: number): ReturnType<typeof planUndo>
  undo(run: string, options?: Partial<UndoOptions>): ReturnType<typeof startUndo>
  result(run: string): Promise<unknown>
  decide(id: string, verdict: 'approve' | 'reject', note?: string): Promise<unknown>
  die(): Promise<void>
}

/** What `look` finds, once it finds something. */
async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error('It did not come within 20 s.')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function desk(
  { database, clock }: Omit<Bench, 'engine'>,
  shop: Shop,
): Promise<Desk & { stop(): Promise<void> }> {
  const findTool = (name: string) => shop.tools.get(name)
  const workflows = [...shop.workflows, undoWorkflow({ database, clock, findTool })]
  const { engine, die } = await mortalEngine(workflows, { database, clock })
  const parts = { database, clock, engine, findTool }
  let isDead = false
  return {
    start: async (items) => {
      const handle = await engine.startRun('spree', { items })
      await handle.result()
      return handle.id
    },
    plan: (run, from) => planUndo({ session: database, findTool, now: clock.now() }, run, from),
    undo: (run, options) => startUndo(parts, run, { by: 'ada', ...options }),
    result: async (run) => {
      const ended = await engine.resultOf(run)
      return 'output' in ended ? ended.output : ended
    },
    decide: (id, verdict, note) =>
      engine.control.decide(id, { verdict, by: 'ada', ...(note !== undefined && { note }) }),
    die: async () => {
      isDead = true
      await die()
    },
    stop: async () => {
      if (!isDead) await engine.stop()
    },
  }
}

/** What a run of the undo asks, once it asks. */
function asked(database: Database, but = ''): Promise<ApprovalOfRun> {
  return until(async () => (await listPending(database)).find(({ id }) => id !== but))
}

/** A database in which whoever first looks at a key waits until a second one does: both find it free. */
function twoLookingAtOnce(database: Database): { database: Database; readonly waiting: number } {
  const first = new Map<unknown, (() => void) | undefined>()
  let waiting = 0
  const get: Database['get'] = async (sql, parameters) => {
    const found = await database.get<never>(sql, parameters)
    if (!sql.includes('from business_keys where name = ? and value = ?')) return found
    const value = parameters?.[1]
    if (!first.has(value)) {
      waiting++
      await new Promise<void>((resolve) => first.set(value, resolve))
      waiting--
    } else {
      first.get(value)?.()
      first.set(value, undefined)
    }
    return found
  }
  const over = new Proxy(database, {
    get(target, name) {
      if (name === 'get') return get
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    database: over,
    get waiting() {
      return waiting
    },
  }
}

/** When the call that another has the key of looks again; the last one that said so. */
async function sharedUntil(database: Database): Promise<number> {
  const last = await database.get<{ payload: string }>(
    `select payload from events where type = 'effect-shared' order by id desc limit 1`,
  )
  return last === undefined ? 0 : (JSON.parse(last.payload) as { dueAt: number }).dueAt
}

/** What holds of undoing on any database. */
export function undoContract(name: string, open: OpenUndo): void {
  const undoCase = (title: string, shop: () => Shop, body: (bench: Bench, shop: Shop) => Promise<void>) =>
    test(title, async () => {
      const clock = new FakeClock()
      const database = await open(clock)
      const opened: { stop(): Promise<void> }[] = []
      const its = shop()
      try {
        const bench: Bench = {
          database,
          clock,
          engine: async (over = database) => {
            const made = await desk({ database: over, clock }, its)
            opened.push(made)
            return made
          },
        }
        await body(bench, its)
      } finally {
        for (const each of opened) await each.stop()
        await database.close()
      }
    })

  describe(name, () => {
    undoCase(
      'what a run and its children did is undone once, the last first',
      openShop,
      async (bench, shop) => {
        const engine = await bench.engine()
        const run = await engine.start(['a', 'child b', 'keep c', 'd'])
        const plan = await engine.plan(run)
        expect(plan.steps.map(({ tool, state, why, args }) => [tool, args, state, why])).toEqual([
          ['shop.buy', { item: 'd' }, 'open', null],
          ['shop.keep', { item: 'keep c' }, 'impossible', 'its tool declares no undo'],
          ['shop.buy', { item: 'child b' }, 'open', null],
          ['shop.buy', { item: 'a' }, 'open', null],
        ])
        const undo = await engine.undo(run, { plan: plan.hash })
        expect(await undo.result()).toMatchObject({ status: 'succeeded', output: { undone: 3, left: [] } })
        expect(shop.undone.map(({ item, order }) => [item, order])).toEqual([
          ['d', 'order of d'],
          ['child b', 'order of child b'],
          ['a', 'order of a'],
        ])
        const after = await engine.plan(run)
        expect(after.steps.map(({ state, byRunId }) => [state, byRunId])).toEqual([
          ['undone', undo.id],
          ['impossible', null],
          ['undone', undo.id],
          ['undone', undo.id],
        ])
        await expect(engine.undo(run)).rejects.toMatchObject({ code: 'cannot-undo' })
        await expect(engine.plan(undo.id)).rejects.toMatchObject({ code: 'cannot-undo' })
      },
    )

    undoCase(
      'what stands in the way of the run that did it stands in the way of its undo',
      openShop,
      async (bench, shop) => {
        const engine = await bench.engine()
        const run = await engine.start(['a'])
        const gated: unknown[] = []
        const buy = shop.tools.get('shop.buy')!
        // As an action of a connector that was in sandbox when the run began, and is live now.
        const ask = async (_host: unknown, of: { id: string }) => {
          gated.push(of.id)
          throw new NotApplied('nothing of that run reaches the real account')
        }
        const service = {
          connection: 'bank',
          account: () => 'main',
          mode: () => 'sandbox' as const,
          gate: () => ({ ask }),
          rate: () => undefined,
        }
        shop.tools.set('shop.buy', { ...buy, service })
        const undo = await engine.undo(run)
        const question = await asked(bench.database)
        await engine.decide(question.id, 'reject', 'it was a trial')
        expect(await undo.result()).toMatchObject({
          output: { undone: 0, left: [{ why: 'it was a trial' }] },
        })
        expect(gated).toEqual([run])
        expect(shop.undone).toEqual([])
      },
    )

    undoCase(
      'from a call on, with the runs that it and later calls started',
      openShop,
      async (bench, shop) => {
        const engine = await bench.engine()
        const run = await engine.start(['a', 'child b', 'c'])
        const whole = await engine.plan(run)
        const from = whole.steps.at(-1)!.call + 1
        expect((await engine.plan(run, from)).open).toBe(2)
        await engine.result((await engine.undo(run, { from })).id)
        expect(shop.undone.map(({ item }) => item)).toEqual(['c', 'child b'])
        await expect(engine.undo(run, { from: 0, plan: whole.hash })).rejects.toMatchObject({
          code: 'cannot-undo',
        })
        expect(shop.undone).toHaveLength(2)
      },
    )

    undoCase(
      'what is too late, or whose tool is gone, says so',
      () => openShop({ effect: 'idempotent', within: '10s' }),
      async ({ clock, engine: open }, shop) => {
        const engine = await open()
        const run = await engine.start(['a'])
        const [step] = (await engine.plan(run)).steps
        expect(step).toMatchObject({
          state: 'open',
          until: new Date(Date.parse(step!.at) + 10_000).toISOString(),
        })
        await clock.advance(10_001)
        expect((await engine.plan(run)).steps[0]).toMatchObject({
          state: 'impossible',
          why: expect.stringContaining('it could be undone until'),
        })
        shop.tools.delete('shop.buy')
        expect((await engine.plan(run)).steps[0]!.why).toContain('no tool of that name')
        await expect(engine.undo(run)).rejects.toMatchObject({ code: 'cannot-undo' })
        expect(shop.undone).toEqual([])
      },
    )

    const fails = new Map<string, number>()
    undoCase(
      'one that fails half-way is asked; what is done stays done, and the rest waits',
      () => {
        fails.clear()
        fails.set('b', 1).set('c', 99)
        return openShop({ effect: 'idempotent' }, (item) => {
          const left = fails.get(item) ?? 0
          fails.set(item, left - 1)
          if (left > 0) throw new NotApplied(`the shop is closed for ${item}`)
        })
      },
      async ({ database, engine: open }, shop) => {
        const engine = await open()
        const run = await engine.start(['a', 'b', 'c', 'd'])
        const { id } = await engine.undo(run)
        const first = await asked(database)
        expect(JSON.parse(first.shown)).toMatchObject({
          tool: 'shop.buy',
          problem: 'the shop is closed for c',
        })
        expect((await engine.plan(run)).steps.map(({ state }) => state)).toEqual([
          'undone',
          'open',
          'open',
          'open',
        ])
        await engine.decide(first.id, 'reject', 'c stays')
        const second = await asked(database, first.id)
        expect(JSON.parse(second.shown)).toMatchObject({ problem: 'the shop is closed for b' })
        await engine.decide(second.id, 'approve')
        expect(await engine.result(id)).toEqual({
          undone: 3,
          left: [{ run, call: expect.any(Number), tool: 'shop.buy', why: 'c stays' }],
        })
        expect(shop.undone.map(({ item }) => item)).toEqual(['d', 'b', 'a'])
        fails.clear()
        const rest = await engine.undo(run)
        expect(await engine.result(rest.id)).toEqual({ undone: 1, left: [] })
      },
    )

    undoCase(
      'two undos of one run at one moment undo each effect once',
      openShop,
      async ({ database, clock, engine: open }, shop) => {
        const looking = twoLookingAtOnce(database)
        const engine = await open(looking.database)
        const run = await engine.start(['a', 'b', 'c'])
        const undos = await Promise.all([engine.undo(run), engine.undo(run)])
        let ended = 0
        const both = Promise.all(undos.map(({ id }) => engine.result(id).finally(() => ended++)))
        // Whoever finds an effect taken looks again later. The time comes when nothing else acts: how fast the database
        // answers is nothing to the clock, by which leases and limits of time run out.
        const waits = () =>
          until(async () => {
            if (ended === 2) return 0
            if (looking.waiting === 0 && ended === 0) return undefined
            const waitsMs = (await sharedUntil(database)) - clock.now()
            return waitsMs > 0 ? waitsMs : undefined
          })
        while (ended < 2) await clock.advance(await waits())
        const reports = (await both) as { undone: number }[]
        expect(shop.undone.map(({ item }) => item)).toEqual(['c', 'b', 'a'])
        expect(reports.reduce((sum, { undone }) => sum + undone, 0)).toBe(3)
      },
    )

    let hangs = false
    let isHanging = false
    const hanging = (effect: 'idempotent' | 'once') => () => {
      hangs = true
      isHanging = false
      return openShop({ effect }, (item) => {
        if (item !== 'b' || !hangs) return
        isHanging = true
        return new Promise(() => {})
      })
    }
    undoCase(
      'it goes on after the process was killed in the midst of it, and sends nothing twice',
      hanging('idempotent'),
      async ({ engine: open }, shop) => {
        const first = await open()
        const run = await first.start(['a', 'b', 'c'])
        const { id } = await first.undo(run)
        await until(() => isHanging || undefined)
        await first.die()
        hangs = false
        const second = await open()
        expect(await second.result(id)).toEqual({ undone: 3, left: [] })
        expect(shop.undone.map(({ item }) => item)).toEqual(['c', 'b', 'a'])
        expect(new Set(shop.undone.map(({ key }) => key)).size).toBe(3)
      },
    )

    undoCase(
      'an undo of class once that a kill interrupts asks what happened, and is not sent again by itself',
      hanging('once'),
      async ({ database, engine: open }, shop) => {
        const first = await open()
        const run = await first.start(['a', 'b'])
        const { id } = await first.undo(run)
        await until(() => isHanging || undefined)
        await first.die()
        hangs = false
        const second = await open()
        const question = await asked(database)
        expect(question).toMatchObject({ kind: 'outcome', run_id: id })
        expect(shop.undone).toEqual([])
        expect((await second.plan(run)).steps[0]).toMatchObject({ state: 'undoing', byRunId: id })
      },
    )
  })
}
