import type { Trigger } from '../../engine/starting/trigger.ts'
import type { Tool } from '../../tools/tool.ts'
import type { AuthScheme } from '../auth/scheme.ts'
import type { Contract } from './contract.ts'
import type { AnyDefinition } from './definition.ts'
import type { Mode, Settings } from './mode.ts'

/** Which accounts a connection acts with: one; one of several, which each call names; or that of whoever a run acts for. */
export type Accounts =
  | { choice: 'one'; account: string }
  | { choice: 'several'; accounts: readonly string[] }
  | { choice: 'own' }

/** A connector as a project uses it. */
export interface Connection {
  readonly kind: 'reeve-connection'
  readonly name: string
  readonly definition: AnyDefinition
  readonly accounts: Accounts
  /** As the project has it; a runtime in sandbox goes before. */
  readonly mode: Mode
  readonly settings: Settings
  /** The project's own address in the place of the connector's. */
  readonly url: string | undefined
  /** What its live credential is sealed under, where the project says so. */
  readonly credential: string | undefined
  readonly contract: Contract
  readonly tools: readonly Tool[]
}

/** A connection with its actions, as `ctx.call` takes them, and its triggers, as `on` of a workflow does. */
export interface TypedConnection<Actions, Triggers> extends Connection {
  readonly actions: Actions
  readonly on: Triggers
}

/** Makes a trigger of a workflow: `on: [payments.on.event({ input: ({ type }) => ({ type }) })]`. */
export type TriggerMaker<Item> = <Result>(options: {
  /** Default: the connection's name, and the trigger's. */
  name?: string
  /** Makes the workflow's input; undefined or null: nothing is started. */
  input: (item: Item) => Result
}) => Trigger<NonNullable<Result>>

export function isConnection(value: unknown): value is Connection {
  return (
    typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-connection'
  )
}

/** What the credential of an account is sealed under: one for each mode, so that none is used for the other. */
export function secretNameOf(
  { name, credential }: Pick<Connection, 'name' | 'credential'>,
  account: string,
  mode: Mode,
): string {
  if (mode === 'live') return credential ?? `${name}:${account}`
  return `${name}:${account}:sandbox`
}

/** What a webhook of a connection is signed with; the second is taken beside it while a secret is replaced. */
export function hookSecretsOf(connection: string, trigger: string, mode: Mode): readonly [string, string] {
  const name = `${connection}:${trigger}:${mode === 'live' ? 'signature' : 'sandbox-signature'}`
  return [name, `${name}-next`]
}

/** How it may sign in, the first first. */
export function schemesOf({ definition }: Connection): readonly AuthScheme[] {
  return [definition.auth].flat() as AuthScheme[]
}
