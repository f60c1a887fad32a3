import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, workflow } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/runtime/runtime.ts'
import { serve } from '../../packages/reeve/src/server/listen.ts'
import { addPrincipal } from '../../packages/reeve/src/store/identity/principals.ts'
import { issueToken } from '../../packages/reeve/src/store/identity/tokens.ts'
import type { SseMessage, SseRequest, SseSpec } from './contract.ts'

const spec = JSON.parse(process.argv[2] ?? '') as SseSpec
const eventsOfRun = 10
const runsPerSecond = spec.eventsPerSecond / eventsOfRun

const steps = workflow({
  name: 'steps',
  input: z.null(),
  async run(ctx) {
    for (let step = 1; step <= eventsOfRun - 2; step++) await ctx.step(`step ${step}`, () => step)
    return null
  },
})

const say = (message: SseMessage) => process.send?.(message)

const runtime = await Runtime.open({
  project: projectOf({ knowledge: [] }, [steps]),
  environment: readEnvironment(process.cwd(), { DATABASE_URL: `file:${spec.file}` }),
})
await runtime.start()
const { database, clock, engine } = internalsOf(runtime)
const token = await database.transaction(async (session) => {
  const acting = { by: 'bench', proof: 'local-user', at: clock.now() } as const
  await addPrincipal(session, { name: 'bench', kind: 'person', role: 'owner' }, acting)
  const what = { id: engine.services.newId(), kind: 'access', principal: 'bench', name: 'bench' } as const
  return issueToken(session, { ...what, role: 'owner', expires_at: null }, acting)
})
const { url } = await serve(runtime, { port: 0 })

/** Starts runs at a steady pace, whatever becomes of those before, and waits for the last of them. */
async function work({ seconds }: SseRequest): Promise<void> {
  const count = Math.round(runsPerSecond * seconds)
  const begun = performance.now()
  const cpu = process.cpuUsage()
  const ends: Promise<unknown>[] = []
  for (let next = 0; next < count; ) {
    const due = Math.floor(((performance.now() - begun) * runsPerSecond) / 1000) + 1
    for (; next < Math.min(due, count); next++)
      ends.push(runtime.startRun('steps', null).then(({ id }) => runtime.result(id)))
    await sleep(2)
  }
  await Promise.all(ends)
  const took = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const cpuSeconds = (user + system) / 1e6
  say({ kind: 'worked', runs: count, events: count * eventsOfRun, seconds: took, cpuSeconds })
}

process.on('message', (asked: SseRequest) => void work(asked))
say({ kind: 'listens', url, token })
