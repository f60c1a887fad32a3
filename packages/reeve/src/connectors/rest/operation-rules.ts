import type { ActionDefinition } from '../shape/action.ts'

/** What an action gives: 2xx and 3xx; everything else is an error. */
export interface RestResult {
  status: number
  /** Parsed where the answer is JSON; a text; else base64. */
  body: unknown
}

/** What the project knows better of an operation than its document says. */
export interface OperationRules
  extends Partial<
    Pick<
      // biome-ignore lint/suspicious/noExplicitAny: of any operation
      ActionDefinition<any, any>,
      | 'description'
      | 'effect'
      | 'risk'
      | 'reads'
      | 'sends'
      | 'directs'
      | 'roles'
      | 'answers'
      | 'stages'
      | 'commits'
      | 'approval'
      | 'class'
      | 'timeout'
      | 'verify'
      | 'undo'
    >
  > {
  /** The header in which the service takes a key that makes a repeat harmless. Default: `Idempotency-Key`, where the document has it. */
  key?: string
}
