import { z } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import { toUsd } from '../../../base/money.ts'
import { jsonSchemaIn } from '../../../base/schema/schema.ts'
import { toMs } from '../../../base/time/time.ts'
import { defaultSteps, type Workflow } from '../../../engine/workflow.ts'
import type { PreparedGrant } from '../../../governance/grants/grant.ts'
import { type AllMetrics, workflowMetrics } from '../../../inspect/health/workflow-metrics.ts'
import { read } from '../../http/endpoint.ts'
import { metricsByDay, metricsQuery } from '../metrics-shapes.ts'
import { givenSchema, json, name, time } from '../parts.ts'
import { grantInCode, viewGrant } from '../people/agents.ts'

const workflow = z.object({
  name,
  version: z.string(),
  queue: name,
  limits: z.object({
    steps: z.number().nullable().describe('null: no limit'),
    timeMs: z.number().nullable(),
    costUsd: z.number().nullable(),
  }),
  input: json.nullable().describe('JSON Schema of what it takes; null where it cannot be told'),
  output: json.nullable().describe('JSON Schema of what it gives; null where it is not declared'),
  grants: z.array(grantInCode).nullable().describe('What its code grants it; null: it says nothing'),
})

const list = read({
  path: '/api/workflows',
  role: 'viewer',
  summary: 'List the workflows of this project, in their current versions',
  answer: z.object({ items: z.array(workflow) }),
  tell: async ({ service: { engine } }) => ({
    items: engine.workflows.names().map((each) => view(engine.workflows.current(each))),
  }),
})

const one = read({
  path: '/api/workflows/:workflow',
  role: 'viewer',
  summary: 'Get a workflow, with the JSON Schema of its input and output',
  params: z.strictObject({ workflow: name }),
  answer: workflow,
  tell: async ({ service: { engine }, params }) => view(engine.workflows.current(params.workflow)),
})

const figures = read({
  path: '/api/metrics/workflows',
  role: 'viewer',
  summary: 'Get the metrics of each workflow, in all and by day',
  description:
    'Of the newest 20,000 runs that ended; iterations and blocked calls of the newest 1,000, whose journals are read.',
  query: metricsQuery,
  answer: z.object({
    since: time.describe('From when on runs were counted: later than asked for where very many ended'),
    workflows: z.array(metricsByDay.extend({ workflow: name })),
  }) satisfies z.ZodType<AllMetrics>,
  tell: ({ service: { database, clock }, query }) =>
    workflowMetrics(database, clock.now() - toMs(query.since, 'since')),
})

function view({
  name: called,
  version,
  queue,
  limits,
  input,
  output,
  grants,
}: Workflow): z.input<typeof workflow> {
  const { steps = defaultSteps, time, cost } = limits
  return {
    name: called,
    version,
    queue,
    limits: {
      steps: Number.isFinite(steps) ? steps : null,
      timeMs: time === undefined ? null : toMs(time),
      costUsd: cost === undefined ? null : toUsd(cost),
    },
    input: jsonSchemaIn(input) as Json | null,
    output: output === undefined ? null : givenSchema(output),
    grants: grants === undefined ? null : (grants as readonly PreparedGrant[]).map(viewGrant),
  }
}

export const workflows = { list, one, metrics: figures }
