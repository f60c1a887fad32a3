import { ReeveError } from '../../base/errors.ts'
import type { AccountKey } from '../../store/connectors/accounts.ts'
import { keyOf } from '../host/account-states.ts'
import type { Connections } from '../host/connections.ts'
import type { Connection } from '../shape/connection.ts'
import type { CallPlace } from '../shape/host.ts'
import type { ApprovalSettings, ApprovalsOfService } from './approvals-of-service.ts'
import type { LetterSettings, LettersOfService } from './letters-of-service.ts'

interface Asking {
  connections: Connections
  connection: Connection
  account: string
}

/** A connection to which a project brings its requests, where people talk. */
export interface AskingChat extends Asking {
  approvals: ApprovalsOfService
  settings: ApprovalSettings
}

/** A connection by which a project brings its requests to people, by letter. */
export interface AskingLetters extends Asking {
  approvals: LettersOfService
  settings: LetterSettings
}

export type AskingConnection = AskingChat | AskingLetters

/** @throws `bad-connector` where a connection has several accounts */
export function askingConnections(connections: Connections): AskingConnection[] {
  return [...connections.all.values()].flatMap((connection) => {
    const approvals = connection.definition.approvals
    const settings = approvals?.settingsOf(connection.settings)
    if (!approvals || !settings) return []
    const { accounts } = connection
    if (accounts.choice === 'one')
      return [{ connections, connection, account: accounts.account, approvals, settings } as AskingConnection]
    throw new ReeveError(
      'bad-connector',
      `The connection "${connection.name}" has \`approvals\` and several accounts: requests are brought to one. Give it \`account\`, or make a connection of its own for them.`,
    )
  })
}

export function isLetters(asking: AskingConnection): asking is AskingLetters {
  return asking.approvals.by === 'letters'
}

export function placeOf({ connection, account, approvals }: AskingConnection): CallPlace {
  const action = approvals.by === 'letters' ? 'approvals' : approvals.trigger
  return { connection, account, action, class: approvals.class }
}

export function keyOfAsking(asking: AskingConnection): AccountKey {
  return keyOf(placeOf(asking), asking.connections.modeOf(asking))
}
