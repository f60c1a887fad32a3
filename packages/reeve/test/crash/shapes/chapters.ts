import { crashWorkflow, outputsAre, type Shape, starts, witness } from './shape.ts'

const last = 4

/** A run that goes on in new chapters, with effects, waits and children in each. */
export const chapterShapes: Shape[] = [
  {
    name: 'chapters',
    starts: starts('chapters', 1),
    ends: ['succeeded', 'cancelled'],
    workflows(outside) {
      const { step, call } = witness(outside)
      const left = crashWorkflow('chapters-left', (ctx) => ctx.waitFor('never'))
      const work = crashWorkflow('chapters-work', (ctx, input) =>
        step(ctx, 'work', () => (input as number) + 1),
      )
      const root = crashWorkflow('chapters', async (ctx, input) => {
        const { chapter, sum } =
          typeof input === 'number' ? { chapter: 1, sum: 0 } : (input as unknown as Chapter)
        await call(ctx, `effect of ${chapter}`, { chapter }, { effect: 'idempotent' })
        await ctx.start('chapters-left', chapter)
        const child = await ctx.start('chapters-work', sum)
        const next = (await child.result()) as number
        await ctx.sleep('30ms')
        if (chapter < last) return ctx.continueAs({ chapter: chapter + 1, sum: next })
        return step(ctx, 'end', () => next)
      })
      return [left, work, root]
    },
    verify: (facts) => [
      ...outputsAre(() => last)!(facts),
      ...facts.runs.flatMap((run) => {
        const begun = facts.eventsOf(run).filter(({ type }) => type === 'run-continued').length
        const wanted = run.workflow === 'chapters' ? last - 1 : 0
        const isLeft = run.workflow === 'chapters-left' && run.status !== 'cancelled'
        return begun === wanted && run.chapter === wanted + 1 && !isLeft
          ? []
          : [
              `run ${run.id} of ${run.workflow} has ${run.status} in chapter ${run.chapter}, with ${begun} begun`,
            ]
      }),
    ],
  },
]

interface Chapter {
  chapter: number
  sum: number
}
