import type { JsonSchemaObject } from '../../tools/json-schema/json-schema.ts'
import type { Template } from '../template.ts'

/** How it is found out whether a criterion is met. */
export type CriterionCheck =
  | {
      kind: 'http'
      method: 'GET' | 'HEAD'
      url: Template
      status: number
      contains: Template[]
      lacks: Template[]
    }
  | { kind: 'file'; path: Template; exists: boolean; contains: Template[]; lacks: Template[] }
  | { kind: 'command'; argv: Template[]; exitCode: number; contains: Template[]; lacks: Template[] }
  /** `source`: an SQLite file of the project, or the name of a tool that reads by SQL. `parameters` stand as `?` in `sql`. */
  | {
      kind: 'sql'
      source: string
      sql: string
      parameters: Template[]
      comparison: Comparison
      value: Template
    }
  | { kind: 'output'; schema: JsonSchemaObject }
  | { kind: 'value'; left: Template; comparison: Comparison; right: Template }
  | { kind: 'judge'; route: string; rubric: Template }

/** How a value is compared with the one that is expected. */
export type Comparison = 'is' | 'is not' | 'at least' | 'at most' | 'contains'

/** One success criterion of a directive. */
export interface Criterion {
  /** As it is written. */
  text: string
  line: number
  check: CriterionCheck
  /** How long it may take until it is met; undefined: it is looked at once. */
  withinMs?: number
}
/** What became of a criterion in a run. */
export interface CriterionResult {
  text: string
  met: boolean
  /** What was found, in words. */
  seen: string
}
