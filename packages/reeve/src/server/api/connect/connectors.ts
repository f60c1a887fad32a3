import { z } from 'zod'
import {
  connectAccount,
  disconnect,
  requireConnection,
  testAccount,
} from '../../../connectors/host/connecting.ts'
import { connectorView, connectorViews, diffView, versionViews } from '../../../connectors/host/view.ts'
import { keysToSetWith } from '../../../store/secrets/key/keys-to-set-with.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { json, name, time } from '../parts.ts'

const mode = z.enum(['live', 'sandbox'])
const state = z.enum(['new', 'connected', 'degraded', 'needs-reconnect', 'down'])

const account = z.object({
  account: name,
  mode,
  state: state.describe('`needs-reconnect` and `down`: its calls wait'),
  reason: z.string().nullable().describe('Untrusted'),
  since: time,
  identity: z.string().nullable().describe("The service's own id of it"),
  scopes: z.array(z.string()).nullable(),
  probedAt: time.nullable(),
  nextProbeAt: time,
  connectedBy: z.string().nullable(),
  connectedAt: time.nullable(),
  refreshes: z.number().int().describe('How often its token was renewed'),
  waiting: z.number().int().describe('Calls that wait for it'),
  secret: z.string().describe('What its credential is sealed under'),
  isStandIn: z.boolean().describe('Whether its requests go to a stand-in of the service on this machine'),
  rates: z.array(
    z.object({
      class: z.string(),
      count: z.number().int(),
      perMs: z.number().int(),
      learnt: z
        .object({ count: z.number().int(), perMs: z.number().int() })
        .nullable()
        .describe('What the service said, where that is less'),
      blockedUntil: time.nullable(),
      backlogMs: z.number().int().describe('How long the calls that wait for it will take to begin'),
    }),
  ),
})

const connector = z.object({
  name,
  title: z.string(),
  connector: z.string(),
  version: z.string(),
  vendorApi: z.string(),
  mode,
  isForced: z.boolean().describe('The whole project is in sandbox'),
  actions: z.array(z.string()),
  triggers: z.array(z.string()),
  where: z.string().describe('Where a person finds the credential'),
  fields: z.array(z.object({ name: z.string(), label: z.string(), isShown: z.boolean() })),
  isAccepted: z.boolean().describe('False: an owner has to accept what changed'),
  accounts: z.array(account),
})

const params = z.strictObject({ connector: name })
const ofAccount = z.strictObject({ connector: name, account: name })

const list = read({
  path: '/api/connectors',
  role: 'viewer',
  summary: 'List the connectors to services, with how their accounts stand',
  answer: z.object({
    isSandbox: z.boolean().describe('The whole project is in sandbox'),
    items: z.array(connector),
  }),
  tell: async ({ service: { internals } }) => ({
    isSandbox: internals.connections.isSandbox,
    items: await connectorViews(internals.connections),
  }),
})

const versions = read({
  path: '/api/connectors/:connector/versions',
  role: 'viewer',
  summary: 'List the versions of a connector, the oldest first',
  params,
  answer: z.object({
    items: z.array(
      z.object({
        id: z.number().int(),
        version: z.string(),
        vendorApi: z.string(),
        fingerprint: z.string(),
        mode,
        seenAt: time,
        acceptedAt: time.nullable(),
        acceptedBy: z.string().nullable(),
      }),
    ),
  }),
  async tell({ service: { database, internals }, params }) {
    requireConnection(internals.connections, params.connector)
    return { items: await versionViews(database, params.connector) }
  },
})

const diff = read({
  path: '/api/connectors/:connector/diff',
  role: 'viewer',
  summary: 'Compare a connector as it is now with what was accepted last',
  params,
  answer: z.object({
    from: z.string().nullable(),
    to: z.string(),
    isAccepted: z.boolean(),
    changes: z.array(z.object({ path: z.string(), before: json.nullable(), after: json.nullable() })),
  }),
  tell: ({ service: { database, internals }, params }) =>
    diffView(database, requireConnection(internals.connections, params.connector)),
})

const accept = write({
  method: 'POST',
  path: '/api/connectors/:connector/accept',
  role: 'owner',
  summary: 'Accept a connector as it is now: calls that waited for it go on',
  params,
  body: z.strictObject({ why: z.string().max(2000).optional() }),
  answer: connector,
  subjectOf: ({ params }) => params.connector,
  async act({ service, database, caller, params, body }) {
    const { connections } = service.internals
    requireConnection(connections, params.connector)
    await database.transaction((session) =>
      connections.contracts.accept(session, params.connector, actingOf(service, caller, body.why)),
    )
    await connections.contracts.accepted(params.connector)
    return { subject: params.connector }
  },
  tell: ({ service: { internals } }, its) =>
    connectorView(internals.connections, requireConnection(internals.connections, its)),
})

const test = write({
  method: 'POST',
  path: '/api/connectors/:connector/accounts/:account/test',
  role: 'operator',
  summary: 'Test an account of a connector now, by a call at its service',
  params: ofAccount,
  answer: connector,
  subjectOf: ({ params }) => params.connector,
  async act({ service, params }) {
    const { connections } = service.internals
    const connection = requireConnection(connections, params.connector)
    await testAccount(connections, {
      connection: connection.name,
      account: params.account,
      mode: connections.modeOf({ connection }),
    })
    return { subject: params.connector }
  },
  tell: ({ service: { internals } }, its) =>
    connectorView(internals.connections, requireConnection(internals.connections, its)),
})

const connect = write({
  method: 'PUT',
  path: '/api/connectors/:connector/accounts/:account',
  role: 'owner',
  summary:
    'Connect an account of a connector: its credential is sealed and tried; one that the service refuses is not kept',
  params: ofAccount,
  body: z.strictObject({
    mode: mode.optional().describe('Default: as the connection is'),
    credential: z
      .record(z.string().max(100), json)
      .describe('The fields that its connector asks for. It is never told again'),
  }),
  answer: connector,
  // A digest of the request would be one of the credential.
  keepsKey: true,
  subjectOf: ({ params }) => params.connector,
  async act({ service, caller, params, body }) {
    const { connections, vault } = service.internals
    for (const value of Object.values(body.credential)) if (typeof value === 'string') vault.hide(value)
    await connectAccount(
      { connections, vault, keys: () => keysToSetWith(service.database, service.keyPlace) },
      { connection: params.connector, account: params.account, mode: body.mode },
      body.credential as never,
      actingOf(service, caller),
    )
    return { subject: params.connector }
  },
  tell: ({ service: { internals } }, its) =>
    connectorView(internals.connections, requireConnection(internals.connections, its)),
})

const end = write({
  method: 'DELETE',
  path: '/api/connectors/:connector/accounts/:account',
  role: 'owner',
  summary: 'Disconnect an account of a connector: its credential is deleted, and its calls wait',
  params: ofAccount,
  query: z.strictObject({ mode: mode.optional().describe('Default: as the connection is') }),
  answer: connector,
  subjectOf: ({ params }) => params.connector,
  async act({ service, database, caller, params, query }) {
    const { connections, vault } = service.internals
    const connection = requireConnection(connections, params.connector)
    const key = {
      connection: connection.name,
      account: params.account,
      mode: query.mode ?? connections.modeOf({ connection }),
    }
    await database.transaction((session) => disconnect(session, connection, key, actingOf(service, caller)))
    await vault.lookAgain()
    return { subject: params.connector }
  },
  tell: ({ service: { internals } }, its) =>
    connectorView(internals.connections, requireConnection(internals.connections, its)),
})

export const connectors = { list, versions, diff, accept, test, connect, disconnect: end }
