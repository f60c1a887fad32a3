import { isRecord } from '../../base/json/record.ts'
import { nearestName } from '../../base/text/nearest-name.ts'
import type { JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import { inputsSchema } from '../inputs/input.ts'
import type { LineProblems } from '../line-problems.ts'
import { placeholdersIn, type Template } from '../template.ts'
import type { Directive, DirectiveCall } from './directive.ts'
import type { Known } from './known.ts'

type Parts = Pick<Directive, 'inputs' | 'does' | 'criteria'>

/** JSON Schema of what a call takes; null: it cannot be told. */
export type SchemaOfCall = (call: DirectiveCall) => JsonSchemaObject | null

export function schemaOfCall(
  known: Known,
  directives: ReadonlyMap<string, { schema: JsonSchemaObject }>,
): SchemaOfCall {
  return ({ kind, name }) => {
    if (kind === 'script')
      return inputsSchema(known.scripts.find((script) => script.name === name)?.inputs ?? [])
    if (kind === 'directive') return directives.get(name)?.schema ?? null
    if (kind === 'workflow') return known.workflows.find((each) => each.name === name)?.input ?? null
    return null
  }
}

/** That what is called takes what it is given, and is given what it needs; and that every placeholder has a value. */
export function checkCalls(
  { inputs, does, criteria }: Parts,
  schemaOf: SchemaOfCall,
  problems: LineProblems,
): void {
  const used = new Set<string>()
  const before: string[] = []
  const checkPlaceholders = (templates: readonly Template[], line: number) => {
    for (const { path } of templates.flatMap(placeholdersIn)) {
      const [first] = path as [string]
      if (inputs.some(({ name }) => name === first)) used.add(first)
      else if (first !== 'output' && !before.includes(first)) {
        // The field of a result, which is known when it is there; but a misspelt input is one now.
        const near = nearestName(first, [...inputs.map(({ name }) => name), ...before])
        if (before.length === 0 || (near !== undefined && near !== first))
          problems.add(
            line,
            `{${path.join('.')}} is not an input${before.length > 0 ? ' and no result' : ''}. ${near ? `Did you mean {${near}}?` : `Add it to Inputs, or name one of ${inputs.map(({ name }) => `{${name}}`).join(', ') || 'none'}`}`,
          )
      }
    }
  }
  for (const call of does) {
    checkPlaceholders(Object.values(call.args ?? {}), call.line)
    checkArguments(call, schemaOf(call), inputs, used, problems)
    before.push(call.as)
  }
  for (const { check, line } of criteria) checkPlaceholders(templatesIn(check), line)
  const idle = inputs.filter(({ name }) => !used.has(name)).map(({ name }) => name)
  if (idle.length > 0 && does.length > 0)
    problems.add(
      does[0]!.line,
      `nothing takes the input ${idle.join(', ')}. Give it to what is called (--${idle[0]} {${idle[0]}}), or remove it from Inputs`,
    )
}

function checkArguments(
  call: DirectiveCall,
  schema: JsonSchemaObject | null,
  inputs: Parts['inputs'],
  used: Set<string>,
  problems: LineProblems,
): void {
  if (!isRecord(schema) || !isRecord(schema.properties)) {
    if (call.args === undefined) for (const { name } of inputs) used.add(name)
    return
  }
  const takes = Object.keys(schema.properties)
  const isOpen = schema.additionalProperties !== false && call.kind !== 'script' && call.kind !== 'directive'
  const given = call.args
    ? Object.keys(call.args)
    : inputs.map(({ name }) => name).filter((name) => takes.includes(name))
  if (!call.args) for (const name of given) used.add(name)
  const what = `${call.kind} ${call.name}`
  for (const name of given) {
    if (takes.includes(name) || isOpen) continue
    const near = nearestName(name, takes)
    problems.add(
      call.line,
      `${what} does not take --${name}. ${near ? `Did you mean --${near}?` : `It takes: ${takes.map((each) => `--${each}`).join(', ') || 'nothing'}.`}`,
    )
  }
  const needs = Array.isArray(schema.required) ? (schema.required as string[]) : []
  for (const name of needs.filter((each) => !given.includes(each)))
    problems.add(call.line, `${what} needs --${name}. Add --${name} {…}, or an input of that name`)
  for (const name of given) {
    const own = inputs.find((input) => input.name === sourceOf(call, name))
    const wanted = schema.properties[name]
    if (!own || !isRecord(wanted)) continue
    const [has, needed] = [typeOf(own.schema), typeOf(wanted)]
    if (has && needed && has !== needed && !(has === 'integer' && needed === 'number'))
      problems.add(
        call.line,
        `--${name} of ${what} is ${needed}, and the input ${own.name} is ${own.type}. Give both the same type`,
      )
    if (needs.includes(name) && !own.required && own.default === undefined)
      problems.add(
        call.line,
        `${what} needs --${name}, and the input ${own.name} may be left out. Make it (required), or give it a default`,
      )
  }
}

/** The input that is handed on as it is. */
function sourceOf(call: DirectiveCall, name: string): string | undefined {
  if (!call.args) return name
  const { parts } = call.args[name]!
  const only = parts.length === 1 ? parts[0]! : ''
  return typeof only === 'string' || only.path.length !== 1 ? undefined : only.path[0]
}

function typeOf(schema: JsonSchemaObject): string | undefined {
  return typeof schema.type === 'string' ? schema.type : undefined
}

/** Where a criterion has places for values. */
export function templatesIn(check: Parts['criteria'][number]['check']): Template[] {
  switch (check.kind) {
    case 'http':
      return [check.url, ...check.contains, ...check.lacks]
    case 'file':
      return [check.path, ...check.contains, ...check.lacks]
    case 'command':
      return [...check.argv, ...check.contains, ...check.lacks]
    case 'sql':
      return [...check.parameters, check.value]
    case 'value':
      return [check.left, check.right]
    case 'judge':
      return [check.rubric]
    case 'output':
      return []
  }
}
