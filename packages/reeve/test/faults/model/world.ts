import { z } from 'zod'
import { agent } from '../../../src/agents/agent.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Clock } from '../../../src/base/time/time.ts'
import { workflow } from '../../../src/context.ts'
import type { Workflow } from '../../../src/engine/workflow.ts'
import type { PriceTable } from '../../../src/models/asking/price.ts'
import { hostedSolver } from '../../../src/models/providers/hosted.ts'
import { projectOf } from '../../../src/project/load.ts'
import { Runtime } from '../../../src/runtime/runtime.ts'
import { tool } from '../../../src/tools/tool.ts'
import { doublePrice, ProviderDouble } from './double.ts'
import { callKey, Script } from './script.ts'

/** How much faster than the wall its time goes. */
const timeScale = 200
/** So many routes, so that one run's bad luck does not open the breakers of all others. */
const routes = 48
export const ceilingsUsd = [0.012, 0.04, 0.3]
export const kinds = ['question', 'agent'] as const

/** A runtime whose hosted models are doubles, shared by all trials of a process. */
export interface ModelWorld {
  runtime: Runtime
  scriptOf(seed: number): Script
  forget(seed: number): void
  close(): Promise<void>
}

export async function openModelWorld(): Promise<ModelWorld> {
  const scripts = new Map<number, Script>()
  const scriptOf = (seed: number): Script => {
    let script = scripts.get(seed)
    if (!script) {
      script = new Script(seed)
      scripts.set(seed, script)
    }
    return script
  }
  const double = new ProviderDouble(scriptOf)
  const url = await double.start()
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], routes: routesTo(url) }, workflowsOf(scriptOf)),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'nobody', ci: false },
    clock: fastClock(Date.now()),
    log: silentLog,
  })
  await runtime.start()
  return {
    runtime,
    scriptOf,
    forget: (seed) => scripts.delete(seed),
    async close() {
      await runtime.stop(1000)
      await double.stop()
    },
  }
}

function fastClock(originMs: number): Clock {
  return {
    now: () => originMs + Math.floor((performance.timeOrigin + performance.now() - originMs) * timeScale),
    after(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(delayMs / timeScale, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  }
}

function routesTo(url: string) {
  const keys = { OPENAI_API_KEY: 'sk-double', ANTHROPIC_API_KEY: 'sk-double' }
  const named = Array.from({ length: routes }, (_, index) => {
    const solvers = [`openai/double-${index}`, `anthropic/claude-haiku-4-5-double-${index}`].map((model) => {
      const prices: PriceTable = { [model]: { ...doublePrice, asOf: '2026-01-01', source: 'the double' } }
      return hostedSolver(model, { keys, baseUrl: `${url}/v1`, prices, maxOutputTokens: 1000 })
    })
    if (index % 2 === 1) solvers.reverse()
    return [`route-${index}`, { solvers, timeoutMs: 30_000 }] as const
  })
  return Object.fromEntries(named)
}

function routeOf(seed: number): string {
  return `route-${seed % routes}`
}

const Answer = z.object({ total: z.number(), unit: z.string() })

const Input = z.object({ seed: z.number() })

/** One workflow for each kind of run and ceiling: `question-0`, `agent-2`. */
function workflowsOf(scriptOf: (seed: number) => Script): Workflow[] {
  return ceilingsUsd.flatMap((usd, index) => {
    const limits = { cost: `$${usd}` as const }
    const question = workflow({
      name: `question-${index}`,
      input: Input,
      limits,
      run: (ctx, { seed }) =>
        ctx.extract('read', {
          schema: Answer,
          from: { text: `trial-${seed}` },
          route: routeOf(seed),
          retry: { attempts: 2, delay: '1s' },
        }),
    })
    const working = workflow({
      name: `agent-${index}`,
      input: Input,
      limits,
      run: (ctx, { seed }) => ctx.agent(clerkOf(seed, scriptOf(seed)), `trial-${seed}`),
    })
    return [question as Workflow, working as Workflow]
  })
}

function clerkOf(seed: number, script: Script) {
  const toolOf = (name: string, effect: 'read' | 'idempotent') =>
    tool({
      name,
      description: `Does ${name}.`,
      input: z.object({ order: z.number(), usd: z.number() }),
      output: z.object({ done: z.boolean() }),
      effect,
      risk: 'low',
      run: (args) => {
        script.made.push(callKey(name, args))
        return { done: true }
      },
    })
  return agent({
    name: 'clerk',
    instructions: 'Settle the orders.',
    input: z.string(),
    output: Answer,
    tools: [toolOf('find', 'read'), toolOf('pay', 'idempotent')],
    // Whatever the double makes up may be paid: the trial is about providers, not about where values come from.
    grants: [{ tool: 'find' }, { tool: 'pay', args: { order: { pattern: '.*' }, usd: { pattern: '.*' } } }],
    route: routeOf(seed),
    limits: { iterations: 6 },
    owner: 'tests',
  })
}
