import type { AgentListener } from '../../src/agents/agent-events.ts'
import { Toolbox } from '../../src/agents/toolbox.ts'
import type { Secrets } from '../../src/base/secrets/secrets.ts'
import { Context } from '../../src/context.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { type Workflow, WorkflowRegistry } from '../../src/engine/workflow.ts'
import type { Authority } from '../../src/governance/authority-snapshot.ts'
import type { PolicyBench } from '../../src/governance/policies/policy-bench.ts'
import { hashedNgrams } from '../../src/memory/embedder.ts'
import { Knowledge } from '../../src/memory/knowledge.ts'
import { Memory } from '../../src/memory/memory.ts'
import type { BudgetPlan } from '../../src/models/asking/budget.ts'
import { Questions } from '../../src/models/asking/questions.ts'
import type { TextListener } from '../../src/models/asking/text-stream.ts'
import { CircuitBreakers } from '../../src/models/route/breaker.ts'
import type { RouteDefinition } from '../../src/models/route/route.ts'
import type { Solver } from '../../src/models/solver.ts'
import { type ApprovalOfRun, listPending } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import { definitionOf } from '../../src/store/journal/events.ts'
import { type JournalEvent, readEvents } from '../../src/store/journal/journal.ts'
import { readRun } from '../../src/store/runs/runs.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { jsonSchemaIssues } from '../../src/tools/json-schema/json-schema.ts'
import type { Tool } from '../../src/tools/tool.ts'
import { openTestDatabase, testEngine } from '../engine/harness.ts'

export interface AgentBench {
  engine: Engine
  database: Database
  clock: FakeClock
  /** The journal of a run. */
  events(id: string): Promise<JournalEvent[]>
  /** `type name` of each event of a run that belongs to a call. */
  told(id: string): Promise<string[]>
  /** What a person is asked next, once something is. */
  nextAsked(): Promise<ApprovalOfRun>
  /** The log lines of a run: their data. */
  logs(id: string): Promise<Record<string, unknown>[]>
}

type Routes = Record<string, Solver | Solver[] | RouteDefinition>

/** An engine with everything a workflow may use, on its own database or on one that an engine before it had. */
export async function agentBench(
  workflows: Workflow[],
  routes: Routes,
  options: {
    database?: Database
    clock?: FakeClock
    newId?: () => string
    budgets?: BudgetPlan
    listener?: AgentListener
    textListener?: TextListener
    memory?: Memory
    secrets?: Secrets
    authority?: Authority
    policies?: PolicyBench
    tools?: readonly Tool[]
  } = {},
): Promise<AgentBench> {
  const clock = options.clock ?? new FakeClock()
  const database = options.database ?? (await openTestDatabase(clock))
  const registry = new WorkflowRegistry()
  for (const each of workflows) registry.add(each)
  const questions = new Questions({
    routes: new Map(Object.entries(routes).map(([name, route]) => [name, routeOf(route)])),
    breakers: new CircuitBreakers({ clock }),
    budgets: options.budgets ?? {},
    database,
    workflows: registry,
    textListener: options.textListener,
  })
  const memory = options.memory ?? new Memory({ database, clock, embedder: hashedNgrams })
  const faculties = {
    questions,
    knowledge: new Knowledge(memory),
    memory,
    ...(options.listener && { agentListener: options.listener }),
    ...(options.authority && { authority: options.authority }),
    ...(options.policies && { policies: options.policies }),
    ...(options.tools && { toolbox: new Toolbox(options.tools) }),
  }
  const { engine } = await testEngine([], {
    database,
    clock,
    workflows: registry,
    checkJsonSchema: jsonSchemaIssues,
    ...(options.secrets && { secrets: options.secrets }),
    ...(options.newId && { newId: options.newId }),
    contextFor: (execution) => new Context(execution, registry, faculties),
  })
  await engine.start()
  const events = async (id: string) => readEvents(database, (await readRun(database, id))!.no)
  return {
    engine,
    database,
    clock,
    events,
    told: async (id) =>
      (await events(id)).filter(({ step }) => step !== null).map(({ type, name }) => `${type} ${name}`),
    nextAsked: async () => {
      const deadline = performance.now() + 20_000
      for (;;) {
        const [pending] = await listPending(database, 1)
        if (pending) return pending
        if (performance.now() > deadline) throw new Error('Nobody was asked within 20 s.')
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    logs: async (id) =>
      (await events(id))
        .filter(({ type }) => definitionOf(type)?.isLine)
        .map(({ type, payload }) => ({ event: type, ...JSON.parse(payload!) })),
  }
}

function routeOf(route: Solver | Solver[] | RouteDefinition): RouteDefinition {
  if (Array.isArray(route)) return { solvers: route }
  return 'solvers' in route ? route : { solvers: [route] }
}
