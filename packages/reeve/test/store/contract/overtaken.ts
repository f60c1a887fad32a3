import { expect } from 'vitest'
import { z } from 'zod'
import { agent } from '../../../src/agents/agent.ts'
import { silentLog } from '../../../src/base/log.ts'
import { workflow } from '../../../src/context.ts'
import { LiveAuthority } from '../../../src/governance/live-authority.ts'
import { setSwitch } from '../../../src/store/authority/switches.ts'
import type { Database, Session } from '../../../src/store/database.ts'
import { revokeActing } from '../../../src/store/identity/principals.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import { scriptedSolver, toolCalls } from '../../../src/testing/scripted.ts'
import { tool } from '../../../src/tools/tool.ts'
import { agentBench } from '../../agents/agent-harness.ts'
import { type Open, storeCase } from './fixtures.ts'

const ada = { by: 'ada', proof: 'local-user', at: 1 } as const
const changes: [what: string, change: (session: Session) => Promise<unknown>][] = [
  ['the agent is revoked', (session) => revokeActing(session, 'agent:clerk', ada)],
  ['its tool is switched off', (session) => setSwitch(session, { tool: 'bank.pay' }, 'off', ada)],
]

/** A worker that never hears of changes by itself, and an owner who acts elsewhere at the worst moments. */
export function overtakenCases(open: Open): void {
  for (const [what, change] of changes)
    for (const when of ['before it is decided', 'between decision and intent', 'while the intent is written'])
      storeCase(`no effect begins once ${what} ${when}`, open, async (database) => {
        const { sent, types } = await paidWhile(database, change, when)
        expect(sent).toEqual([])
        expect(types).toContain('effect-intended')
        expect(types).toContain('effect-failed')
      })

  storeCase('with nothing changed the same effect is made, once', open, async (database) => {
    expect((await paidWhile(database, undefined, 'never')).sent).toEqual([1])
  })
}

async function paidWhile(
  database: Database,
  change: ((session: Session) => Promise<unknown>) | undefined,
  when: string,
) {
  const clock = new FakeClock()
  const sent: number[] = []
  const pay = tool({
    name: 'bank.pay',
    description: 'Pay',
    input: z.object({ amountUsd: z.number() }),
    output: z.null(),
    effect: 'idempotent',
    risk: 'low',
    run: ({ amountUsd }) => {
      sent.push(amountUsd)
      return null
    },
  })
  const clerk = agent({
    name: 'clerk',
    instructions: 'You pay.',
    input: z.string(),
    route: 'chat',
    tools: [pay],
    owner: 'ada',
  })
  const flow = workflow({ name: 'flow', input: z.string(), run: (ctx, task) => ctx.agent(clerk, task) })
  const live = new LiveAuthority({ database, clock, log: silentLog })
  await live.renew()
  let isDecided = false
  let isChanged = false
  const elsewhere = async (moment: string) => {
    if (moment !== when || !change || isChanged) return
    isChanged = true
    await database.transaction(change)
  }
  const authority = {
    current: () => {
      isDecided = true
      return live.current()
    },
    renew: () => live.renew(),
  }
  let changing: Promise<void> | undefined
  const isIntended = async () =>
    (await database.get(`select 1 as there from events where type = 'effect-intended'`)) !== undefined
  // Others write beside the intent: none of them begins or returns while the owner acts, so that the moment is the one meant.
  const writing = async <T>(write: () => Promise<T>): Promise<T> => {
    if (isDecided) changing ??= elsewhere('between decision and intent')
    await changing
    const written = await write()
    if (when === 'while the intent is written' && !isChanged && (await isIntended()))
      changing = elsewhere('while the intent is written')
    await changing
    return written
  }
  const link = new Proxy(database, {
    get(_, name) {
      const value: unknown = Reflect.get(database, name, database)
      if (typeof value !== 'function') return value
      const call = (...given: unknown[]) => Reflect.apply(value, database, given)
      if (name !== 'transaction' && name !== 'writeElsewhere') return call
      return (...given: unknown[]) => writing(() => call(...given))
    },
  })
  const chat = scriptedSolver([
    async () => {
      await elsewhere('before it is decided')
      return toolCalls(['bank.pay', { amountUsd: 1 }])
    },
    'done',
  ])
  const bench = await agentBench([flow], { chat }, { database: link, clock, authority })
  const handle = await bench.engine.startRun(flow, 'Pay 1 dollar')
  await handle.result()
  const types = (await bench.events(handle.id)).map(({ type }) => type as string)
  await bench.engine.stop()
  return { sent, types }
}
