import type { JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import type { Criterion } from '../criteria/criterion.ts'
import type { Input } from '../inputs/input.ts'
import type { Template } from '../template.ts'

/** What a directive has done, in the order of its list: a script, a tool, a workflow or another directive. */
export interface DirectiveCall {
  kind: 'script' | 'tool' | 'workflow' | 'directive'
  name: string
  /** By this name later calls and criteria speak of its result. */
  as: string
  /** By the inputs of what is called. Undefined: what of the directive's own inputs it takes. */
  args: Readonly<Record<string, Template>> | undefined
  line: number
}

/** A standing instruction, as its file in `directives/` has it. */
export interface Directive {
  /** The name of its file. */
  name: string
  title: string
  goal: string
  inputs: Input[]
  /** At least one. The result of the last is the directive's output. */
  does: DirectiveCall[]
  /** The names of the tools that its run may call, and all that this starts; those of its scripts are among them. */
  tools: string[]
  /** Whether its run may call these alone: unless it has a workflow or a directive do it, and names no tools for that. */
  isClosed: boolean
  criteria: Criterion[]
  /** Known failure modes, as they are written. */
  failureModes: string[]
  /** Relative to the project. */
  file: string
  /** Of the whole file. */
  hash: string
  /** Of all but the known failure modes: runs stay with the version of what they do, not of what is known about it. */
  version: string
  /** The file. */
  text: string
  /** JSON Schema of the inputs. */
  schema: JsonSchemaObject
}

const prefix = 'directive:'

/** The workflow that a directive is. */
export function directiveWorkflowName(name: string): string {
  return `${prefix}${name}`
}

/** The directive that a workflow is; undefined: it is none. */
export function directiveOf(workflow: string): string | undefined {
  return workflow.startsWith(prefix) ? workflow.slice(prefix.length) : undefined
}
