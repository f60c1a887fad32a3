import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, webhook, workflow } from '../../packages/reeve/src/index.ts'
import { serve } from '../../packages/reeve/src/server/listen.ts'
import { type ApiMessage, type ApiSpec, door } from './contract.ts'

const spec = JSON.parse(process.argv[2] ?? '') as ApiSpec

const orders = workflow({
  name: 'orders',
  input: z.object({ order: z.int(), text: z.string() }),
  on: [
    webhook({
      secret: door.variable,
      schema: z.object({ type: z.string(), data: z.object({ order: z.int(), text: z.string() }) }),
      input: ({ body }) => body.data,
    }),
  ],
  async run(ctx, { order }) {
    await ctx.step('read', () => order)
    return ctx.step('answer', () => ({ order }))
  },
})

const variables = { DATABASE_URL: `file:${spec.file}`, [door.variable]: door.secret }
const runtime = await Runtime.open({
  project: projectOf({ knowledge: [] }, [orders]),
  environment: readEnvironment(process.cwd(), variables),
})
await runtime.start()
const { url } = await serve(runtime, { port: spec.port })
process.send?.({ url } satisfies ApiMessage)
