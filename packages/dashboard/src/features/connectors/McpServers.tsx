import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { mcpServersQuery, sessionQuery } from '../../api/queries.ts'
import type { McpServerItem } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag, type Tone } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { many, since } from '../../ui/words.ts'
import css from './Connectors.module.css'

const states: Record<McpServerItem['state'], { words: string; tone: Tone }> = {
  unused: { words: 'starts when needed', tone: 'plain' },
  up: { words: 'up', tone: 'good' },
  lost: { words: 'lost', tone: 'bad' },
  closed: { words: 'closed', tone: 'plain' },
}

/** The MCP servers whose tools runs may call, with what a person pinned of them. */
export function McpServers({ now }: { now: number }) {
  const { data, error } = useQuery(mcpServersQuery)
  if (error) return <Failure error={error} />
  if (!data || data.items.length === 0) return null
  return (
    <Section title="MCP servers">
      <Rows label="MCP servers">
        {data.items.map((server) => (
          <ServerRow key={server.name} server={server} now={now} />
        ))}
      </Rows>
    </Section>
  )
}

function ServerRow({ server, now }: { server: McpServerItem; now: number }) {
  const { name, way, state, problem, pinned, pinProblem } = server
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const look = useMutation({
    mutationFn: () => api.mcpServers.look({ params: { server: name }, ...newKey() }),
    onSettled: () => client.invalidateQueries({ queryKey: ['mcp-servers'] }),
  })
  const moved = (look.data?.offers ?? []).filter((offer) => offer.state !== 'pinned')
  const trouble = problem ?? look.data?.problem ?? null
  const { words, tone } = states[state]
  return (
    <Row
      title={<Foreign text={name} />}
      under={
        <>
          {(pinProblem ?? trouble?.message) !== undefined && (
            <span className={css.reason}>
              <Foreign text={pinProblem ?? trouble!.message} />
              {pinProblem === null && `, ${since(trouble!.at, now)} ago`}
            </span>
          )}
          <Foreign text={way} /> ·{' '}
          {pinned.length === 0 ? (
            <>
              nothing of it is pinned: <code>npx reeve mcp pin</code>
            </>
          ) : (
            <Foreign
              text={`${many(pinned.length, 'tool is', 'tools are').toLowerCase()} pinned: ${pinned.slice(0, 8).join(', ')}${pinned.length > 8 ? ', …' : ''}`}
            />
          )}
          {look.data?.offers && (
            <span className={css.reason} role="status">
              {moved.length === 0 ? (
                'It offers what is pinned.'
              ) : (
                <Foreign text={moved.map((offer) => `${offer.name} is ${offer.state}`).join(', ')} />
              )}
            </span>
          )}
          {look.error && <Failure error={look.error} />}
        </>
      }
      tag={pinProblem === null ? <Tag tone={tone}>{words}</Tag> : <Tag tone="bad">not usable</Tag>}
      end={
        (session?.role === 'operator' || session?.role === 'owner') && (
          <span className={ui.actions}>
            <button type="button" className={ui.act} disabled={look.isPending} onClick={() => look.mutate()}>
              {look.isPending ? 'Asking…' : 'Ask it now'}
              <span className="heard"> {name}</span>
            </button>
          </span>
        )
      }
    />
  )
}
