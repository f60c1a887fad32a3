import { z } from 'zod'
import { type Directive, directiveWorkflowName } from '../../../autonomy/directives/directive.ts'
import { inputsSchema } from '../../../autonomy/inputs/input.ts'
import type { Script } from '../../../autonomy/scripts/script.ts'
import { ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { nameAdvice } from '../../../base/text/nearest-name.ts'
import { toMs } from '../../../base/time/time.ts'
import { type ToolOutcomes, toolOutcomes } from '../../../inspect/health/tool-outcomes.ts'
import { workMetrics } from '../../../inspect/health/work-metrics.ts'
import { criteriaSeen, type LastRun, lastRuns } from '../../../inspect/ledger/last-runs.ts'
import { plainEffectClasses } from '../../../store/journal/vocabulary/effect-class.ts'
import { read } from '../../http/endpoint.ts'
import { metricsByDay, metricsQuery } from '../metrics-shapes.ts'
import { json, name, time } from '../parts.ts'
import { diff, note, versions } from './directive-versions.ts'

const lastRun = z.object({
  runId: z.string(),
  at: time.describe('When it was started'),
  result: z.enum(['success', 'unmet', 'failed', 'cancelled', 'pending']),
  detail: z.string().describe('What failed or was not met. Untrusted'),
  costUsd: z.number(),
  durationMs: z.number().nullable().describe('Null: it has not ended'),
}) satisfies z.ZodType<LastRun>

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
  last: lastRun.nullable().describe('Its newest run, among the newest 20,000 runs of all'),
})

function viewDirective(each: Directive, last: LastRun | undefined): z.input<typeof directive> {
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
    last: last ?? null,
  }
}

const list = read({
  path: '/api/directives',
  role: 'viewer',
  summary: 'List the directives of this project',
  answer: z.object({ items: z.array(directive) }),
  async tell({ service: { database, project } }) {
    const workflows = project.directives.map((each) => directiveWorkflowName(each.name))
    const last = await lastRuns(database, workflows)
    return {
      items: project.directives.map((each, index) => viewDirective(each, last.get(workflows[index]!))),
    }
  },
})

const seen = z.array(
  z.object({
    text: z.string(),
    met: z.boolean(),
    seen: z.string().describe('What was found, in words. Untrusted'),
  }),
)

const one = read({
  path: '/api/directives/:directive',
  role: 'viewer',
  summary: 'Get a directive, with its text',
  params: z.strictObject({ directive: name }),
  answer: directive.extend({
    text: z.string(),
    seen: seen.describe('What its newest run found of the criteria; empty where it did not come so far'),
  }),
  tell: async ({ service: { database, project }, params }) => {
    const found = known(project.directives, params.directive)
    const workflow = directiveWorkflowName(found.name)
    const last = (await lastRuns(database, [workflow])).get(workflow)
    return {
      ...viewDirective(found, last),
      text: found.text,
      seen: last ? await criteriaSeen(database, last.runId) : [],
    }
  },
})

const metrics = read({
  path: '/api/directives/:directive/metrics',
  role: 'viewer',
  summary: 'Get the metrics of a directive, in all and by day',
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
  effect: z.enum(plainEffectClasses),
  timeoutMs: z.number(),
  memoryBytes: z.number(),
  network: z.boolean(),
  dryRun: z.boolean(),
  tests: z.array(z.string()),
  hash: z.string(),
  calls: z
    .object({
      ended: z.number(),
      failed: z.number(),
      last: z.object({
        runId: z.string(),
        at: time,
        failed: z.boolean(),
        detail: z.string().nullable().describe('What it failed with. Untrusted'),
      }),
    })
    .nullable()
    .describe(
      'By the newest 1,000 runs that ended; null: it was not called',
    ) satisfies z.ZodType<ToolOutcomes | null>,
})

function viewScript(
  { manifest, tool, ...rest }: Script,
  calls: ToolOutcomes | undefined,
): z.input<typeof script> {
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
    calls: calls ?? null,
  }
}

const listScripts = read({
  path: '/api/scripts',
  role: 'viewer',
  summary: 'List the scripts of this project, with what each declares',
  answer: z.object({ items: z.array(script) }),
  query: metricsQuery,
  async tell({
    service: {
      database,
      clock,
      project: { scripts },
    },
    query,
  }) {
    const names = scripts.map(({ tool }) => tool.name)
    const calls = await toolOutcomes(database, names, clock.now() - toMs(query.since, 'since'))
    return { items: scripts.map((each) => viewScript(each, calls.get(each.tool.name))) }
  },
})

/** The directives of a project over HTTP. */
export const directives = { list, one, metrics, versions, diff, note }

/** Its scripts. */
export const scripts = { list: listScripts }
