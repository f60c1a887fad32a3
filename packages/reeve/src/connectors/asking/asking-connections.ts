import { ReeveError } from '../../base/errors.ts'
import type { AccountKey } from '../../store/connectors/accounts.ts'
import { keyOf } from '../host/account-states.ts'
import type { Connections } from '../host/connections.ts'
import type { Connection } from '../shape/connection.ts'
import type { CallPlace } from '../shape/host.ts'
import type { ApprovalSettings, ApprovalsOfService } from './approvals-of-service.ts'

/** A connection to which a project brings its requests. */
export interface AskingConnection {
  connections: Connections
  connection: Connection
  account: string
  approvals: ApprovalsOfService
  settings: ApprovalSettings
}

/** @throws `bad-connector` where a connection has several accounts */
export function askingConnections(connections: Connections): AskingConnection[] {
  return [...connections.all.values()].flatMap((connection) => {
    const approvals = connection.definition.approvals
    const settings = approvals?.settingsOf(connection.settings)
    if (!approvals || !settings) return []
    const { accounts } = connection
    if (accounts.choice === 'one')
      return [{ connections, connection, account: accounts.account, approvals, settings }]
    throw new ReeveError(
      'bad-connector',
      `The connection "${connection.name}" has \`approvals\` and several accounts: requests are brought to one. Give it \`account\`, or make a connection of its own for them.`,
    )
  })
}

export function placeOf({ connection, account, approvals }: AskingConnection): CallPlace {
  return { connection, account, action: approvals.trigger, class: approvals.class }
}

export function keyOfAsking(asking: AskingConnection): AccountKey {
  return keyOf(placeOf(asking), asking.connections.modeOf(asking))
}
