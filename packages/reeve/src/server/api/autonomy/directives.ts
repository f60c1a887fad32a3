import { z } from 'zod'
import { type Directive, directiveWorkflowName } from '../../../autonomy/directives/directive.ts'
import { inputsSchema } from '../../../autonomy/inputs/input.ts'
import type { Script } from '../../../autonomy/scripts/script.ts'
import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { nameAdvice } from '../../../base/text/nearest-name.ts'
import { toMs } from '../../../base/time/time.ts'
import { workMetrics } from '../../../inspect/health/work-metrics.ts'
import { read } from '../../http/endpoint.ts'
import { metricsByDay, metricsQuery } from '../metrics-shapes.ts'
import { json, name } from '../parts.ts'
import { diff, note, versions } from './directive-versions.ts'

const directive = z.object({
  name,
  title: z.string(),
  goal: z.string(),
  workflow: name.describe('Start it by this name'),
  version: z.string(),
  hash: z.string().describe('Of the whole file'),
  file: z.string(),
  inputs: json.describe('JSON Schema of what it takes'),
  does: z.array(
    z.object({ kind: z.enum(['script', 'tool', 'workflow', 'directive']), name, line: z.number() }),
  ),
  tools: z.array(name),
  criteria: z.array(z.object({ text: z.string(), line: z.number() })),
  failureModes: z.array(z.string()),
})

function viewDirective(each: Directive): z.input<typeof directive> {
  const { title, goal, version, hash, file, schema, does, tools, criteria, failureModes } = each
  return {
    name: each.name,
    title,
    goal,
    workflow: directiveWorkflowName(each.name),
    version,
    hash,
    file,
    inputs: schema as Json,
    does: does.map((call) => ({ kind: call.kind, name: call.name, line: call.line })),
    tools,
    criteria: criteria.map(({ text, line }) => ({ text, line })),
    failureModes,
  }
}

const list = read({
  path: '/api/directives',
  role: 'viewer',
  summary: 'List the directives of this project',
  answer: z.object({ items: z.array(directive) }),
  tell: async ({ service: { project } }) => ({ items: project.directives.map(viewDirective) }),
})

const one = read({
  path: '/api/directives/:directive',
  role: 'viewer',
  summary: 'Show a directive, with its text',
  params: z.strictObject({ directive: name }),
  answer: directive.extend({ text: z.string() }),
  tell: async ({ service: { project }, params }) => {
    const found = known(project.directives, params.directive)
    return { ...viewDirective(found), text: found.text }
  },
})

const metrics = read({
  path: '/api/directives/:directive/metrics',
  role: 'viewer',
  summary: 'Say how well a directive did, in all and by day',
  description:
    'Of its newest 1,000 runs among the newest 20,000 that ended, with all that the runs below them did; of each journal the first 500 events.',
  params: z.strictObject({ directive: name }),
  query: metricsQuery,
  answer: metricsByDay,
  async tell({ service: { database, clock, project }, params, query }) {
    const workflow = directiveWorkflowName(known(project.directives, params.directive).name)
    return workMetrics(database, { kind: 'directive', workflow }, clock.now() - toMs(query.since, 'since'))
  },
})

/** @throws `unknown-directive` */
function known(all: readonly Directive[], called: string): Directive {
  const found = all.find((each) => each.name === called)
  if (found) return found
  const names = all.map((each) => each.name)
  throw new ReeveError('unknown-directive', `There is no directive "${called}". ${nameAdvice(called, names)}`)
}

const script = z.object({
  name,
  file: z.string(),
  tool: name.describe('The tool that it is'),
  description: z.string(),
  inputs: json.describe('JSON Schema of what it takes'),
  output: json.nullable().describe('JSON Schema of its result; null: any JSON'),
  effect: z.enum(['read', 'idempotent', 'once']),
  timeoutMs: z.number(),
  memoryBytes: z.number(),
  network: z.boolean(),
  dryRun: z.boolean(),
  tests: z.array(z.string()),
  hash: z.string(),
})

function viewScript({ manifest, tool, ...rest }: Script): z.input<typeof script> {
  const { description, inputs, output, effect, timeoutMs, memoryBytes, network, dryRun } = manifest
  return {
    name: rest.name,
    file: rest.file,
    tool: tool.name,
    description,
    inputs: inputsSchema(inputs) as Json,
    output: output as Json,
    effect,
    timeoutMs,
    memoryBytes,
    network,
    dryRun,
    tests: rest.tests,
    hash: rest.hash,
  }
}

const listScripts = read({
  path: '/api/scripts',
  role: 'viewer',
  summary: 'List the scripts of this project, with what each declares',
  answer: z.object({ items: z.array(script) }),
  tell: async ({ service: { project } }) => ({ items: project.scripts.map(viewScript) }),
})

/** The directives of a project over HTTP. */
export const directives = { list, one, metrics, versions, diff, note }

/** Its scripts. */
export const scripts = { list: listScripts }
