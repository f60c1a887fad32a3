import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, workflow } from '../../packages/reeve/src/index.ts'
import type { WorkerSpec } from './contract.ts'

/** A project of one workflow, whose steps take their time and no processor. `onBody` hears of each step's body. */
export async function openTimed(spec: WorkerSpec, onBody: () => void): Promise<Runtime> {
  const timed = workflow({
    name: 'timed',
    input: z.object({ number: z.int() }),
    async run(ctx, { number }) {
      for (let step = 1; step <= spec.steps; step++) {
        await ctx.step(`step-${step}`, async () => {
          onBody()
          await sleep(spec.stepMs)
          return { number, step }
        })
      }
      return { number }
    },
  })
  return Runtime.open({
    project: projectOf({}, [timed]),
    environment: readEnvironment(process.cwd(), { DATABASE_URL: spec.url }),
    capacity: spec.capacity,
  })
}
