import type { Clock } from '../../../src/base/time/time.ts'
import type { Database } from '../../../src/store/database.ts'
import type { EffectClass } from '../../../src/store/journal/vocabulary/effect-class.ts'
import { PostgresDatabase } from '../../../src/store/postgres/postgres.ts'
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts'
import { scaledClock } from '../../crash/clock.ts'
import { crashWorkflow, type Shape, witness } from '../../crash/shapes/shape.ts'
import type { WorkerLife } from './protocol.ts'

/** How much faster than the wall the store's time goes, so that a lease of 15 s is over in half a second. */
const scale = 30

/** The effect whose worker is stopped. */
export const zombieTool = 'zombie'

const retry = { attempts: 4, delay: '100ms' } as const

/** A run with one effect of the class that its input names, and the like that is never stopped for its own sake. */
export const zombieShape: Shape = {
  name: 'zombie',
  starts: [],
  ends: ['succeeded'],
  workflows(outside) {
    const { step, call } = witness(outside)
    return [zombieTool, 'bystander'].map((name) =>
      crashWorkflow(name, async (ctx, input) => {
        const before = await step(ctx, 'before', () => input)
        const effect = input as EffectClass
        await call(ctx, name, { before }, { effect, retry })
        return step(ctx, 'after', () => input)
      }),
    )
  },
  verify: (facts) =>
    facts.runs
      .filter((run) => run.status === 'succeeded' && !facts.same(facts.outputOf(run), facts.inputOf(run)))
      .map((run) => `run ${run.id} gave ${JSON.stringify(facts.outputOf(run))}`),
}

/** The database on a clock that all processes share. */
export function openStore(
  place: WorkerLife['database'],
  originMs: number,
  name: string,
): { database: Database; clock: Clock } {
  const clock = scaledClock(originMs, scale)
  if (place.kind === 'sqlite') return { database: openSqlite({ file: place.file, clock }), clock }
  const url = new URL(place.url)
  url.searchParams.set('application_name', name)
  const database = new PostgresDatabase({ url: url.href, clock, timeFrom: 'clock', connections: 4 })
  return { database, clock: database.clock }
}
