import { setTimeout as pause } from 'node:timers/promises'
import { ReeveError } from '../../../src/base/errors.ts'
import type { Json } from '../../../src/base/json/json.ts'
import { systemClock } from '../../../src/base/time/time.ts'
import { effect } from '../../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { defineWorkflow } from '../../../src/engine/workflow.ts'
import type { RunRow } from '../../../src/store/runs/runs.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { openEngine } from '../../crash/engine.ts'
import { crashWorkflow } from '../../crash/shapes/shape.ts'
import type { OversizeLife, OversizeReport, Size } from './life.ts'

const life = JSON.parse(process.argv[2]!) as OversizeLife
const mebi = 1024 * 1024

const makers: Record<Size, () => Json> = {
  long: () => 'x'.repeat(17 * mebi),
  list: () => Array.from({ length: 2 * mebi }, (_, index) => index * 1e9),
  deep() {
    let value: Json = 1
    for (let depth = 0; depth < 100_000; depth++) value = depth % 2 ? [value] : { a: value }
    return value
  },
  shared() {
    let value: Json = ['x']
    for (let depth = 0; depth < 60; depth++) value = [value, value]
    return value
  },
  heavy() {
    const text = 'x'.repeat(8 * mebi)
    return Array.from({ length: 100 }, () => text)
  },
}

const large = crashWorkflow('large', async (ctx) => {
  const sizes: number[] = []
  for (const name of ['a', 'b', 'c']) {
    const text = (await ctx.step(name, async () => 'y'.repeat(mebi))) as string
    sizes.push(text.length)
  }
  return sizes.reduce((sum, size) => sum + size, 0)
})

const inner = crashWorkflow('inner', async () => null)

const oversized = defineWorkflow({
  name: 'oversized',
  input: {
    '~standard': { version: 1 as const, vendor: 'oversize', validate: (value: unknown) => ({ value }) },
  },
  run: async (ctx: CoreContext) => {
    const make = makers[life.size]
    const act = (args: Json, result: () => Json) =>
      effect(CoreContext.callSiteOf(ctx), { name: 'tool', effect: 'idempotent', run: result }, args)
    switch (life.place) {
      case 'step':
        return void (await ctx.step('large', make))
      case 'output':
        return make()
      case 'effect-args':
        return void (await act(make(), () => 1))
      case 'effect-result':
        return (await act(1, make)) as Json
      case 'signal':
        return void (await ctx.waitFor('large', { timeout: '3s' }))
      case 'child-input':
        return void (await ctx.start('inner', make()))
      case 'log':
        return ctx.log('large', make())
      case 'error':
        throw new ReeveError('large', 'z'.repeat(40 * mebi))
      case 'steps':
        for (let index = 0; ; index++) await ctx.step(`step ${index}`, () => index)
    }
  },
})

async function live(): Promise<void> {
  const database = openSqlite({ file: life.file, clock: systemClock })
  const engine = await openEngine(database, systemClock, [large, inner, oversized], { capacity: 8 })
  await engine.start()
  const starting: Promise<unknown>[] = []
  for (let index = 0; index < life.good; index++)
    starting.push(engine.startRun('large', index, { idempotencyKey: `${index}` }))
  const refused = await startOversized(engine)
  await Promise.all(starting)
  while (await isBusy(engine)) await pause(10)
  const runs = await engine.database.all<RunRow>('select * from runs')
  const run = runs.find((one) => one.workflow === 'oversized')
  const report: OversizeReport = {
    outcome: refused ? 'refused' : (run?.status ?? 'absent'),
    why: refused ?? run?.reason ?? (await lastWords(engine, run)),
    good: runs.filter((one) => one.workflow === 'large' && one.status === 'succeeded').length,
  }
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
}

/** Answers what the client was told when its own request was refused. */
async function startOversized(engine: Engine): Promise<string | undefined> {
  try {
    const input = life.place === 'input' ? makers[life.size]() : 1
    const handle = await engine.startRun('oversized', input, { idempotencyKey: 'oversized' })
    if (life.place === 'signal') await engine.control.signal(handle.id, 'large', makers[life.size]())
    return undefined
  } catch (error) {
    return `${error instanceof ReeveError ? error.code : 'raw'}: ${(error as Error).message}`
  }
}

async function isBusy(engine: Engine): Promise<boolean> {
  const sql = `select no from runs where ended_at is null and status <> 'stuck' limit 1`
  return (await engine.database.get(sql)) !== undefined
}

async function lastWords(engine: Engine, run: RunRow | undefined): Promise<string> {
  const sql =
    'select coalesce(e.payload, b.content) as payload from events e left join blobs b on b.hash = e.blob'
  const last = await engine.database.get<{ payload: string | null }>(
    `${sql} where e.run = ? order by e.seq desc limit 1`,
    [run?.no ?? 0],
  )
  return last?.payload?.slice(0, 1000) ?? ''
}

await live()
