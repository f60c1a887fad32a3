import { useQuery } from '@tanstack/react-query'
import { agentsQuery } from '../../api/queries.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { many } from '../../ui/words.ts'

/** Who acts here beside people and workflows, each with who answers for it. */
export function AgentsPage() {
  const { data, error, refetch } = useQuery(agentsQuery)
  const items = data?.items ?? []
  const revoked = items.filter(({ isRevoked }) => isRevoked).length
  return (
    <Page
      title={
        data
          ? items.length === 0
            ? 'No agent acts here.'
            : `${many(items.length, 'agent')}${revoked === 0 ? '' : `; ${many(revoked, 'is revoked', 'are revoked').toLowerCase()}`}.`
          : 'Agents'
      }
    >
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && items.length === 0 && (
        <Empty>
          An agent that a file of <code>agents/</code> exports stands here by its name, with what it may do.
        </Empty>
      )}
      <Rows label="Agents">
        {items.map(({ name, description, owner, tools, isRevoked }) => (
          <Row
            key={name}
            to={`/agents/${encodeURIComponent(name)}`}
            title={name}
            under={<Foreign text={description} />}
            tag={isRevoked ? <Tag tone="bad">revoked</Tag> : null}
            end={`${tools.length} ${tools.length === 1 ? 'tool' : 'tools'} · ${owner}`}
          />
        ))}
      </Rows>
    </Page>
  )
}
