import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { silentLog } from '../../../src/base/log.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import type { Database } from '../../../src/store/database.ts'
import { identityOf, migrate } from '../../../src/store/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { FakeClock, settle } from '../../../src/testing/fake-clock.ts'
import { seeded } from '../../crash/campaign.ts'
import type { Violation } from '../../crash/checker.ts'
import { shapeNamed } from '../../crash/shapes/index.ts'
import type { Fault, Tools } from '../fault.ts'
import { Link } from '../simulation/link.ts'
import { Receiver } from '../simulation/receiver.ts'

/** What the disk held, and what had been acknowledged, right after one commit. */
export interface Snapshot {
  database: Buffer
  wal: Buffer
  /** How many events there were. */
  events: number
}

export interface KeptEvent {
  run: number
  seq: number
  hash: string
  payload: string | null
}

export interface Recording {
  snapshots: Snapshot[]
  /** All events, in the order in which they were written. */
  events: KeptEvent[]
}

/** So many trials share a recording. */
const trialsPerRecording = 100

/** A fault whose trials each damage a copy of the files of a recording. */
export function faultOfImages(
  fault: Omit<Fault, 'trial' | 'close'>,
  inspect: (recording: Recording, seed: number, tools: Tools) => Promise<Violation[]>,
): Fault {
  let last: { part: number; recorded: Promise<Recording> } | undefined
  return {
    ...fault,
    async trial(seed, tools) {
      const part = Math.floor(seed / trialsPerRecording)
      if (last?.part !== part)
        last = { part, recorded: record(join(tools.folder, `recording-${part}`), part) }
      return inspect(await last.recorded, seed, tools)
    },
    async close() {
      last = undefined
    },
  }
}

/** Shapes whose runs end by themselves, whatever was lost. */
const usable = [
  'sequential',
  'many-runs',
  'retries',
  'parallel-all',
  'nested-all',
  'race',
  'logs',
  'big-results',
  'failing',
  'long-chain',
  'sleep-short',
  'signal-timeout',
  'effect-read',
  'effect-idempotent',
  'effect-idempotent-late',
  'effect-verifiable',
  'child',
  'fan-out',
  'grandchildren',
  'idempotent-start',
].map(shapeNamed)

/** Drives runs on a file, and keeps a copy of its files after every commit. What runs, and how often it is checkpointed, is drawn. */
async function record(folder: string, part: number): Promise<Recording> {
  mkdirSync(folder, { recursive: true })
  const random = seeded(`recording ${part}`)
  const whole = (below: number) => Math.floor(random() * below)
  const file = join(folder, 'recorded.db')
  const clock = new FakeClock()
  const plain = openSqlite({ file, clock })
  await migrate(plain, () => 'recorded')
  const snapshots: Snapshot[] = []
  const side = new DatabaseSync(file)
  const recorded = await recording(plain, side, file, { snapshots, commitsBetweenCheckpoints: 3 + whole(20) })
  const engine = await engineOn(recorded, clock)
  await engine.start()
  const drawn = Array.from({ length: 3 + whole(4) }, () => usable[whole(usable.length)]!)
  for (const [index, shape] of drawn.entries()) {
    for (const start of shape.starts) {
      await engine.startRun(start.workflow, start.input, { idempotencyKey: `${index} ${start.key}` })
      if (random() < 0.3) await clock.advance(whole(200))
    }
  }
  for (let turn = 0; turn < 40; turn++) await clock.advance(100)
  await engine.stop()
  const events = await plain.all<KeptEvent>(eventsSql)
  side.close()
  await plain.close()
  rmSync(folder, { recursive: true })
  return { snapshots, events }
}

export const eventsSql = `select e.run, e.seq, e.hash, coalesce(e.payload, b.content) as payload
  from events e left join blobs b on b.hash = e.blob order by e.id`

/** An engine with the recorded workflows, whose receiver is never lost. */
async function engineOn(database: Database, clock: FakeClock): Promise<Engine> {
  const link = new Link({
    database,
    random: () => 0,
    dieAt: 0,
    onDeath() {},
    onCommit() {},
    onFencing() {},
    listen: () => () => {},
  })
  const outside = new Receiver(clock).seenFrom(link, 1, () => false)
  let ids = 0
  const engine = new Engine({
    database,
    clock,
    log: silentLog,
    newId: () => `${clock.now()}-${++ids}`,
    random: () => 0.5,
    identity: await identityOf(database),
    onFatal: (error) => {
      throw error
    },
  })
  for (const shape of usable)
    for (const workflow of shape.workflows(outside)) engine.workflows.add(workflow as Workflow)
  return engine
}

/** Opens what an image left, with workflows enough to go on, and lets it run for a while. */
export async function goOn(database: Database, clock: FakeClock): Promise<void> {
  const engine = await engineOn(database, clock)
  await engine.start()
  await settle()
  await clock.advance(5_000)
  await engine.stop(0)
}

/** The same database; after each commit it copies its files, and now and then another connection checkpoints. */
async function recording(
  database: Database,
  side: DatabaseSync,
  file: string,
  { snapshots, commitsBetweenCheckpoints }: { snapshots: Snapshot[]; commitsBetweenCheckpoints: number },
): Promise<Database> {
  const keep = async () => {
    const { events } = (await database.get<{ events: number }>('select count(*) as events from events'))!
    const wal = existsSync(`${file}-wal`) ? readFileSync(`${file}-wal`) : Buffer.alloc(0)
    snapshots.push({ database: readFileSync(file), wal, events })
    if (snapshots.length % commitsBetweenCheckpoints === 0) side.exec('pragma wal_checkpoint(restart)')
  }
  const after = async <T>(written: Promise<T>): Promise<T> => {
    const result = await written
    await keep()
    return result
  }
  await keep()
  return {
    kind: database.kind,
    place: database.place,
    all: (sql, parameters) => database.all(sql, parameters),
    get: (sql, parameters) => database.get(sql, parameters),
    run: (sql, parameters) => after(database.run(sql, parameters)),
    bulk: (statement, rows) => after(database.bulk(statement, rows)),
    transaction: (body) => after(database.transaction(body)),
    onOutsideChange: () => () => {},
    classify: (error) => database.classify(error),
    integrity: () => database.integrity(),
    close: () => database.close(),
  }
}
