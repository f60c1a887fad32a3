import { setTimeout as pause } from 'node:timers/promises'
import { createIds } from '../../src/base/ids.ts'
import { silentLog } from '../../src/base/log.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { identityOf, migrate } from '../../src/store/migrations.ts'
import { openDatabase } from '../../src/store/open.ts'
import { scaledClock } from './clock.ts'
import { Failpoints, withFailpoints } from './failpoints.ts'
import { ShapeOperator } from './operator.ts'
import { connectOutside, type Outside } from './outside.ts'
import { shapeNamed } from './shapes/index.ts'
import type { StorePlace } from './stores.ts'

/** What a life of a victim is told. */
export interface Life {
  store: StorePlace
  trial: string
  shape: string
  port: number
  /** 1 for the first life on a database. */
  life: number
  /** The boundary to die at; 0 for none. */
  killAt: number
  /** Where the victims' fast clock began (ms). */
  originMs: number
  /** A life that lasts longer says so and gives up (ms). */
  boundMs: number
}

export const exitCodes = { done: 0, outOfTime: 3, fatal: 4 } as const

/**
 * One life: opens the database, starts (or finds again) the runs of a shape, drives them with everything that people do
 * to them, and ends when all of them rest, unless it is killed before. Prints `ready`, then how many boundaries it saw.
 */
async function live(life: Life): Promise<void> {
  const told: { outside?: Outside } = {}
  const failpoints = new Failpoints(life.killAt, (boundary, label) => {
    told.outside?.tell({ kind: 'killing', boundary, label })
    process.kill(process.pid, 'SIGKILL')
  })
  const outside = await connectOutside(life.port, life.trial, life.life, failpoints)
  told.outside = outside
  const shape = shapeNamed(life.shape)
  const clock = scaledClock(life.originMs)
  const newId = createIds(clock.now)
  process.stdout.write('ready\n')

  const database = withFailpoints(openDatabase(life.store, clock), failpoints)
  if (shape.countsOpening) failpoints.arm()
  await migrate(database, newId)
  const engine = new Engine({
    database,
    clock,
    log: silentLog,
    newId,
    random: Math.random,
    identity: await identityOf(database),
    lingerMs: 300,
    onFatal: (error) => {
      process.stderr.write(`fatal: ${String(error)}\n`)
      process.exit(exitCodes.fatal)
    },
  })
  for (const workflow of shape.workflows(outside)) engine.workflows.add(workflow as Workflow)
  failpoints.arm()
  await shape.prepare?.(engine)
  await engine.start()
  const operator = new ShapeOperator(engine, outside, shape)
  await operator.begin()
  const endsAt = Date.now() + life.boundMs
  while (!(await operator.round())) {
    if (Date.now() > endsAt) {
      process.stderr.write(`out of time: ${JSON.stringify(operator.runs())}\n`)
      process.exit(exitCodes.outOfTime)
    }
    await pause(4)
  }
  await operator.allTold()
  await engine.stop()
  await database.close()
  process.stdout.write(`${failpoints.reached}\n`, () => process.exit(exitCodes.done))
}

if (process.argv[1] === import.meta.filename) await live(JSON.parse(process.argv[2]!) as Life)
