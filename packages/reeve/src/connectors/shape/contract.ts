import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { jsonSchemaIn, toJsonSchema } from '../../base/schema/schema.ts'
import type { HmacSignature } from '../../triggers/signatures/own-hmac.ts'
import { type AnyAction, endpointsOf } from './action.ts'
import type { AnyDefinition } from './definition.ts'
import type { TriggerDefinition } from './trigger.ts'

/** What an action is to whoever calls it: two with the same contract are called alike. */
export interface ActionContract {
  endpoints: readonly string[]
  effect: string
  input: Json | null
  output: Json | null
  scopes: readonly string[]
  directs: readonly string[]
  reads: string | null
  sends: string | null
}

/** What a trigger is to whoever listens to it. */
export interface TriggerContract {
  by: string
  schema: Json | null
  /** How events are signed, where the connector says it itself: a scheme that has a name does not change. */
  signature?: HmacSignature
}

/** What a connection is to the project: versions, actions and triggers. */
export interface Contract {
  connector: string
  version: string
  vendorApi: string
  /** What it was made from, where it was. */
  source?: string
  actions: Readonly<Record<string, ActionContract>>
  triggers: Readonly<Record<string, TriggerContract>>
}

export function contractOf(definition: AnyDefinition): Contract {
  const { name, version, vendorApi, source, actions, triggers = {} } = definition
  return {
    connector: name,
    version,
    vendorApi: vendorApi.version,
    ...(source !== undefined && { source }),
    actions: mapped(actions as Record<string, AnyAction>, (each) => ofAction(each)),
    triggers: mapped(triggers as Record<string, TriggerDefinition>, (each) => ({
      by: each.by,
      schema: jsonSchemaIn(each.schema),
      ...(each.by === 'webhook' && typeof each.signature === 'object' && { signature: each.signature }),
    })),
  }
}

function ofAction({ definition }: AnyAction): ActionContract {
  const { effect, input, output, scopes = [], directs = [], reads = null, sends = null } = definition
  return {
    endpoints: endpointsOf(definition),
    effect,
    input: jsonSchemaIn(input),
    output: jsonSchemaOut(output),
    scopes,
    directs,
    reads,
    sends,
  }
}

function jsonSchemaOut(schema: Parameters<typeof toJsonSchema>[0]): Json | null {
  try {
    return toJsonSchema(schema, 'output') as Json
  } catch {
    return null
  }
}

function mapped<From, To>(of: Readonly<Record<string, From>>, make: (each: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(of).map(([name, each]) => [name, make(each)]))
}

/** Of a contract, or of one of its actions. */
export function fingerprintOf(part: unknown): string {
  return sha256(canonical(JSON.parse(JSON.stringify(part)))).slice(0, 16)
}

/** One difference between two contracts. */
export interface ContractChange {
  /** `actions.refund.input`, `version`. */
  path: string
  before: Json | null
  after: Json | null
}

const mostChanges = 200

/** What is different, down to the schemas' parts. */
export function contractDiff(before: Contract, after: Contract): ContractChange[] {
  const changes: ContractChange[] = []
  compare('', before as unknown as Json, after as unknown as Json, changes)
  return changes
}

function compare(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
  into: ContractChange[],
): void {
  if (into.length >= mostChanges || canonical(before ?? null) === canonical(after ?? null)) return
  if (!isMap(before) || !isMap(after)) {
    into.push({ path, before: before ?? null, after: after ?? null })
    return
  }
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
    compare(path === '' ? name : `${path}.${name}`, before[name], after[name], into)
}

function isMap(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
