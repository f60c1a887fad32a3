import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { agent } from '../../src/agents/agent.ts'
import { type Environment, readEnvironment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import { projectOf } from '../../src/project/load.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { scriptedSolver, toolCalls } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'

const declared = pathToFileURL(join(import.meta.dirname, '../../src/governance/policies/policy.ts')).href

function desk(place: string) {
  const paid: number[] = []
  const refund = tool({
    name: 'pay.refund',
    description: 'Refund a purchase',
    input: z.object({ orderId: z.string(), amountUsd: z.number() }),
    output: z.null(),
    effect: 'idempotent',
    approval: 'always',
    run({ amountUsd }) {
      paid.push(amountUsd)
      return null
    },
  })
  const grants = [
    {
      tool: 'pay.refund',
      args: { amountUsd: { max: 100 } },
      budgets: [{ id: 'a day', ceiling: 150, per: '1d', adds: 'amountUsd' }],
    },
  ] as const
  const clerk = agent({
    name: 'clerk',
    instructions: 'Refund what is asked.',
    input: z.string(),
    route: 'chat',
    tools: [refund],
    grants,
    owner: 'ada',
  })
  const byAgent = workflow({
    name: 'by-agent',
    input: z.string(),
    run: (ctx, task) => ctx.agent(clerk, task),
  })
  const byCode = workflow({
    name: 'by-code',
    input: z.number(),
    grants,
    run: (ctx, amountUsd) => ctx.call(refund, { orderId: 'A-1', amountUsd }),
  })
  const byAnother = workflow({
    name: 'by-another',
    input: z.string(),
    run: (ctx, task) =>
      ctx.agent(
        agent({
          ...{
            name: 'unknown',
            instructions: 'Refund.',
            input: z.string(),
            route: 'chat',
            tools: [refund],
            owner: 'ada',
            grants,
          },
        }),
        task,
      ),
  })
  const folder = mkdtempSync(join(tmpdir(), 'reeve-denied-edits-'))
  const file = join(folder, 'unlucky.ts')
  writeFileSync(
    file,
    `import { policy } from '${declared}'
export default policy(({ args }) => args.amountUsd === 13 ? { verdict: 'deny', text: 'Thirteen is unlucky.' } : undefined)`,
  )
  const calls = [90, 40, 40, 40].map((amountUsd) => [
    toolCalls(['pay.refund', { orderId: 'A-1', amountUsd }]),
    'done',
  ])
  const chat = scriptedSolver(calls.flat())
  const project = {
    ...projectOf({ agents: [clerk], routes: { chat: { solvers: [chat] } } }, [byAgent, byCode, byAnother]),
    policies: [{ name: 'unlucky', file }],
  }
  const environment: Environment = readEnvironment('/nowhere', { DATABASE_URL: place })
  const open = async () => {
    const runtime = await Runtime.open({ project, environment, log: silentLog })
    let stopped: Promise<void> | undefined
    const stop = () => (stopped ??= runtime.stop())
    onTestFinished(stop)
    return { runtime, stop }
  }
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { open, paid }
}

const task = 'Refund A-1: 90, 40, 50, 60, 70, 13, 200.'

async function asked(runtime: Runtime, run: string) {
  return vi.waitFor(
    async () => {
      const found = (await runtime.listApprovals()).find(({ runId }) => runId === run)
      expect(found).toBeDefined()
      return found!
    },
    { timeout: 20_000 },
  )
}

/** What a door does with an edit that will be denied, on one database. */
export function deniedEditsContract(name: string, placeOf: () => Promise<string>) {
  test(`${name}: an edit that a grant, a policy or an effect budget denies is refused before anything is decided, also after a restart`, async () => {
    const { open, paid } = desk(await placeOf())
    const { runtime: first, stop } = await open()
    await first.start()
    const paying = await first.startRun('by-agent', task)
    const { id: whole, hash } = await asked(first, paying.id)
    await first.decide(whole, { verdict: 'approve', by: 'ada', hash })
    await paying.result()
    const refusals = async (runtime: Runtime, approval: string, spent: string) => {
      const edit = (amountUsd: number) =>
        runtime.decide(approval, { verdict: 'approve', by: 'ada', answer: { amountUsd } })
      await expect(edit(200)).rejects.toMatchObject({
        code: 'invalid-edit',
        message: expect.stringMatching(/would be denied: .*200 .*Nothing was decided/s),
      })
      await expect(edit(13)).rejects.toThrow(/would be denied: .*Thirteen is unlucky\. Nothing was decided/s)
      await expect(edit(70)).rejects.toThrow(
        new RegExp(`would be denied: .*${spent}.*Nothing was decided`, 's'),
      )
    }
    const agents = await first.startRun('by-agent', task)
    const ofAgent = await asked(first, agents.id)
    await refusals(first, ofAgent.id, 'a day')
    await stop()

    const { runtime: second } = await open()
    await refusals(second, ofAgent.id, 'a day')
    await second.decide(ofAgent.id, { verdict: 'approve', by: 'ada', answer: { amountUsd: 50 } })
    await second.start()
    expect(await second.result(agents.id)).toMatchObject({ status: 'succeeded' })
    expect(paid).toEqual([90, 50])

    const codes = await second.startRun('by-code', 40)
    const ofCode = await asked(second, codes.id)
    const byCode = (amountUsd: number) =>
      second.decide(ofCode.id, { verdict: 'approve', by: 'ada', answer: { amountUsd } })
    await expect(byCode(200)).rejects.toThrow(/would be denied/)
    await byCode(60)
    expect(await second.result(codes.id)).toMatchObject({ status: 'succeeded' })
    expect(paid).toEqual([90, 50, 60])
  })

  test(`${name}: an edit of which the door cannot tell is judged as the run goes on, and comes back`, async () => {
    const { open, paid } = desk(await placeOf())
    const { runtime } = await open()
    await runtime.start()
    const run = await runtime.startRun('by-another', task)
    const { id } = await asked(runtime, run.id)
    const answer = { amountUsd: 200 }
    await expect(runtime.decide(id, { verdict: 'approve', by: 'ada', answer })).resolves.toMatchObject({
      status: 'approved',
    })
    const again = await asked(runtime, run.id)
    expect(again.shown).toMatchObject({
      args: { amountUsd: 90 },
      notice: expect.stringContaining('was not carried out'),
    })
    await runtime.decide(again.id, { verdict: 'approve', by: 'ada', hash: again.hash })
    expect(await run.result()).toMatchObject({ status: 'succeeded' })
    expect(paid).toEqual([90])
  })
}
