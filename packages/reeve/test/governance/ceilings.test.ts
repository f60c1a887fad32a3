import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { listCeilings } from '../../src/store/authority/ceilings.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'

const look = tool({
  name: 'orders.find',
  description: 'Look an order up',
  input: z.object({ id: z.string() }),
  output: z.null(),
  effect: 'read',
  run: () => null,
})

function helper(name: string) {
  const grants = [{ tool: 'orders.*', args: { id: ['A-1'] } }]
  return agent({
    name,
    instructions: 'Help.',
    input: z.null(),
    route: 'chat',
    tools: [look],
    grants,
    owner: 'ada',
  })
}

test('what code grants is written down when a runtime starts, and of an agent that no file exports when it acts', async () => {
  const [known, hidden] = [helper('known'), helper('hidden')]
  const flow = workflow({ name: 'flow', input: z.null(), run: (ctx) => ctx.agent(hidden, null) })
  const routes = { chat: { solvers: [scriptedSolver(['done', 'done'])] } }
  const runtime = await Runtime.open({
    project: projectOf({ agents: [known], routes }, [flow]),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: true },
    log: silentLog,
  })
  onTestFinished(() => runtime.stop(1000))
  const noted = async () =>
    (await listCeilings(internalsOf(runtime).database)).map(({ principal }) => principal)
  expect(await noted()).toEqual([])
  await runtime.start()
  expect(await noted()).toEqual(['agent:known', 'workflow:flow'])
  for (const _ of ['once', 'again']) {
    const run = await runtime.startRun(flow, null)
    expect(await run.result()).toMatchObject({ output: 'done' })
  }
  while ((await noted()).length < 3) await new Promise((resolve) => setImmediate(resolve))
  const rows = await listCeilings(internalsOf(runtime).database)
  expect(JSON.parse(rows.find(({ principal }) => principal === 'agent:hidden')!.ceiling)).toEqual({
    grants: [{ tool: 'orders.*', args: { id: ['A-1'] } }],
    tools: ['orders.find'],
    version: hidden.fingerprint,
  })
})
