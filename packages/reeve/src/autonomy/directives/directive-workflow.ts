import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { type Context, workflow } from '../../context.ts'
import type { Workflow } from '../../engine/workflow.ts'
import { type CriteriaServices, checkCriterion } from '../criteria/check-criterion.ts'
import type { CriterionResult } from '../criteria/criterion.ts'
import { fill, type Scope, valueAt } from '../fill-template.ts'
import { inputsCheck } from '../inputs/input.ts'
import { scriptToolName } from '../scripts/script.ts'
import type { SchemaOfCall } from './check-calls.ts'
import { type Directive, type DirectiveCall, directiveWorkflowName } from './directive.ts'

/** What following a directive needs of the project. */
export interface DirectiveServices extends CriteriaServices {
  /** What is called takes this. */
  schemaOf: SchemaOfCall
  /** The models that answered in a run and the runs below it. */
  modelsUsed(run: string): Promise<string[]>
}

/** What following a directive came to. One whose criteria are not all met fails with `criteria-unmet` and the same in its details. */
export interface DirectiveResult {
  status: 'met' | 'unmet'
  output: Json
  criteria: CriterionResult[]
}

/**
 * A directive as the workflow that it is: what it names is called, one after the other, and each criterion is looked at. There is
 * no model in it but what a called workflow asks, and judges of other routes.
 */
export function directiveWorkflow(directive: Directive, services: DirectiveServices): Workflow {
  const { name, version, inputs, does, criteria, tools, isClosed } = directive
  return workflow({
    name: directiveWorkflowName(name),
    version,
    input: inputsCheck(inputs, `The inputs of directive "${name}"`),
    ...(isClosed && { grants: tools.map((tool) => ({ tool })) }),
    async run(ctx, given): Promise<DirectiveResult> {
      const scope = { ...(given as Record<string, Json>) }
      const own = new Set(inputs.map((input) => input.name))
      let output: Json = null
      for (const call of does) {
        output = await perform(ctx, call, argumentsOf(directive, call, scope, services.schemaOf(call)))
        if (!own.has(call.as)) scope[call.as] = output
        scope.output = output
      }
      const judges = criteria.some(({ check }) => check.kind === 'judge')
      const producers = judges
        ? await ctx.step('who had a part in it', () => services.modelsUsed(ctx.runId))
        : []
      const results: CriterionResult[] = []
      for (const criterion of criteria)
        results.push(await checkCriterion(ctx, services, criterion, { scope, producers }))
      const missed = results.filter(({ met }) => !met)
      if (missed.length === 0) return { status: 'met', output, criteria: results }
      const what = missed.map(({ text, seen }) => `- ${text}\n  found: ${seen}`).join('\n')
      throw new ReeveError(
        'criteria-unmet',
        `Directive "${name}" did what it does, and ${missed.length} of its ${results.length} criteria ${missed.length === 1 ? 'is' : 'are'} not met:\n${what}`,
        { details: { status: 'unmet', output, criteria: results } },
      )
    },
  }) as Workflow
}

async function perform(
  ctx: Context,
  { kind, name }: DirectiveCall,
  args: Record<string, Json>,
): Promise<Json> {
  switch (kind) {
    case 'script':
      return ctx.call(scriptToolName(name), args)
    case 'tool':
      return ctx.call(name, args)
    case 'workflow':
      return (await (await ctx.start(name, args)).result()) as Json
    case 'directive': {
      const child = await ctx.start(directiveWorkflowName(name), args)
      return ((await child.result()) as DirectiveResult).output
    }
  }
}

/** @throws `no-value` */
function argumentsOf(
  { name, inputs }: Directive,
  call: DirectiveCall,
  scope: Scope,
  schema: ReturnType<SchemaOfCall>,
): Record<string, Json> {
  const properties = isRecord(schema?.properties) ? schema.properties : undefined
  if (!call.args) {
    const taken = inputs.filter((input) => !properties || Object.hasOwn(properties, input.name))
    return Object.fromEntries(
      taken
        .filter((input) => scope[input.name] !== undefined)
        .map((input) => [input.name, scope[input.name]!]),
    )
  }
  const args: Record<string, Json> = {}
  for (const [key, template] of Object.entries(call.args)) {
    const [only, more] = template.parts
    if (typeof only === 'object' && more === undefined) {
      const value = valueAt(only, scope)
      // An input that may be left out, and was.
      if (value !== undefined) args[key] = value
      else if (!inputs.some((input) => input.name === only.path[0]))
        throw noValue(name, call, key, `${template.source} has no value`)
      continue
    }
    const filled = fill(template, scope)
    if (!filled.ok) throw noValue(name, call, key, filled.problem)
    args[key] = typed(filled.text, properties?.[key])
  }
  return args
}

function noValue(directive: string, call: DirectiveCall, key: string, problem: string): ReeveError {
  return new ReeveError(
    'no-value',
    `Directive "${directive}" could not call ${call.kind} ${call.name}: --${key} has no value, for ${problem}. Let an earlier call give it.`,
  )
}

/** What is written out in a directive, as what is called takes it. */
function typed(text: string, schema: unknown): Json {
  const type = isRecord(schema) ? schema.type : undefined
  if (type === undefined || type === 'string') return text
  if (type === 'array' && !text.trim().startsWith('[')) return text.split(',').map((each) => each.trim())
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
