import { z } from 'zod'
import type { StartOptions } from '../../packages/reeve/src/engine/starting/prepared-start.ts'
import { type Runtime, workflow } from '../../packages/reeve/src/index.ts'

/** One step, done at once. */
export const quick = workflow({
  name: 'quick',
  input: z.any(),
  run: (ctx) => ctx.step('work', () => 'done'),
})

/** Starts so many runs of `quick`, 100 at a time, and waits for their ends. */
export async function driveQuick(
  runtime: Runtime,
  count: number,
  options: StartOptions = {},
): Promise<number> {
  const one = async () => {
    const run = await runtime.startRun(quick, {}, options)
    const { status } = await run.result()
    if (status !== 'succeeded') throw new Error(`run ${run.id} has ${status}`)
  }
  for (let done = 0; done < count; done += 100) await Promise.all(Array.from({ length: 100 }, one))
  return count
}

/** The same workflow under another name, to be copied: `seedLike` counts its runs. */
export const old = workflow({
  name: 'old',
  input: z.any(),
  run: (ctx) => ctx.step('work', () => 'done'),
})

/** Drives one run of `old` to its end and answers its id. The runtime is started by it. */
export async function endedOld(runtime: Runtime): Promise<string> {
  const run = await runtime.startRun(old, {})
  await run.result()
  return run.id
}

/** Runs `of` once. @throws unless it ends with `output` */
export async function endsWith(
  runtime: Runtime,
  of: { name: string },
  input: object,
  output: unknown,
): Promise<void> {
  const result = await (await runtime.startRun(of.name, input)).result()
  if (result.status === 'succeeded' && result.output === output) return
  throw new Error(`a run of ${of.name} ended otherwise: ${JSON.stringify(result).slice(0, 500)}`)
}
