import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../../src/base/errors.ts'
import { lineLog } from '../../../src/base/log.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import type { Database } from '../../../src/store/database.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { scaledClock } from '../../crash/clock.ts'
import { openEngine } from '../../crash/engine.ts'
import { Failpoints } from '../../crash/failpoints.ts'
import { ShapeOperator } from '../../crash/operator.ts'
import { connectOutside } from '../../crash/outside.ts'
import type { Shape } from '../../crash/shapes/shape.ts'
import { drawnShape } from './drawn-shape.ts'
import { type DiskLife, type DiskTally, exitCodes } from './life.ts'

const tally: DiskTally = { failed: 0, told: 0 }

/**
 * One life on a disk that may fail: like the victim of the crash suite, but clients try again when they are refused, and
 * the process ends without closing the database. Prints `ready` once it drives runs.
 */
async function live(life: DiskLife): Promise<void> {
  const outside = await connectOutside(life.port, life.trial, life.life, new Failpoints(0, () => {}))
  const shape = drawnShape(life.seed)
  const clock = scaledClock(life.originMs)
  const log = lineLog((line) => {
    if (/disk/.test(line)) tally.told++
    process.stderr.write(line)
  }, false)
  const onFatal = (error: unknown) => {
    process.stderr.write(`fatal: ${messageOf(error)}\n`)
    process.exit(exitCodes.fatal)
  }
  let engine: Engine
  try {
    const database = counted(openSqlite({ file: life.file, clock, onBroken: onFatal }))
    engine = await openEngine(database, clock, shape.workflows(outside), { log, lingerMs: 300, onFatal })
    await shape.prepare?.(engine)
    await engine.start()
  } catch (error) {
    process.stderr.write(`not started: ${messageOf(error)}\n`)
    process.exit(exitCodes.notStarted)
  }
  process.stdout.write('ready\n')
  const endsAt = Date.now() + life.boundMs
  let operator: ShapeOperator | undefined
  for (let done = false; !done; await pause(4)) {
    try {
      if (!operator) {
        operator = new ShapeOperator(engine, outside, shape)
        await beginAll(operator, shape)
      }
      done = await operator.round()
    } catch (error) {
      // A client that was refused asks again, for everything.
      hear(error)
      operator = undefined
    }
    if (Date.now() < endsAt) continue
    process.stderr.write(`out of time: ${JSON.stringify(operator?.runs())}\n`)
    process.exit(exitCodes.outOfTime)
  }
  // The outcome of the last runs is told before leaving.
  await pause(1)
  try {
    await engine.stop()
  } catch (error) {
    // It cannot sign off; whoever comes next sees that it is gone.
    tally.told++
    process.stderr.write(`not signed off: ${messageOf(error)}\n`)
  }
  process.stdout.write(`${JSON.stringify(tally)}\n`, () => process.exit(exitCodes.done))
}

/** Makes all starts at one moment, as `operator.begin` does; each refusal counts. */
async function beginAll(operator: ShapeOperator, shape: Shape): Promise<void> {
  const begun = await Promise.allSettled(shape.starts.map((start) => operator.start(start)))
  const refused = begun.filter((one) => one.status === 'rejected')
  for (const { reason } of refused.slice(1)) hear(reason)
  if (refused[0]) throw refused[0].reason
}

function hear(error: unknown): void {
  tally.told++
  process.stderr.write(`a client was told: ${messageOf(error)}\n`)
}

/** The same database; counts the transactions that the disk made fail. */
function counted(database: Database): Database {
  const counting = async <T>(done: Promise<T>): Promise<T> => {
    try {
      return await done
    } catch (error) {
      if (/disk/.test(messageOf(error))) tally.failed++
      throw error
    }
  }
  return {
    kind: database.kind,
    place: database.place,
    all: (sql, parameters) => database.all(sql, parameters),
    get: (sql, parameters) => database.get(sql, parameters),
    run: (sql, parameters) => counting(database.run(sql, parameters)),
    bulk: (statement, rows) => counting(database.bulk(statement, rows)),
    transaction: (body) => counting(database.transaction(body)),
    onOutsideChange: (callback) => database.onOutsideChange(callback),
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
  }
}

await live(JSON.parse(process.argv[2]!) as DiskLife)
