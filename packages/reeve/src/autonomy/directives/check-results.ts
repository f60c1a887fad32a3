import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import type { JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import type { LineProblems } from '../line-problems.ts'
import { type Placeholder, placeholdersIn } from '../template.ts'
import { templatesIn } from './check-calls.ts'
import type { Directive, DirectiveCall } from './directive.ts'
import type { Known } from './known.ts'

type Parts = Pick<Directive, 'inputs' | 'does' | 'criteria'>

/** JSON Schema of what a call gives; null: it cannot be told. */
type ResultOfCall = (call: DirectiveCall) => JsonSchemaObject | null

/** A directive gives what its last call gives. Only where directives go round in no circle. */
export function resultOfCall(known: Known, directives: ReadonlyMap<string, Directive>): ResultOfCall {
  const resultOf: ResultOfCall = ({ kind, name }) => {
    if (kind === 'script') return known.scripts.find((script) => script.name === name)?.output ?? null
    if (kind === 'workflow') return known.workflows.find((each) => each.name === name)?.output ?? null
    const last = kind === 'directive' ? directives.get(name)?.does.at(-1) : undefined
    return last ? resultOf(last) : null
  }
  return resultOf
}

/** That results have the fields that are taken from them, and that criteria look at what was done. */
export function checkResults(
  { inputs, does, criteria }: Parts,
  resultOf: ResultOfCall,
  problems: LineProblems,
): void {
  const declared = new Map(inputs.map(({ name, schema }) => [name, schema]))
  const check = ({ path }: Placeholder, before: readonly DirectiveCall[], line: number) => {
    const [first, ...rest] = path as [string, ...string[]]
    const input = declared.get(first)
    const named = before.findLast(({ as }) => as === first)
    const last = before.at(-1)
    const call = named ?? last
    if (!input && !call) return
    const names = input || named || first === 'output' ? rest : path
    const fault = faultIn(input ?? resultOf(call!), names)
    if (fault === undefined) return
    const giver = input ? `the input ${first}` : `${call!.kind} ${call!.name}`
    problems.add(line, `{${path.join('.')}} has no value: ${giver} ${fault}`)
  }
  for (const [index, { args = {}, line }] of does.entries())
    for (const placeholder of Object.values(args).flatMap(placeholdersIn))
      check(placeholder, does.slice(0, index), line)
  for (const { check: criterion, line } of criteria) {
    const placeholders = templatesIn(criterion).flatMap(placeholdersIn)
    for (const placeholder of placeholders) check(placeholder, does, line)
    if (criterion.kind === 'value' && placeholders.every(({ path }) => declared.has(path[0]!)))
      problems.add(
        line,
        `it looks at inputs alone, and nothing that is done changes those. Look at a result: ${exampleOf(does)}`,
      )
    if (criterion.kind === 'output' && does.length > 0)
      for (const name of requiredIn(criterion.schema)) check({ path: ['output', name] }, does, line)
  }
}

/** Why a value of that schema has nothing under these names; undefined: it may have. */
function faultIn(schema: Json | JsonSchemaObject | null, names: readonly string[]): string | undefined {
  const [name, ...rest] = names
  if (name === undefined || !isRecord(schema) || isOpen(schema)) return undefined
  if (schema.type === 'array') return /^\d+$/.test(name) ? faultIn(schema.items as Json, rest) : undefined
  if (['string', 'number', 'integer', 'boolean'].includes(String(schema.type)))
    return `is ${schema.type}, which has no field "${name}"`
  if (!isRecord(schema.properties) || Object.keys(schema.properties).length === 0) return undefined
  if (Object.hasOwn(schema.properties, name)) return faultIn(schema.properties[name] as Json, rest)
  return `does not give "${name}". ${nameAdvice(name, Object.keys(schema.properties))}`
}

function isOpen(schema: Record<string, unknown>): boolean {
  const { additionalProperties: more } = schema
  const isUnion = ['anyOf', 'oneOf', 'allOf', '$ref', 'patternProperties'].some((each) => each in schema)
  return isUnion || more === true || isRecord(more)
}

function requiredIn(schema: JsonSchemaObject): string[] {
  return Array.isArray(schema.required) ? schema.required.filter((each) => typeof each === 'string') : []
}

function exampleOf(does: readonly DirectiveCall[]): string {
  return `- {${does.at(-1)?.as ?? 'output'}.count} is at least 1`
}
