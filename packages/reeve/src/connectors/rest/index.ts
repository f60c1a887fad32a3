/// <reference types="node" preserve="true" />

/**
 * A connector to any service that has an OpenAPI document: an action for each operation.
 * @module
 */

export type { OperationRules, RestResult } from './operation-rules.ts'
export { type RestOptions, rest } from './rest.ts'
