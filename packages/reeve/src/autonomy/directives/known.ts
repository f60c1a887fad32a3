import type { JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import type { Input } from '../inputs/input.ts'

/** What a directive may name, besides other directives. */
export interface Known {
  scripts: readonly KnownScript[]
  /** Scripts of skills that nothing may call, and why. */
  quarantined?: readonly { name: string; file: string; quarantined: string | null }[]
  tools: readonly { name: string; effect?: string }[]
  workflows: readonly KnownWorkflow[]
  /** The names of routes that may judge. */
  routes: readonly string[]
}

export interface KnownScript {
  name: string
  /** Relative to the project: `scripts/publish.py`. */
  file: string
  /** The tool that it is. */
  tool: string
  inputs: readonly Input[]
  /** JSON Schema of its result; null: any JSON. */
  output: JsonSchemaObject | null
}

export interface KnownWorkflow {
  name: string
  /** JSON Schema of what it takes; null: it cannot be told. */
  input: JsonSchemaObject | null
  /** JSON Schema of what it gives; null: it cannot be told. */
  output: JsonSchemaObject | null
}
