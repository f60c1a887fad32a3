import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { openDatabase } from '../../src/store/open.ts'
import { scaledClock } from './clock.ts'
import { openEngine } from './engine.ts'
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
  /** How much faster than the wall it goes. Default: `timeScale`. */
  scale?: number
  /** Its clients begin when they are told to, and ask again when the database cannot be reached; otherwise that ends the life. */
  isPatient?: boolean
  /** A life that lasts longer says so and gives up (ms). */
  boundMs: number
}

/** Between two looks at all runs; many of them are looked at less often. */
const roundMs = 4
const patientRoundMs = 25

export const exitCodes = { done: 0, outOfTime: 3, fatal: 4 } as const

/**
 * One life: opens the database, starts (or finds again) the runs of a shape, drives them with everything that people do
 * to them, and ends when all of them rest, unless it is killed before. Prints `ready`, `working WORKER`, and `done N` with
 * how many boundaries it saw.
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
  const clock = scaledClock(life.originMs, life.scale)
  process.stdout.write('ready\n')

  const database = withFailpoints(openDatabase(life.store, clock), failpoints)
  if (shape.countsOpening) failpoints.arm()
  const engine = await openEngine(database, clock, shape.workflows(outside), {
    lingerMs: 300,
    onFatal: (error) => {
      process.stderr.write(`fatal: ${String(error)}\n`)
      process.exit(exitCodes.fatal)
    },
  })
  failpoints.arm()
  await shape.prepare?.(engine)
  await engine.start()
  process.stdout.write(`working ${engine.worker.id}\n`)
  if (life.isPatient) await once(process.stdin, 'data')
  const isPassing = (error: unknown) =>
    life.isPatient === true && ['retry', 'unknown'].includes(database.classify(error))
  const operator = new ShapeOperator(engine, outside, shape, isPassing)
  const operate = async (): Promise<boolean> => {
    if (!hasBegun) await operator.begin()
    hasBegun = true
    return operator.round()
  }
  let hasBegun = false
  const endsAt = Date.now() + life.boundMs
  while (!(await operate().catch(orThrowUnless(isPassing)))) {
    if (Date.now() > endsAt) {
      process.stderr.write(`out of time: ${JSON.stringify(operator.runs())}\n`)
      process.exit(exitCodes.outOfTime)
    }
    await pause(life.isPatient ? patientRoundMs : roundMs)
  }
  await operator.allTold()
  // One that cannot sign off is seen to be gone by whoever comes next.
  await engine.stop().catch(orThrowUnless(isPassing))
  await database.close()
  process.stdout.write(`done ${failpoints.reached}\n`, () => process.exit(exitCodes.done))
}

/** Answers false for an error that passes. */
function orThrowUnless(isPassing: (error: unknown) => boolean): (error: unknown) => false {
  return (error) => {
    if (!isPassing(error)) throw error
    return false
  }
}

if (process.argv[1] === import.meta.filename) await live(JSON.parse(process.argv[2]!) as Life)
