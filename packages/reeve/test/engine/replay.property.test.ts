import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { ensureQueue } from '../../src/store/dispatch/queues/queues.ts'
import { eventValues, insertEvents, type JournalEvent } from '../../src/store/journal/journal.ts'
import { insertRuns, newRunValues } from '../../src/store/runs/changes/starts.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { eventsOf, openTestDatabase, rowOf, testEngine } from './harness.ts'

/** What a workflow does; every leaf says when it is done. */
type Shape =
  | { kind: 'step'; takesMs: number; fails: boolean }
  | { kind: 'sleep'; ms: number }
  | { kind: 'log' }
  | { kind: 'sequence' | 'all' | 'race'; of: Shape[] }

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      kind: fc.constant('step' as const),
      takesMs: fc.integer({ min: 0, max: 3 }),
      fails: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('sleep' as const), ms: fc.constantFrom(0, 1, 2, 3000) }),
    fc.record({ kind: fc.constant('log' as const) }),
    fc.record({
      kind: fc.constantFrom('sequence' as const, 'all' as const, 'race' as const),
      of: fc.array(tie('shape'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}))

/** The workflow of a shape: its output is the order in which its leaves were done, with the time and chance they saw. */
function workflowOf(root: Shape, clock: () => FakeClock, trace: string[]) {
  return defineWorkflow({
    name: 'shape',
    input: z.unknown(),
    async run(ctx: CoreContext) {
      trace.length = 0
      const go = async (part: Shape, path: string): Promise<void> => {
        if (part.kind === 'log') {
          ctx.log(path)
        } else if (part.kind === 'sleep') {
          await ctx.sleep(part.ms)
        } else if (part.kind === 'step') {
          const body = () =>
            new Promise<string>((resolve, reject) => {
              clock().after(part.takesMs, () => (part.fails ? reject(new TypeError(path)) : resolve(path)))
            })
          await ctx.step(path, body).catch((error: Error) => error.message)
        } else if (part.kind === 'sequence') {
          for (const [index, child] of part.of.entries()) await go(child, `${path}.${index}`)
        } else {
          const branches = part.of.map((child, index) => go(child, `${path}.${index}`))
          await (part.kind === 'all' ? ctx.all(branches) : ctx.race(branches))
        }
        trace.push(`${path} at ${ctx.now().getTime()} with ${ctx.random()}`)
      }
      await go(root, '0')
      return [...trace]
    },
  })
}

/** Puts a run into a database of its own as a death would leave it after these events. */
async function resurrect(database: Database, row: RunRow, events: JournalEvent[]): Promise<void> {
  const queued = { ...row, status: 'queued', fresh: 0, available_at: 0, worker: null, epoch: 1 } as const
  await ensureQueue(database, row.queue)
  await database.bulk(insertRuns, [newRunValues(queued)])
  await database.bulk(insertEvents, events.map(eventValues))
}

const settles = (event: JournalEvent) => /-(completed|failed|fired)$/.test(event.type) && event.step !== null

/** How far the trace of a run is determined by a prefix of its journal: the leaves done by its settlements. */
function leavesIn(trace: string[], prefix: JournalEvent[], events: JournalEvent[]): string[] {
  const rest = events.slice(prefix.length)
  const horizon = rest.find(settles)
  if (!horizon) return trace
  const last = prefix.findLast(settles)?.at ?? events[0]!.at
  return trace.filter((leaf) => Number(/ at (\d+) /.exec(leaf)![1]) < Math.min(last, horizon.at))
}

async function replayOf(root: Shape, row: RunRow, events: JournalEvent[], now: number) {
  const clock = new FakeClock(now)
  const database = await openTestDatabase(clock)
  const trace: string[] = []
  const { engine } = await testEngine([workflowOf(root, () => clock, trace)], { database, clock })
  await resurrect(database, row, events)
  await engine.start()
  await clock.advance(60_000)
  const result = await engine.resultOf(row.id)
  const replayed = await eventsOf(database, row.id)
  await engine.stop()
  await database.close()
  return { result, replayed }
}

test('a run that goes on from any prefix of its journal sees what it saw, in the order it saw it', async () => {
  await fc.assert(
    fc.asyncProperty(shape, async (root) => {
      const trace: string[] = []
      let clock = new FakeClock()
      const live = await testEngine([workflowOf(root, () => clock, trace)], { clock })
      clock = live.clock
      await live.engine.start()
      const handle = await live.engine.startRun('shape', {})
      await clock.advance(60_000)
      const result = await handle.result()
      expect(result.status).toBe('succeeded')
      const output = (result as { output: string[] }).output
      const row = await rowOf(live.database, handle.id)
      const events = await eventsOf(live.database, handle.id)
      await live.engine.stop()
      await live.database.close()

      for (let length = 1; length < events.length; length++) {
        const prefix = events.slice(0, length)
        const replay = await replayOf(root, row, prefix, events[length]!.at)
        expect(replay.replayed.slice(0, length)).toEqual(prefix)
        expect(replay.result.status).toBe('succeeded')
        const seen = (replay.result as { output: string[] }).output
        const known = leavesIn(output, prefix, events)
        expect(seen.slice(0, known.length)).toEqual(known)
      }
      const whole = await replayOf(root, row, events.slice(0, -1), events.at(-1)!.at)
      expect(whole.result).toEqual(result)
      expect(whole.replayed.at(-1)!.hash).toBe(events.at(-1)!.hash)
    }),
    { numRuns: 40, seed: 20_260_101 },
  )
})
