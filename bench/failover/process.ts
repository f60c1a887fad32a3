import { Agent, request } from 'node:http'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, tool, workflow } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import type { FailoverMessage, FailoverSpec } from './contract.ts'

const spec = JSON.parse(process.argv[2] ?? '') as FailoverSpec
const say = (message: FailoverMessage) => process.send?.(message)
const agent = new Agent({ keepAlive: true, maxSockets: 500 })

const charge = tool({
  name: 'charge',
  description: 'Charge the customer of a run',
  input: z.object({ number: z.int() }),
  output: z.object({}),
  effect: 'idempotent',
  risk: 'low',
  run: ({ number }, { key }) =>
    new Promise<Record<string, never>>((resolve, reject) => {
      const headers = { 'idempotency-key': key }
      const sent = request(`${spec.receiver}/${number}`, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => resolve({}))
      })
      sent.on('error', reject).end()
    }),
})

const charging = workflow({
  name: 'charging',
  input: z.object({ number: z.int() }),
  async run(ctx, { number }) {
    say({ began: number, at: Date.now() })
    await ctx.step('prepare', () => number)
    await ctx.call(charge, { number })
    await ctx.step('between', () => number)
    await ctx.call(charge, { number })
    return { number }
  },
})

const runtime = await Runtime.open({
  project: projectOf({}, [charging]),
  environment: readEnvironment(process.cwd(), { DATABASE_URL: spec.url }),
  capacity: spec.capacity,
})
await runtime.start()
say({ worker: internalsOf(runtime).engine.worker.id })
