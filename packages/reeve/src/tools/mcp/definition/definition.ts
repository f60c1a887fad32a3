import { setImmediate } from 'node:timers/promises'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { unseenIn, visibleBrief } from '../../../base/text/visible-text.ts'
import { type FromJsonSchema, fromJsonSchema, type JsonSchemaObject } from '../../json-schema/json-schema.ts'

/** All of a tool or prompt that a model or a person is told of, as its server gives it. What is not here is never shown. */
export interface Definition {
  kind: 'tool' | 'prompt'
  name: string
  title?: string
  description: string
  inputSchema: JsonSchemaObject
  outputSchema?: JsonSchemaObject
  /** The server's claims about itself (`readOnlyHint` and so on). Pinned, shown to a person, and never believed. */
  annotations?: JsonSchemaObject
}

/** What a server lists now: a definition, and why it cannot be used if it cannot. */
export interface Listed {
  definition: Definition
  problem?: string
}

const longestName = 128
const longestDefinition = 64 * 1024

interface GivenTool {
  name: string
  title?: string | undefined
  description?: string | undefined
  inputSchema: object
  outputSchema?: object | undefined
  annotations?: object | undefined
}

interface GivenPrompt {
  name: string
  title?: string | undefined
  description?: string | undefined
  arguments?: { name: string; description?: string | undefined; required?: boolean | undefined }[] | undefined
}

export function toolDefinition(given: GivenTool): Definition {
  return {
    kind: 'tool',
    name: given.name,
    ...(given.title === undefined ? {} : { title: given.title }),
    description: given.description ?? '',
    inputSchema: given.inputSchema as JsonSchemaObject,
    ...(given.outputSchema === undefined ? {} : { outputSchema: given.outputSchema as JsonSchemaObject }),
    ...(given.annotations === undefined ? {} : { annotations: given.annotations as JsonSchemaObject }),
  }
}

/** A prompt takes texts by name. */
export function promptDefinition(given: GivenPrompt): Definition {
  const properties: { [key: string]: Json } = {}
  for (const { name, description } of given.arguments ?? []) {
    properties[name] = { type: 'string', ...(description === undefined ? {} : { description }) }
  }
  const required = (given.arguments ?? []).filter((argument) => argument.required).map(({ name }) => name)
  return {
    kind: 'prompt',
    name: given.name,
    ...(given.title === undefined ? {} : { title: given.title }),
    description: given.description ?? '',
    inputSchema: { type: 'object', properties, required, additionalProperties: false },
  }
}

/** What a server lists, each with what is wrong with it. Others get their turn between: a list may be long. */
export async function listed(definitions: Definition[]): Promise<Listed[]> {
  const counts = new Map<string, number>()
  for (const { kind, name } of definitions) {
    const key = `${kind}:${name}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const all: Listed[] = []
  for (const definition of definitions) {
    const twice = counts.get(`${definition.kind}:${definition.name}`)! > 1
    const problem = twice ? 'it is listed twice' : problemOf(definition)
    all.push(problem === undefined ? { definition } : { definition, problem })
    await setImmediate()
  }
  return all
}

function problemOf(definition: Definition): string | undefined {
  const { kind, name, inputSchema, outputSchema } = definition
  if (name.length > longestName || !/^[a-z][\w-]*(\.[a-z][\w-]*)*$/i.test(name)) {
    return 'its name is not made of letters, digits, "-" and "_", with "." between parts'
  }
  if (kind === 'tool' && /^(resource|prompt)(\.|$)/i.test(name)) {
    return `its name would pass for one of Reeve's own (${name})`
  }
  const size = JSON.stringify(definition).length
  if (size > longestDefinition)
    return `its definition has ${size} characters; ${longestDefinition} are the most`
  try {
    fromJsonSchema(inputSchema, 'Its input schema')
    if (outputSchema) fromJsonSchema(outputSchema, 'Its output schema')
  } catch (error) {
    return messageOf(error)
  }
  return
}

/** What a person should look at twice before pinning. */
export function warningsOf(definition: Definition): string[] {
  const { name, title = '', description, ...rest } = definition
  const unseen = unseenIn(`${name}${title}${description}${JSON.stringify(rest)}`)
  return unseen.length === 0
    ? []
    : [`${visibleBrief(name)} has characters that cannot be seen: ${unseen.slice(0, 8).join(' ')}`]
}

/** A definition's input schema, read when it is used: it may be pinned anew meanwhile. */
export function inputOf(pinned: () => Definition): FromJsonSchema {
  const schema = () => fromJsonSchema(pinned().inputSchema, 'The pinned input schema')
  return {
    '~standard': {
      version: 1,
      vendor: 'reeve',
      validate: (value) => schema()['~standard'].validate(value) as StandardSchemaV1.Result<Json>,
      jsonSchema: {
        input: (options) => schema()['~standard'].jsonSchema.input(options),
        output: (options) => schema()['~standard'].jsonSchema.output(options),
      },
    },
  }
}

/** What a definition is called among the server's tools. */
export function partOf({ kind, name }: Pick<Definition, 'kind' | 'name'>): string {
  return kind === 'prompt' ? `prompt.${name}` : name
}
