import { messageOf } from '../../base/errors.ts'
import { isInnerPath } from '../../base/files/inner-path.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { type Duration, toMs } from '../../base/time/time.ts'
import { plainEffectClasses } from '../../store/journal/vocabulary/effect-class.ts'
import { fromJsonSchema, type JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import { type Input, inputsSchema } from '../inputs/input.ts'
import { inputExample, readInput } from '../inputs/read-input.ts'
import type { LineProblems } from '../line-problems.ts'
import type { ScriptManifest } from './script.ts'

/** For messages. */
export const manifestExample = `reeve:
      description: Publishes an article
      inputs:
        topic: string (required)
      effect: idempotent`

const axes = ['risk', 'approval', 'reads', 'sends', 'directs', 'answers', 'kinds', 'place'] as const
const fields = [
  'description',
  'inputs',
  'output',
  'effect',
  ...axes,
  'timeout',
  'memory',
  'maxOutput',
  'env',
  'secrets',
  'network',
  'dryRun',
  'folder',
]
const variable = /^[A-Za-z_]\w*$/
/** What a script must not change of the process that it is. */
const reservedVariables =
  /^(?:PATH|LANG|HOME|NODE_OPTIONS|LD_\w+|PYTHON(?:PATH|STARTUP|HOME)|BASH_ENV|ENV|REEVE_\w*)$/

/** The lines of a manifest: where each of its parts stands. */
export type LineOf = (...path: string[]) => number

/** What a manifest says; what is wrong is added to `problems`. */
export function readManifest(value: unknown, lineOf: LineOf, problems: LineProblems): ScriptManifest {
  const given = isRecord(value) ? value : {}
  if (!isRecord(value))
    problems.add(lineOf(), `the manifest is ${describeValue(value)}. Write:\n    ${manifestExample}`)
  for (const name of Object.keys(given))
    if (!fields.includes(name))
      problems.add(lineOf(name), `"${name}" is not a part of a manifest. ${nameAdvice(name, fields)}`)
  const text = (name: string, fallback: string) => {
    const found = given[name]
    if (found === undefined) return fallback
    if (typeof found === 'string') return found
    problems.add(lineOf(name), `${name} is ${describeValue(found)}; it must be a text`)
    return fallback
  }
  const flag = (name: string) => {
    const found = given[name]
    if (found === undefined || typeof found === 'boolean') return found === true
    if (name === 'network' && found === 'none') return false
    const advice = name === 'network' ? '. Which hosts it asks cannot be held to: say true' : ''
    problems.add(lineOf(name), `${name} is ${describeValue(found)}; it must be true or false${advice}`)
    return false
  }
  if (typeof given.description !== 'string' || given.description.trim() === '')
    problems.add(lineOf('description'), 'it has no description. Say in one sentence what it does')
  const effect = text('effect', 'once')
  if (!(plainEffectClasses as readonly string[]).includes(effect))
    problems.add(lineOf('effect'), `effect is "${effect}"; it must be read, idempotent or once`)
  return {
    description: text('description', '').trim(),
    inputs: inputsIn(given.inputs, (name) => lineOf('inputs', ...name), problems),
    output: outputIn(given.output, (name) => lineOf('output', ...name), problems),
    effect: effect as ScriptManifest['effect'],
    axes: Object.fromEntries(
      axes.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]),
    ),
    timeoutMs: timeIn(given.timeout, lineOf('timeout'), problems),
    memoryBytes: bytesIn(given.memory, 512 * 1_048_576, 'memory', lineOf('memory'), problems),
    maxOutputBytes: bytesIn(given.maxOutput, 1_048_576, 'maxOutput', lineOf('maxOutput'), problems),
    env: variablesIn(given.env, 'env', lineOf('env'), problems),
    secrets: secretsIn(given.secrets, lineOf('secrets'), problems),
    network: flag('network'),
    dryRun: flag('dryRun'),
    folder: folderIn(text('folder', '.'), lineOf('folder'), problems),
  }
}

/** Of what a manifest declares. */
export function manifestText(manifest: ScriptManifest): string {
  return canonical(JSON.parse(JSON.stringify(manifest)) as Json)
}

function inputsIn(value: unknown, lineOf: (path: string[]) => number, problems: LineProblems): Input[] {
  if (value === undefined || value === null) return []
  const lines = Array.isArray(value)
    ? value.map((text, index): [string, unknown] => [String(index), text])
    : isRecord(value)
      ? Object.entries(value).map(([name, type]): [string, unknown] => [name, `${name}: ${String(type)}`])
      : undefined
  if (!lines) {
    problems.add(
      lineOf([]),
      `inputs is ${describeValue(value)}; it must be a list, such as:\n    ${inputExample}`,
    )
    return []
  }
  return lines.flatMap(([key, text]) => {
    const input =
      typeof text === 'string'
        ? readInput(text)
        : `${describeValue(text)} is not an input. Write: ${inputExample}`
    if (typeof input === 'string') problems.add(lineOf([key]), input)
    else if (input.name === 'dry-run')
      problems.add(lineOf([key]), '"dry-run" is the runtime\'s own. Rename this input')
    else return [input]
    return []
  })
}

/** A list as that of inputs says which fields there are; `schema` has a JSON Schema. */
function outputIn(
  value: unknown,
  lineOf: (path: string[]) => number,
  problems: LineProblems,
): JsonSchemaObject | null {
  if (value === undefined || value === null) return null
  if (isRecord(value) && isRecord(value.schema)) {
    try {
      fromJsonSchema(value.schema as JsonSchemaObject, 'The schema')
      return value.schema as JsonSchemaObject
    } catch (error) {
      problems.add(lineOf(['schema']), messageOf(error))
      return null
    }
  }
  const parts = inputsIn(value, lineOf, problems)
  const schema = inputsSchema(parts) as Record<string, unknown>
  delete schema.additionalProperties
  return schema as JsonSchemaObject
}

function timeIn(value: unknown, line: number, problems: LineProblems): number {
  if (value === undefined) return 30_000
  try {
    const ms = toMs(value as Duration, 'timeout')
    if (ms > 0 && ms <= 86_400_000) return ms
    problems.add(line, `timeout is ${describeValue(value)}; it must be more than nothing, and a day at most`)
  } catch (error) {
    problems.add(line, messageOf(error))
  }
  return 30_000
}

const units: Readonly<Record<string, number>> = { kb: 1024, mb: 1_048_576, gb: 1_073_741_824 }

function bytesIn(
  value: unknown,
  fallback: number,
  name: string,
  line: number,
  problems: LineProblems,
): number {
  if (value === undefined) return fallback
  const [, amount, unit] = /^(\d{1,6})\s*(kb|mb|gb)$/i.exec(String(value)) ?? []
  const bytes = Number(amount) * (units[unit?.toLowerCase() ?? ''] ?? Number.NaN)
  if (bytes >= 1024 && bytes <= 64 * 1_073_741_824) return bytes
  problems.add(line, `${name} is ${describeValue(value)}; write an amount such as 64 MB, up to 64 GB`)
  return fallback
}

function variablesIn(value: unknown, name: string, line: number, problems: LineProblems): string[] {
  if (value === undefined || value === null) return []
  const names = Array.isArray(value) ? value : [value]
  return names.filter((each): each is string => {
    const fault =
      typeof each !== 'string' || !variable.test(each)
        ? 'is not a name of a variable'
        : reservedVariables.test(each)
          ? 'is set by the runtime'
          : undefined
    if (fault)
      problems.add(
        line,
        `${name} has ${describeValue(each)}, which ${fault}. Name variables of the worker: [TZ, SHOP_URL]`,
      )
    return fault === undefined
  })
}

function secretsIn(value: unknown, line: number, problems: LineProblems): Record<string, string> {
  if (!isRecord(value))
    return Object.fromEntries(variablesIn(value, 'secrets', line, problems).map((each) => [each, each]))
  const own = variablesIn(Object.keys(value), 'secrets', line, problems)
  return Object.fromEntries(
    own.flatMap((name) =>
      variablesIn(value[name], `secrets.${name}`, line, problems)
        .slice(0, 1)
        .map((from) => [name, from]),
    ),
  )
}

function folderIn(folder: string, line: number, problems: LineProblems): string {
  if (isInnerPath(folder)) return folder
  problems.add(line, `folder is "${folder}"; it must be a folder inside the project`)
  return '.'
}
