import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { agentsQuery, switchesQuery } from '../../api/queries.ts'
import type { AgentItem } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Field, Fields } from '../../ui/fields/Field.tsx'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { count, duration, many, money } from '../../ui/words.ts'
import { Grants } from './Grants.tsx'
import { Level } from './Level.tsx'
import { Revoke } from './Revoke.tsx'
import { ToolSwitch } from './ToolSwitch.tsx'

/** One agent: what it may do now, what holds it, and the ways to stop it. */
export function AgentPage() {
  const { agent: name } = useParams({ from: '/agents/$agent' })
  const { data, error, refetch } = useQuery(agentsQuery)
  const { data: switches } = useQuery(switchesQuery)
  const agent = data?.items.find((one) => one.name === name)
  const path = [{ to: '/agents', words: 'Agents' }]
  if (!agent)
    return (
      <Page title={data ? 'This agent is not in the project.' : '…'} path={path}>
        {error && <Failure error={error} again={() => void refetch()} />}
        {data && <Empty>No file of the project exports an agent of this name.</Empty>}
      </Page>
    )
  const principal = `agent:${name}`
  return (
    <Page
      title={
        agent.isRevoked
          ? `${name} is revoked: it may do nothing.`
          : agent.tools.length === 0
            ? `${name} writes, and calls no tool.`
            : `${name} may call ${many(agent.tools.length, 'tool').toLowerCase()}.`
      }
      path={path}
      sub={
        <>
          <Foreign text={agent.description} />. {agent.owner} answers for it.
        </>
      }
    >
      <Revoke principal={principal} isRevoked={agent.isRevoked} />
      {agent.tools.length > 0 && (
        <Section title="Tools">
          <Rows label="Tools">
            {agent.tools.map((tool) => (
              <Row
                key={tool.name}
                title={tool.name}
                under={<Foreign text={tool.description} />}
                tag={<Tag tone={tool.risk === 'high' ? 'warn' : 'plain'}>{tool.risk} risk</Tag>}
                end={<ToolSwitch agent={name} tool={tool.name} switches={switches?.items ?? []} />}
              />
            ))}
          </Rows>
        </Section>
      )}
      <Level principal={principal} />
      <Grants principal={principal} grants={agent.grants} />
      <Section title="Limits">
        <Contract agent={agent} />
      </Section>
    </Page>
  )
}

function Contract({ agent: { role, route, team, memory, limits } }: { agent: AgentItem }) {
  const { iterations, tokens, costUsd, timeMs } = limits
  return (
    <Fields>
      <Field name="role">{role}</Field>
      <Field name="asked on route">{route}</Field>
      {team.length > 0 && <Field name="team">{team.join(', ')}</Field>}
      <Field name="memory">
        {memory.length === 0 ? 'it searches nothing by itself' : <Foreign text={memory.join(', ')} />}
      </Field>
      <Field name="turns">at most {count(iterations)}</Field>
      <Field name="tokens">{tokens === null ? 'no limit of its own' : `at most ${count(tokens)}`}</Field>
      <Field name="cost">{costUsd === null ? 'what its run has left' : `at most ${money(costUsd)}`}</Field>
      <Field name="time">{timeMs === null ? 'no limit of its own' : `at most ${duration(timeMs)}`}</Field>
    </Fields>
  )
}
