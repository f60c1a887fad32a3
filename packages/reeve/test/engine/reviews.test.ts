import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database } from '../../src/store/database.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, severable, testEngine } from './harness.ts'

const review = defineWorkflow({
  name: 'reeve.review',
  input: z.object({ run: z.string(), workflow: z.string() }),
  run: () => 'asked',
}) as Workflow

const close = (share: number) =>
  defineWorkflow({
    name: 'close',
    input: z.null(),
    review: { share },
    async run(ctx: CoreContext) {
      await ctx.step('look', () => 'all is well')
      return 'closed'
    },
  }) as Workflow

test('a run that is drawn is put before a person once, whenever the process dies, and also when its code draws none by then', async () => {
  let at = 0
  const cuts: string[] = []
  for (let isOver = false; !isOver; ) {
    at++
    let isCut = false
    const clock = new FakeClock()
    const database = await openTestDatabase(clock)
    const link = severable(database)
    let commits = 0
    let ids = 0
    const newId = () => `id${String(++ids).padStart(6, '0')}`
    const counted: Database = Object.create(link.database, {
      transaction: {
        value: async (body: never) => {
          const done = await link.database.transaction(body)
          const row = await database.get<{ count: number }>('select count(*) as count from runs')
          if (Number(row!.count) === 0 || ++commits !== at) return done
          link.cut()
          isCut = true
          return new Promise(() => {})
        },
      },
    })
    const reviews = { key: 'k', workflow: review }
    const first = await testEngine([close(1), review], { clock, database: counted, newId, reviews })
    await first.engine.start()
    void first.engine.startRun('close', null)
    await settle()
    await database.run('delete from workers where id = ?', [first.engine.worker.id])
    const drawn = await database.get('select 1 from runs where parent is not null')
    isOver =
      (await database.get(`select 1 from runs where workflow = 'close' and ended_at is not null`)) !==
      undefined
    if (!isCut) await first.engine.stop()
    const { id } = (await database.get<{ id: string }>(`select id from runs where workflow = 'close'`))!
    // The code of after the death draws none: what the journal has holds.
    const later = drawn ? close(0) : close(1)
    const { engine } = await testEngine([later, review], { clock, database, newId, reviews })
    await engine.start()
    await clock.advance(20_000)
    expect(await engine.resultOf(id)).toEqual({ status: 'succeeded', output: 'closed' })
    expect(await database.all(`select status from runs where workflow = 'reeve.review'`)).toEqual([
      { status: 'succeeded' },
    ])
    if (isCut) cuts.push(drawn ? 'drawn' : 'not yet')
    await engine.stop()
    await database.close()
  }
  expect(new Set(cuts)).toEqual(new Set(['drawn', 'not yet']))
})
