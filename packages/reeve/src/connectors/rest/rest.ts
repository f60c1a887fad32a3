import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import { checkOptions } from '../../base/options.ts'
import { type Part, readDocument } from '../../tools/openapi/document.ts'
import { type NamedOperation, namedOperations, namePart } from '../../tools/openapi/named-operations.ts'
import type { Operation, OperationName } from '../../tools/openapi/operation.ts'
import { refuseOtherServers, serverOf } from '../../tools/openapi/server.ts'
import type { AuthScheme, Credential } from '../auth/scheme.ts'
import { sealedForm } from '../auth/scheme.ts'
import { type Connector, connector } from '../connector.ts'
import type { AccountFacts, ConnectorDefinition } from '../shape/definition.ts'
import type { SandboxStandIn } from '../shape/sandbox.ts'
import { authOf } from './auth.ts'
import { type OperationAction, operationAction } from './operation-action.ts'
import type { OperationRules } from './operation-rules.ts'
import { checkPin, documentPin } from './pin.ts'
import { startRestStandIn } from './stand-in.ts'

/** For `rest`. */
export interface RestOptions<Name extends string = string> {
  /** The first part of its actions' names, as grants have them: `shop` for `shop.listOrders`. */
  name: string
  /** An OpenAPI 3 document, parsed. */
  document: unknown
  /** The fingerprint that the document must have; another one is refused when the project is loaded. Default: any. */
  pin?: string
  /** Default: the title in the document. */
  title?: string
  /** Of this connector. Default `1.0.0`. */
  version?: string
  /** Where the operations are. Default: the document's first server. */
  server?: string
  /**
   * Which operations become actions: a list of their names (an `operationId`, with `_` for what is no letter or digit), or a function.
   * Default: all, 200 at most. HEAD is left out.
   */
  operations?: readonly Name[] | ((operation: OperationName) => boolean)
  /** What is to hold for single operations, by name. */
  rules?: { readonly [Each in Name]?: OperationRules }
  /** Default: what the document says of signing in. */
  auth?: AuthScheme | readonly AuthScheme[]
  /** Where a person finds the credential, in words or as an address. Default: the document's own pages. */
  where?: string
  /**
   * What shows that a credential works: an operation that reads and needs no arguments, and what its answer says of the account.
   * Default: the first such operation.
   */
  health?: { operation: Name | (string & {}); facts?(body: unknown): AccountFacts }
  /** How many requests it takes, by class. Default 5 a second. */
  rate?: ConnectorDefinition<never, never, never>['rate']
  /** What stands in its place while the project is in sandbox. Default: a stand-in. */
  sandbox?: {
    /** The service's test environment. Default: none; an account cannot be connected there. */
    server?: string
    /** Default: a server that is made up from the document. */
    standIn?: SandboxStandIn
  }
}

type RestActions<Name extends string> = { readonly [Each in Name]: OperationAction }

const mostOperations = 200

/**
 * A connector to a service by its OpenAPI document: an action for each operation, held to the document's schemas. GET reads; PUT and DELETE
 * may be repeated; POST and PATCH only with a key, else an unknown outcome goes to a person. What stands in a path, a query or a header
 * directs, and of a body what is not clearly something else. The whole document is part of the contract: another one has to be accepted.
 * @throws `bad-openapi` (with the path in the document) `bad-schema` `bad-connector`
 * @example
 * import { readFileSync } from 'node:fs'
 * import { rest } from 'reeve/connectors/rest'
 *
 * const document: unknown = JSON.parse(readFileSync('shop.openapi.json', 'utf8'))
 * export const shop = rest({ name: 'shop', document, operations: ['listOrders', 'createOrder'] })
 */
export function rest<const Name extends string = string>(
  options: RestOptions<Name>,
): Connector<RestActions<Name>, Record<never, never>, Record<never, never>> {
  checkOptions(
    options,
    'rest()',
    {
      name: 'text!',
      pin: 'text',
      title: 'text',
      version: 'text',
      server: 'text',
      operations: ['texts', 'function'],
      rules: 'object',
      auth: ['object', 'objects'],
      where: 'text',
      health: 'object',
      rate: 'object',
      sandbox: 'object',
    },
    'bad-connector',
  )
  const { name, document, rules = {}, sandbox = {} } = options
  const root = readDocument(document)
  const pin = documentPin(document as Json)
  checkPin(pin, options.pin, name)
  const server = serverOf(root, options.server)
  const chosen = chosenOf(root, options)
  if (options.server === undefined)
    for (const { operation } of chosen) refuseOtherServers(operation.holders, server)
  const info = root.at('info')
  const title = options.title ?? textOf(info.at('title')) ?? name
  const where = options.where ?? textOf(root.at('externalDocs').at('url')) ?? `the pages of ${title}`
  const auth = [
    options.auth ??
      authOf(
        root,
        chosen.map(({ operation }) => operation),
        where,
      ),
  ].flat()
  const health = healthOf(root, chosen, options)
  const standInCredential = credentialOf(auth[0]!)
  const refuseRules = Object.keys(rules).find((each) => !chosen.some((one) => one.name === each))
  if (refuseRules !== undefined) throw unknownOperation(name, refuseRules, root)
  return connector({
    name,
    title,
    version: options.version ?? '1.0.0',
    vendorApi: { version: textOf(info.at('version')) ?? 'unknown' },
    source: `OpenAPI document ${pin}`,
    url: server.href,
    auth,
    health: {
      async probe(api) {
        const { json, text } = await api.get(health.path)
        return options.health?.facts?.(json ?? text) ?? {}
      },
    },
    rate: options.rate ?? { default: { count: 5, per: '1s' } },
    sandbox: {
      url: () => sandboxServer(name, sandbox.server),
      ...(sandbox.server !== undefined && { how: `Make an account at ${sandbox.server}.` }),
      standIn: sandbox.standIn ?? {
        credential: auth[0]!.kind === 'none' ? '' : sealedForm(auth[0]!, standInCredential),
        load: async () => (its) =>
          startRestStandIn(
            name,
            [...chosen, ...(health.isExtra ? [health] : [])],
            { scheme: auth[0]!, credential: standInCredential },
            its,
          ),
      },
    },
    contentTypes: [
      'application/octet-stream',
      'application/xml',
      'application/*+xml',
      'image/*',
      'application/pdf',
    ],
    actions: Object.fromEntries(
      chosen.map((each) => [
        each.name,
        operationAction(each.operation, (rules as Record<string, OperationRules>)[each.name]),
      ]),
    ) as unknown as RestActions<Name>,
  }) as never
}

function chosenOf(root: Part, { name, operations }: RestOptions<string>): NamedOperation[] {
  const list = Array.isArray(operations) ? (operations as readonly string[]) : undefined
  const filter = typeof operations === 'function' ? operations : undefined
  const isChosen = (operation: OperationName) => {
    if (list) return list.includes(namePart(operation.id))
    return operation.method !== 'HEAD' && (filter?.(operation) ?? true)
  }
  const chosen = namedOperations(root, isChosen, (its) => `${name}.${its}`)
  const missing = list?.find((each) => !chosen.some((one) => one.name === each))
  if (missing !== undefined) throw unknownOperation(name, missing, root)
  const head = chosen.find(({ operation }) => operation.method === 'HEAD')
  if (head) throw head.operation.holders[0].fault('HEAD is no action; choose the GET beside it')
  if (chosen.length === 0 || chosen.length > mostOperations)
    throw root
      .at('paths')
      .fault(
        `it has ${chosen.length} operations that would become actions, and 1 to ${mostOperations} may; choose them with the option \`operations\``,
      )
  return chosen
}

function unknownOperation(name: string, missing: string, root: Part): ReeveError {
  const known: string[] = []
  for (const [path, item] of root.at('paths').entries())
    for (const method of Object.keys(item.resolved().object()))
      if (/^(?:get|post|put|patch|delete)$/.test(method))
        known.push(
          namePart(String(item.resolved().at(method).at('operationId').value ?? `${method}_${path}`)),
        )
  return new ReeveError(
    'bad-connector',
    `The document of "${name}" has no operation "${missing.slice(0, 100)}". It has: ${known.slice(0, 30).join(', ')}${known.length > 30 ? ` and ${known.length - 30} more` : ''}.`,
  )
}

interface Health extends NamedOperation {
  /** With which query it is asked: none. */
  path: string
  /** It is no action. */
  isExtra: boolean
}

function healthOf(
  root: Part,
  chosen: readonly NamedOperation[],
  { name, health }: RestOptions<string>,
): Health {
  const wanted = health?.operation
  const isPlain = (operation: Operation) =>
    operation.method === 'GET' && ((operation.input.required as string[] | undefined)?.length ?? 0) === 0
  const among = wanted === undefined ? chosen : chosen.filter((each) => each.name === wanted)
  const found = among.find(({ operation }) => isPlain(operation))
  if (found) return { ...found, path: found.operation.path, isExtra: false }
  const others =
    wanted === undefined
      ? []
      : namedOperations(
          root,
          ({ id }) => namePart(id) === wanted,
          (its) => `${name}.${its}`,
        )
  const other = others.find(({ operation }) => isPlain(operation))
  if (other) return { ...other, path: other.operation.path, isExtra: true }
  throw new ReeveError(
    'bad-connector',
    wanted === undefined
      ? `No operation of "${name}" shows whether a credential works: one that reads and needs no arguments. Name one: \`health: { operation: 'getMe' }\`.`
      : `The operation "${wanted}" of "${name}" cannot show whether a credential works: it must be a GET that needs no arguments.`,
  )
}

/** Nothing of a sandbox goes to the real server. */
function sandboxServer(name: string, server: string | undefined): string {
  if (server !== undefined) return server
  throw new ReeveError(
    'bad-connector',
    `"${name}" has no test environment: say with \`sandbox: { server }\` where it is, or disconnect the account and use the stand-in.`,
  )
}

/** What the stand-in takes. No secret. */
function credentialOf(scheme: AuthScheme): Credential {
  if (scheme.kind === 'oauth2') return { client_id: 'stand-in-client', access_token: 'stand-in-token' }
  return Object.fromEntries(scheme.fields.map(({ name }) => [name, `stand-in-${name}`]))
}

function textOf(part: Part): string | undefined {
  return typeof part.value === 'string' && part.value !== '' && !isRecord(part.value)
    ? part.value.slice(0, 200)
    : undefined
}
