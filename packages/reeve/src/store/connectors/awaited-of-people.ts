import type { Session } from '../database.ts'
import { quoted } from '../journal/events.ts'
import type { AccountKey } from './accounts.ts'

/** What the calls that wait for an account wait for. */
export function awaitedAccount({ connection, account, mode }: AccountKey): string {
  return `account:${connection}/${account}/${mode}`
}

/** What the calls wait for whose action changed, until an owner accepts it. */
export function awaitedContract(connection: string): string {
  return `contract:${connection}`
}

/** What a call waits for that only a person does: an account that is to be connected, or an action that is to be accepted. */
export type AwaitedOfPeople = { run: number } & (
  | ({ what: 'account'; reason: string | null } & AccountKey)
  | { what: 'contract'; connection: string }
)

/**
 * What the calls of these runs wait for that only a person does. A call that went on by itself meanwhile has left its row behind:
 * its last event tells.
 */
export async function awaitedOfPeople(session: Session, runs: readonly number[]): Promise<AwaitedOfPeople[]> {
  if (runs.length === 0) return []
  const isTheirs = `awaited.run in (${runs.map(() => '?').join(', ')}) and (
    select type from events where events.run = awaited.run and events.step = awaited.step order by seq desc limit 1
  ) in (${quoted('effect-paced', 'effect-unverified')})`
  const accounts = await session.all<{ run: number; reason: string | null } & AccountKey>(
    `select distinct awaited.run, connection, account, mode, reason from connector_accounts
       join awaited on awaited.what = 'account:' || connection || '/' || account || '/' || mode
     where state = 'needs-reconnect' and ${isTheirs} order by awaited.run, connection, account`,
    [...runs],
  )
  const contracts = await session.all<{ run: number; connection: string }>(
    `select distinct awaited.run, connection from connector_versions
       join awaited on awaited.what = 'contract:' || connection
     where ${isTheirs} order by awaited.run, connection`,
    [...runs],
  )
  return [
    ...accounts.map((each) => ({ ...each, what: 'account' as const })),
    ...contracts.map((each) => ({ ...each, what: 'contract' as const })),
  ]
}
