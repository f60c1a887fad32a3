import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { toUsd } from '../../../base/money.ts'
import { jsonSchemaIn, toJsonSchema } from '../../../base/schema/schema.ts'
import { toMs } from '../../../base/time/time.ts'
import { defaultSteps, type Workflow } from '../../../engine/workflow.ts'
import { read } from '../../http/endpoint.ts'
import { json, name } from '../parts.ts'

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
  summary: 'Show a workflow',
  params: z.strictObject({ workflow: name }),
  answer: workflow,
  tell: async ({ service: { engine }, params }) => view(engine.workflows.current(params.workflow)),
})

function view({ name: called, version, queue, limits, input, output }: Workflow): z.input<typeof workflow> {
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
    output: output === undefined ? null : outputOf(output),
  }
}

function outputOf(schema: NonNullable<Workflow['output']>): Json | null {
  try {
    return toJsonSchema(schema, 'output') as Json
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'no-json-schema') return null
    throw error
  }
}

export const workflows = { list, one }
