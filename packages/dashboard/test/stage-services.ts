import type { Connections } from '../../reeve/src/connectors/host/connections.ts'
import { hubspot } from '../../reeve/src/connectors/hubspot/index.ts'
import { slack } from '../../reeve/src/connectors/slack/index.ts'
import { stripe } from '../../reeve/src/connectors/stripe/index.ts'
import { zendesk } from '../../reeve/src/connectors/zendesk/index.ts'
import type { Database } from '../../reeve/src/store/database.ts'
import { listProposals, withdrawProposal } from '../../reeve/src/store/proposals/proposals.ts'
import type { Stranger } from './stage-workflows.ts'

/** Services of which one is in sandbox, and MCP servers of which none is ever there. */
export const services = {
  connectors: {
    stripe: stripe({ mode: 'sandbox' }),
    slack: slack(),
    hubspot: hubspot(),
    zendesk: zendesk({ subdomain: 'hivebeam' } as never),
  },
  mcp: { files: { command: 'a-server-that-is-not-there', args: ['/srv/reports'] } },
}

/** As they stand after a while: no test reaches a service, so that what looks at them is put off to another day. */
export async function standServices(
  connections: Connections,
  database: Database,
  now: number,
  stranger: Stranger | undefined,
): Promise<void> {
  // What looks at them has looked, and rests.
  await connections.end()
  const told: [string, string, string | null, string | null][] = [
    ['slack', 'connected', null, 'T0HIVEBEAM'],
    [
      'hubspot',
      'needs-reconnect',
      `The token was revoked at HubSpot.${stranger ? ` ${stranger.subject}` : ''}`,
      null,
    ],
    ['zendesk', 'down', 'hivebeam.zendesk.com answers 503 since 09:12.', null],
  ]
  for (const [connection, state, reason, identity] of told) {
    if (state !== 'needs-reconnect') await withdrawAsked(database, connection, now)
    await database.run(
      `insert into connector_accounts (connection, account, mode, state, reason, since, probe_at, probed_at, identity, connected_at, connected_by)
       values (?, 'default', 'live', ?, ?, ?, ?, ?, ?, ?, 'alex')
       on conflict (connection, account, mode) do update set state = excluded.state, reason = excluded.reason, since = excluded.since,
         probe_at = excluded.probe_at, probed_at = excluded.probed_at, identity = excluded.identity, connected_at = excluded.connected_at, connected_by = 'alex'`,
      [
        connection,
        state,
        reason,
        now - 3_600_000,
        now + 86_400_000,
        now - 120_000,
        identity,
        now - 40 * 86_400_000,
      ],
    )
  }
}

/** Nobody is asked any more to connect it. */
async function withdrawAsked(database: Database, connection: string, at: number): Promise<void> {
  const open = await listProposals(database, { kind: 'reconnect', status: 'open', limit: 10 })
  for (const { id, title } of open)
    if (title.endsWith(` of ${connection}`))
      await database.transaction((session) => withdrawProposal(session, id, { note: 'it is connected', at }))
}
