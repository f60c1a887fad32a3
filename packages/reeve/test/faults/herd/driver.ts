import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../../src/base/time/time.ts'
import type { Effect } from '../../../src/engine/calls/effect/definition.ts'
import { effect } from '../../../src/engine/calls/effect/effect.ts'
import { CoreContext } from '../../../src/engine/context.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { openEngine } from '../../crash/engine.ts'
import { crashWorkflow } from '../../crash/shapes/shape.ts'
import type { HerdLife } from './life.ts'

const life = JSON.parse(process.argv[2]!) as HerdLife

/** The first life lives hours ago, so that everything is due by the time of the others. */
const clock: Clock = {
  now: () => Date.now() - life.agoMs,
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}

const sleeper = crashWorkflow('sleeper', async (ctx) => {
  await ctx.sleep('1h')
  return ctx.step('woken', () => 1)
})

/** Each call tells when it began: how long it took to arrive is no matter of the rate. */
const call: Effect = {
  name: 'call',
  effect: 'idempotent',
  rate: { name: 'tool:call', key: '', ...life.rate },
  run: async () => (await fetch(`${life.provider}?at=${Date.now()}`)).status,
}

const caller = crashWorkflow('caller', (ctx) => effect(CoreContext.callSiteOf(ctx), call, null))

async function live(): Promise<void> {
  const database = openSqlite({ file: join(life.folder, 'reeve.db'), clock })
  const engine = await openEngine(database, clock, [sleeper, caller])
  process.stdout.write(`${Date.now()}\n`)
  await engine.start()
  const starting: Promise<unknown>[] = []
  for (let index = 0; index < life.sleepers; index++) starting.push(engine.startRun('sleeper', index))
  for (let index = 0; index < life.callers; index++)
    starting.push(engine.startRun('caller', index, { delay: '1h' }))
  await Promise.all(starting)
  const left =
    life.sleepers > 0
      ? `select no from runs where status = 'running' or workflow = 'sleeper' and status <> 'waiting' limit 1`
      : `select no from runs where ended_at is null limit 1`
  while ((await database.get(left)) !== undefined) await pause(20)
  await engine.stop()
  process.exit(0)
}

await live()
