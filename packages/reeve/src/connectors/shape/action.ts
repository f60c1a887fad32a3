import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import type { InputOf, OutputOf } from '../../base/schema/schema.ts'
import type { EffectVerdict } from '../../engine/calls/effect/definition.ts'
import type { ToolDefinition } from '../../tools/tool.ts'
import type { DoneEffect, ToolUndo } from '../../tools/undo/tool-undo.ts'
import type { ServiceCall } from '../door/service-call.ts'

/** What an action has of a tool; a connector gives it name, account, rate and secrets. */
export type ActionBase<I extends StandardSchemaV1, O extends StandardSchemaV1> = Omit<
  ToolDefinition<I, O>,
  'name' | 'rate' | 'secrets' | 'run' | 'verify' | 'undo'
>

/** One thing that a service can be asked to do. */
export interface ActionDefinition<I extends StandardSchemaV1, O extends StandardSchemaV1>
  extends ActionBase<I, O> {
  /** What it calls, for people and for the contract: `POST /v1/refunds`; several, where it calls several. */
  endpoint: string | readonly string[]
  /** Which rate of the connector it counts towards. Default `default`. */
  class?: string
  /** Where the service takes `api.key`, if that is not the connector's header: `body.request_id`. For `idempotent` actions. */
  keyIn?: string
  /** What the credential must be granted. Default: nothing that the service names. */
  scopes?: readonly string[]
  /**
   * Acts, by requests of `api` alone. What it throws is what the engine goes by: the errors of `api` say whether something may have
   * been done.
   */
  run(args: OutputOf<I>, api: ServiceCall): Promise<InputOf<O>> | InputOf<O>
  /** Looks at the service whether the call of `api.key` was done. Needed where `effect` is `verifiable`. */
  verify?(args: OutputOf<I>, api: ServiceCall): Promise<EffectVerdict> | EffectVerdict
  /** Takes it back, where the service can. */
  undo?: Omit<ToolUndo<OutputOf<I>, OutputOf<O>>, 'run' | 'verify'> & {
    run(done: DoneEffect<OutputOf<I>, OutputOf<O>>, api: ServiceCall): unknown
    verify?(
      done: DoneEffect<OutputOf<I>, OutputOf<O>>,
      api: ServiceCall,
    ): Promise<EffectVerdict> | EffectVerdict
  }
}

/** An action, as `action` gives it to a connector. */
export interface Action<Input = unknown, Output = unknown, Args = unknown> {
  readonly kind: 'reeve-action'
  // biome-ignore lint/suspicious/noExplicitAny: of any schemas
  readonly definition: ActionDefinition<any, any>
  /** For types only: never there. */
  readonly types?: { input: Input; output: Output; args: Args }
}

/** An action, whatever it takes and gives. */
// biome-ignore lint/suspicious/noExplicitAny: any action
export type AnyAction = Action<any, any, any>

/**
 * Declares an action of a connector.
 * @throws `bad-connector`
 * @example
 * import { action } from 'reeve/connectors'
 * import { z } from 'zod'
 *
 * export const close = action({
 *   description: 'Close a ticket',
 *   endpoint: 'PUT /tickets/{id}',
 *   input: z.object({ id: z.string() }),
 *   output: z.object({ id: z.string(), status: z.string() }),
 *   effect: 'idempotent',
 *   directs: ['id'],
 *   run: async ({ id }, api) => (await api.put(`/tickets/${id}`, { json: { status: 'closed' } })).json,
 * })
 */
export function action<I extends StandardSchemaV1, O extends StandardSchemaV1>(
  definition: ActionDefinition<I, O>,
): Action<InputOf<I>, OutputOf<O>, OutputOf<I>> {
  checkOptions(
    definition,
    'an action',
    {
      description: 'text!',
      endpoint: ['text', 'texts'],
      class: 'text',
      keyIn: 'text',
      scopes: 'texts',
      input: 'schema!',
      output: 'schema!',
      run: 'function!',
      verify: 'function',
      undo: 'object',
    },
    'bad-connector',
  )
  for (const endpoint of endpointsOf(definition)) {
    if (/^[A-Z]+ \S/.test(endpoint)) continue
    throw new ReeveError(
      'bad-connector',
      `An action has the endpoint ${JSON.stringify(endpoint)}. Write what it calls: POST /v1/refunds`,
    )
  }
  return { kind: 'reeve-action', definition }
}

export function endpointsOf({ endpoint }: { endpoint: string | readonly string[] }): readonly string[] {
  return typeof endpoint === 'string' ? [endpoint] : endpoint
}
