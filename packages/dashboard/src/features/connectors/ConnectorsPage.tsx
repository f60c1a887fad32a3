import { useQuery } from '@tanstack/react-query'
import { connectorsQuery } from '../../api/queries.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { ConnectorSection } from './ConnectorSection.tsx'
import { McpServers } from './McpServers.tsx'
import { answerOf } from './standing.ts'

/** Whether the services are reached that runs act on, by which accounts, and what of it a person has to see to. */
export function ConnectorsPage() {
  const now = useNow()
  const { data, error, refetch } = useQuery(connectorsQuery)
  const items = data?.items ?? []
  return (
    <Page
      title={data ? answerOf(items) : 'Connectors'}
      sub={
        data?.isSandbox
          ? 'The whole project is in sandbox: no call reaches a real account.'
          : items.length > 0 && 'Calls to an account that is lost or down wait, and go on by themselves.'
      }
      tabs={tabs.system}
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && items.length === 0 && (
        <Empty>
          A connector is a service that runs act on, such as mail, Slack or Stripe. Name one under{' '}
          <code>connectors</code> of <code>reeve.config.ts</code>, then <code>npx reeve connect NAME</code>.
        </Empty>
      )}
      {items.map((connector) => (
        <ConnectorSection key={connector.name} connector={connector} now={now} />
      ))}
      <McpServers now={now} />
    </Page>
  )
}
