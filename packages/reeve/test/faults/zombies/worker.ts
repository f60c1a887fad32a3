import { readFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { createIds } from '../../../src/base/ids.ts'
import { silentLog } from '../../../src/base/log.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import type { Bulk, Database, Session, Value } from '../../../src/store/database.ts'
import { insertEvents } from '../../../src/store/journal/journal.ts'
import { identityOf } from '../../../src/store/migrations.ts'
import { Failpoints } from '../../crash/failpoints.ts'
import { connectOutside } from '../../crash/outside.ts'
import type { Order, Point, Report, WorkerLife } from './protocol.ts'
import { openStore, zombieShape, zombieTool } from './store.ts'
import { nameWriter } from './witness.ts'

const placeOf: Record<string, Point> = {
  [`${zombieTool}: before sending`]: 'sending',
  [`${zombieTool}: sent`]: 'sent',
  [`${zombieTool}: answered`]: 'answered',
  'effect-intended': 'intended',
  'effect-completed': 'committed',
}

/** Stops this process, for others to see, at the line that reaches the point that was armed. */
class Stops extends Failpoints {
  armedAt: Point | undefined

  constructor() {
    super(0, () => {})
  }

  override reach(label: string): void {
    const point = placeOf[label]
    if (point === undefined || point !== this.armedAt) return
    this.armedAt = undefined
    report({ stopping: point })
    process.kill(process.pid, 'SIGSTOP')
    untilStopped()
  }
}

function report(line: Report): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

/** The signal may reach another thread of this process first: nothing may go on here meanwhile. */
function untilStopped(): void {
  const end = performance.now() + 2
  while (performance.now() < end) readFileSync('/proc/self/stat')
}

/** The same database; tells of events of the effect under test once they are durable and before anybody hears of it. */
function telling(database: Database, stops: Stops): Database {
  const transaction = async <T>(body: (session: Session) => Promise<T>): Promise<T> => {
    const written: string[] = []
    const result = await database.transaction((session) =>
      body({
        all: (sql, parameters) => session.all(sql, parameters),
        get: (sql, parameters) => session.get(sql, parameters),
        run: (sql, parameters) => session.run(sql, parameters),
        bulk: <Row>(statement: Bulk, rows: Value[][]) => {
          if (statement === insertEvents)
            for (const [, , type, , name] of rows) if (name === zombieTool) written.push(String(type))
          return session.bulk<Row>(statement, rows)
        },
      }),
    )
    for (const type of written) stops.reach(type)
    return result
  }
  return {
    kind: database.kind,
    place: database.place,
    all: (sql, parameters) => database.all(sql, parameters),
    get: (sql, parameters) => database.get(sql, parameters),
    run: (sql, parameters) => database.run(sql, parameters),
    bulk: (statement, rows) => transaction((session) => session.bulk(statement, rows)),
    transaction,
    onOutsideChange: (callback) => database.onOutsideChange(callback),
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
  }
}

const life = JSON.parse(process.argv[2]!) as WorkerLife
const stops = new Stops()
const store = openStore(life.database, life.originMs, `writer${life.number}`)
await nameWriter(store.database, `writer${life.number}`)
const outside = await connectOutside(life.port, life.trial, life.number, stops)
const engine = new Engine({
  database: telling(store.database, stops),
  clock: store.clock,
  log: silentLog,
  newId: createIds(store.clock.now),
  random: Math.random,
  identity: await identityOf(store.database),
  onFatal: (error) => {
    report({ fatal: String(error) })
    process.exit(70)
  },
})
for (const workflow of zombieShape.workflows(outside)) engine.workflows.add(workflow as Workflow)

createInterface({ input: process.stdin })
  .on('line', (line) => void obey(JSON.parse(line) as Order))
  .on('close', () => process.exit(0))
await engine.start()
report({ working: engine.worker.id })

async function obey(order: Order): Promise<void> {
  if ('arm' in order) stops.armedAt = order.arm
  else if ('disarm' in order) stops.armedAt = undefined
  else {
    while (engine.worker.active > 0) await pause(2)
    await engine.services.commits.settled()
    report({ resting: order.rest })
  }
}
