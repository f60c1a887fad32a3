import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../base/errors.ts'
import { checkOptions, refuseUnknownOptions } from '../base/options.ts'
import { parse } from '../base/schema/schema.ts'
import { Secret } from '../base/secrets/secret-handle.ts'
import { checkToolName, type Tool } from '../tools/tool.ts'
import { checkSignature } from '../triggers/signatures/schemes.ts'
import { type Action, type AnyAction, endpointsOf } from './shape/action.ts'
import { type ActionRules, toolOf } from './shape/action-tool.ts'
import type { Accounts, Connection, TriggerMaker, TypedConnection } from './shape/connection.ts'
import { contractOf } from './shape/contract.ts'
import type { AnyDefinition, ConnectorDefinition } from './shape/definition.ts'
import type { Mode, Settings } from './shape/mode.ts'
import type { PollOfService, TriggerDefinition, WebhookOfService } from './shape/trigger.ts'
import { triggerMakers } from './shape/trigger-makers.ts'

/** Actions by name. */
export type Actions = Readonly<Record<string, AnyAction>>
/** Triggers by name. */
export type Triggers = Readonly<Record<string, TriggerDefinition>>

/** How a project uses a connector, beside the connector's own settings. */
export interface ConnectionOptions<A extends Actions = Actions> {
  /** The first part of its tools' names, and its name under `connectors` of the configuration. Default: the connector's. */
  name?: string
  /** What the account is called here. Default `default`. `reeve connect NAME --account ACCOUNT` signs it in. */
  account?: string
  /**
   * Several accounts: each call then says which, in its argument `account`, and grants may tie it. `own`: the account that is
   * called as whoever the run acts for.
   */
  accounts?: readonly string[] | 'own'
  /** Default `live`. `reeve start --sandbox` goes before. */
  mode?: Mode
  /** Which secret has the live credential, where it is not the one that `reeve connect` seals. */
  credential?: string | Secret
  /** In the place of the connector's address: a service that runs elsewhere. Its host may be a private one. */
  url?: string
  /** What is to hold for single actions: who must approve, how often. */
  rules?: {
    [Name in keyof A]?: A[Name] extends Action<unknown, unknown, infer Args> ? ActionRules<Args> : never
  }
}

type ToolsOf<A extends Actions> = {
  [Name in keyof A]: A[Name] extends Action<infer Input, infer Output, infer Args>
    ? Tool<Input, Output, Args>
    : never
}
type MakersOf<T extends Triggers> = {
  [Name in keyof T]: T[Name] extends { schema: StandardSchemaV1<unknown, infer Item> }
    ? TriggerMaker<Item>
    : never
}

/** A connector, as a project calls it. */
export interface Connector<A extends Actions, T extends Triggers, Own extends Settings> {
  (options?: ConnectionOptions<A> & Partial<Own>): TypedConnection<ToolsOf<A>, MakersOf<T>>
  readonly definition: ConnectorDefinition<A, T, Own>
}

const optionNames = ['name', 'account', 'accounts', 'mode', 'credential', 'url', 'rules'] as const

/**
 * Declares a connector: docs/connectors.md.
 * @throws `bad-connector`
 * @example
 * import { action, apiKey, connector } from 'reeve/connectors'
 * import { z } from 'zod'
 *
 * export const desk = connector({
 *   name: 'desk',
 *   title: 'Desk',
 *   version: '1.0.0',
 *   vendorApi: { version: '2026-01', header: 'desk-version' },
 *   url: 'https://api.desk.example',
 *   auth: apiKey({ where: 'Settings, API' }),
 *   health: { probe: async (api) => ({ identity: (await api.get('/me')).json.id }) },
 *   rate: { default: { count: 10, per: '1s' } },
 *   sandbox: {
 *     standIn: { credential: 'stand-in-key', load: async () => async () => ({ url: 'http://127.0.0.1:4800', close: async () => {} }) },
 *   },
 *   actions: {
 *     find: action({
 *       description: 'Find a ticket',
 *       endpoint: 'GET /tickets/{id}',
 *       input: z.object({ id: z.string() }),
 *       output: z.object({ id: z.string(), status: z.string() }),
 *       effect: 'read',
 *       run: async ({ id }, api) => (await api.get(`/tickets/${id}`)).json,
 *     }),
 *   },
 * })
 */
export function connector<
  A extends Actions,
  const T extends Triggers = Record<never, never>,
  Own extends Settings = Settings,
>(definition: ConnectorDefinition<A, T, Own>): Connector<A, T, Own> {
  checkDefinition(definition)
  const make = (options: ConnectionOptions<A> & Partial<Own> = {} as never) =>
    connectionOf(definition, options)
  return Object.assign(make, { definition }) as Connector<A, T, Own>
}

function checkDefinition(definition: AnyDefinition): void {
  const called = typeof definition?.name === 'string' ? `connector "${definition.name}"` : 'a connector'
  checkOptions(
    definition,
    called,
    {
      name: 'text!',
      title: 'text!',
      version: 'text!',
      vendorApi: 'object!',
      source: 'text',
      settings: 'schema',
      url: ['text', 'function'],
      endpoints: 'object',
      auth: ['object', 'objects'],
      health: 'object!',
      rate: 'object!',
      sandbox: 'object!',
      idempotencyHeader: 'text',
      refusal: 'function',
      actions: 'object!',
      approvals: 'object',
      triggers: 'object',
    },
    'bad-connector',
  )
  checkToolName(definition.name)
  if (!/^\d+\.\d+\.\d+$/.test(definition.version))
    throw bad(called, `its version is ${JSON.stringify(definition.version)}; write it like 1.0.0`)
  for (const [name, each] of Object.entries((definition.triggers ?? {}) as Triggers))
    if (each.by === 'webhook')
      checkSignature(each.signature, (problem) =>
        bad(called, `its trigger "${name}" ${problem.replace(/\.$/, '')}`),
      )
  for (const [name, each] of Object.entries(definition.actions as Actions)) {
    const { class: its } = each.definition
    if (its !== undefined && its !== 'default' && !definition.rate.classes?.[its])
      throw bad(
        called,
        `its action "${name}" counts towards the rate "${its}", which \`rate.classes\` does not have`,
      )
    if (
      each.definition.effect === 'idempotent' &&
      !writesByNature(each) &&
      definition.idempotencyHeader === undefined &&
      each.definition.keyIn === undefined
    )
      throw bad(
        called,
        `its action "${name}" is idempotent, and nothing carries the key: name the header of the service (\`idempotencyHeader\`), say where the service takes \`api.key\` (\`keyIn\`), or declare it "verifiable" or "once"`,
      )
  }
}

/** PUT and DELETE may be repeated, as HTTP has it. */
function writesByNature({ definition }: AnyAction): boolean {
  return endpointsOf(definition).every((endpoint) => /^(?:PUT|DELETE|GET|HEAD|SQL) /.test(endpoint))
}

function bad(what: string, why: string): ReeveError {
  return new ReeveError('bad-connector', `${what[0]!.toUpperCase()}${what.slice(1)} cannot be used: ${why}.`)
}

function connectionOf(
  definition: AnyDefinition,
  options: ConnectionOptions & Settings,
): TypedConnection<unknown, unknown> {
  const name = options.name ?? definition.name
  const what = `the connection "${name}"`
  checkOptions(
    options,
    what,
    {
      name: 'text',
      account: 'text',
      accounts: ['text', 'texts'],
      mode: 'text',
      credential: ['text', 'object'],
      url: 'text',
      rules: 'object',
    },
    'bad-connector',
  )
  checkToolName(name)
  const { account: _a, accounts: _b, mode = 'live', credential, url, rules = {}, name: _n, ...own } = options
  if (mode !== 'live' && mode !== 'sandbox')
    throw bad(what, `its mode is ${JSON.stringify(mode)}; it is live or sandbox`)
  if (!definition.settings)
    refuseUnknownOptions(options, `The connection "${name}"`, optionNames, 'bad-connector')
  if (url !== undefined && !URL.canParse(url))
    throw bad(what, `\`url\` is ${JSON.stringify(url)}, which is not an address`)
  refuseUnknownOptions(rules, `\`rules\` of ${what}`, Object.keys(definition.actions), 'bad-connector')
  const settings = definition.settings
    ? (parse(definition.settings, own, `The settings of ${what}`) as Settings)
    : {}
  const accounts = accountsOf(what, options)
  const connection: Connection = {
    kind: 'reeve-connection',
    name,
    definition,
    accounts,
    mode,
    settings,
    url,
    credential: credential instanceof Secret ? onlyName(what, credential) : credential,
    contract: contractOf(definition),
    get tools() {
      return Object.values(tools)
    },
  }
  const tools = Object.fromEntries(
    Object.entries(definition.actions as Actions).map(([action, its]) => [
      action,
      toolOf(connection, action, its, rules[action] as object),
    ]),
  )
  const on = triggerMakers(
    connection,
    (definition.triggers ?? {}) as Record<string, WebhookOfService | PollOfService>,
  )
  Object.defineProperty(connection, 'triggers', { get: () => refuseTriggers(what, Object.keys(on)) })
  return Object.assign(connection, { actions: tools, on })
}

/** A connector declares `triggers`; what a connection has is what it makes of them. */
function refuseTriggers(what: string, names: readonly string[]): never {
  const such = names.map((name) => `.on.${name}`).join(', ') || 'nothing: its connector declares none'
  throw new ReeveError(
    'bad-connector',
    `${what[0]!.toUpperCase()}${what.slice(1)} has no \`triggers\`; use \`on\`: it has ${such}.`,
  )
}

function onlyName(what: string, handle: Secret): string {
  if (handle.onlyName !== undefined) return handle.onlyName
  throw bad(what, '`credential` must be the handle of one secret as it is: secret(NAME)')
}

function accountsOf(what: string, { account, accounts }: ConnectionOptions): Accounts {
  const check = (name: unknown) => {
    if (typeof name === 'string' && /^[\w.@+-]{1,60}$/.test(name)) return name
    throw bad(
      what,
      `${JSON.stringify(name)} is not a name for an account: up to 60 letters, digits and . _ @ + -`,
    )
  }
  if (accounts === undefined) return { choice: 'one', account: check(account ?? 'default') }
  if (account !== undefined) throw bad(what, 'it has `account` and `accounts`; one of them says it')
  if (accounts === 'own') return { choice: 'own' }
  if (!Array.isArray(accounts) || accounts.length === 0)
    throw bad(what, "`accounts` is a list of names, or 'own'")
  return { choice: 'several', accounts: accounts.map(check) }
}
