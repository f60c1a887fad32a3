import { ReeveError } from '../../base/errors.ts'
import type { StartOptions } from '../../engine/starting/prepared-start.ts'
import type { Workflow } from '../../engine/workflow.ts'
import { standingOf, wakesByTime } from '../../inspect/run-standing.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import type { Database } from '../../store/database.ts'
import { openFamilyOf } from '../../store/runs/family.ts'
import { requireRun } from '../../store/runs/runs.ts'
import { type Severable, severable } from './severable.ts'
import type { WatchedBodies } from './watched-bodies.ts'

/** One life of what a test drives. It ends with a death, and then nothing that was asked in it is ever answered. */
export class Life {
  isOver = false
  readonly #bodies: WatchedBodies
  readonly #over = Promise.withResolvers<void>()
  #link: Severable | undefined

  constructor(bodies: WatchedBodies) {
    this.#bodies = bodies
  }

  /** What is asked of the database. */
  get traffic(): Severable['traffic'] {
    return this.#link!.traffic
  }

  /** The database outlives what works on it. */
  connect(database: Database): Database {
    this.#link = severable(database)
    return Object.create(this.#link.database, { close: { value: async () => {} } })
  }

  /** From now on the database is silent. */
  cut(): void {
    this.#link?.cut()
  }

  die(): void {
    this.cut()
    this.isOver = true
    this.#bodies.endLife()
    this.#over.resolve()
  }

  /** What it comes to; undefined when the life ends before. */
  orOver<T>(doing: Promise<T>): Promise<T | undefined> {
    return Promise.race([doing, this.#over.promise.then(() => undefined)])
  }
}

/** How a run is started in whatever life there is. */
export interface Starting {
  life(): Life
  runtime(): Runtime
  settle(): Promise<void>
}

/**
 * Starts a run, and lets it go on until it rests. Where the process dies before it answers, what is not durable is started again, as
 * whoever gets no answer does.
 * @returns its id
 */
export async function startedRun<Input>(
  { life, runtime, settle }: Starting,
  workflow: Workflow<Input, unknown> | string,
  input: Input,
  options?: StartOptions,
): Promise<string> {
  const name = typeof workflow === 'string' ? workflow : workflow.name
  const before = await newestRun(runtime(), name)
  for (;;) {
    const told = await life().orOver(runtime().startRun(workflow, input, options))
    await settle()
    if (told) return told.id
    const newest = await newestRun(runtime(), name)
    if (newest !== undefined && newest !== before) return newest
  }
}

/** Whether time alone brings a run on: a limit of what it asks of people counts. */
export async function goesOnByTime(runtime: Runtime, id: string): Promise<boolean> {
  const { database } = internalsOf(runtime)
  const run = await requireRun(database, id)
  const { state } = await standingOf(database, run)
  if (state !== 'waiting') return state === 'moving'
  const family = await openFamilyOf(database, run.no)
  return family.some(wakesByTime)
}

/** The same, where there must be one. @throws `unknown-run` */
export async function requireNewestRun(
  runtime: Runtime,
  workflow?: Workflow<never, unknown> | string,
): Promise<string> {
  const name = typeof workflow === 'object' ? workflow.name : workflow
  const newest = await newestRun(runtime, name)
  if (newest !== undefined) return newest
  const of = name === undefined ? '' : ` of "${name}"`
  throw new ReeveError('unknown-run', `There is no run${of} in this test.`)
}

/** The id of the newest run of a workflow. */
async function newestRun(runtime: Runtime, workflow: string | undefined): Promise<string | undefined> {
  const { runs } = await runtime.listRuns({ ...(workflow !== undefined && { workflow }), limit: 1 })
  return runs[0]?.id
}
