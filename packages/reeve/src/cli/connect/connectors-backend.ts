import type { Client } from '../../client/index.ts'
import type { Credential } from '../../connectors/auth/scheme.ts'
import {
  connectAccount,
  disconnect,
  requireConnection,
  testAccount,
} from '../../connectors/host/connecting.ts'
import {
  type ConnectorView,
  connectorView,
  connectorViews,
  type DiffView,
  diffView,
  type VersionView,
  versionViews,
} from '../../connectors/host/view.ts'
import type { Mode } from '../../connectors/shape/mode.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import { keysToSetWith } from '../../store/secrets/key/keys-to-set-with.ts'
import type { Workspace } from '../terminal/workspace.ts'

/** What commands ask about connections to services. */
export interface ConnectorsBackend {
  list(): Promise<ConnectorView[]>
  versions(name: string): Promise<VersionView[]>
  diff(name: string): Promise<DiffView>
  accept(name: string, why: string | undefined): Promise<ConnectorView>
  test(name: string, account: string): Promise<ConnectorView>
  connect(
    name: string,
    account: string,
    given: { credential: Credential; mode: Mode | undefined },
  ): Promise<ConnectorView>
  disconnect(name: string, account: string, mode: Mode | undefined): Promise<ConnectorView>
}

/** Of a project's own database: all of it needs its code. */
export function localConnectors(
  { database, environment, actor }: Workspace,
  runtime: Runtime | undefined,
): ConnectorsBackend {
  const code = () => {
    if (!runtime) throw new Error('This command needs the code of the project, which was not loaded.')
    const { connections, vault } = internalsOf(runtime)
    return { connections, vault }
  }
  const changing = async (role: 'operator' | 'owner') => {
    refuseLowRole(actor, role)
    await refuseMoved(database, database.place)
    return code()
  }
  const viewOf = (name: string) => {
    const { connections } = code()
    return connectorView(connections, requireConnection(connections, name))
  }
  const keyOf = (name: string, account: string, mode?: Mode) => {
    const { connections } = code()
    const connection = requireConnection(connections, name)
    return {
      connection,
      key: { connection: name, account, mode: mode ?? connections.modeOf({ connection }) },
    }
  }
  return {
    list: () => connectorViews(code().connections),
    async versions(name) {
      requireConnection(code().connections, name)
      return versionViews(database, name)
    },
    diff: (name) => diffView(database, requireConnection(code().connections, name)),
    async accept(name, why) {
      const { connections } = await changing('owner')
      const connection = requireConnection(connections, name)
      await connections.contracts.note([connection])
      await database.transaction((session) =>
        connections.contracts.accept(session, name, actingAs(actor, database, why)),
      )
      await connections.contracts.accepted(name)
      return viewOf(name)
    },
    async test(name, account) {
      const { connections } = await changing('operator')
      await testAccount(connections, keyOf(name, account).key)
      return viewOf(name)
    },
    async connect(name, account, { credential, mode }) {
      const { connections, vault } = await changing('owner')
      await connectAccount(
        { connections, vault, keys: () => keysToSetWith(database, environment) },
        { connection: name, account, mode },
        credential,
        actingAs(actor, database),
      )
      return viewOf(name)
    },
    async disconnect(name, account, mode) {
      const { vault } = await changing('owner')
      const { connection, key } = keyOf(name, account, mode)
      await database.transaction((session) => disconnect(session, connection, key, actingAs(actor, database)))
      await vault.lookAgain()
      return viewOf(name)
    },
  }
}

/** Of a server, through its API. */
export function remoteConnectors(client: Client): ConnectorsBackend {
  return {
    list: async () => (await client.connectors.list()).items,
    versions: async (connector) => (await client.connectors.versions({ params: { connector } })).items,
    diff: (connector) => client.connectors.diff({ params: { connector } }),
    accept: (connector, why) =>
      client.connectors.accept({ params: { connector }, body: { ...(why !== undefined && { why }) } }),
    test: (connector, account) => client.connectors.test({ params: { connector, account } }),
    connect: (connector, account, { credential, mode }) =>
      client.connectors.connect({
        params: { connector, account },
        body: { credential: credential as never, ...(mode && { mode }) },
      }),
    disconnect: (connector, account, mode) =>
      client.connectors.disconnect({ params: { connector, account }, query: { ...(mode && { mode }) } }),
  }
}
