import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { grantChangesQuery, sessionQuery } from '../../api/queries.ts'
import type { GrantChange, GrantInCode } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock } from '../../ui/words.ts'

/** What a principal's code grants it, what the database takes from that, and the way to suspend a grant. */
export function Grants({ principal, grants }: { principal: string; grants: GrantInCode[] }) {
  const now = useNow()
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const { data } = useQuery(grantChangesQuery(principal))
  const refresh = () => client.invalidateQueries({ queryKey: ['grants'] })
  const suspend = useMutation({
    mutationFn: (grant: string) =>
      api.grants.add({ body: { principal, change: { kind: 'suspend', grant } }, ...newKey() }),
    onSuccess: refresh,
  })
  const undo = useMutation({
    mutationFn: (change: string) => api.grants.undo({ params: { change }, ...newKey() }),
    onSuccess: refresh,
  })
  const changes = (data?.items ?? []).filter(({ undoneAt }) => undoneAt === null)
  const isSuspended = (id: string) =>
    changes.some(({ change }) => {
      const { kind, grant } = (change ?? {}) as { kind?: unknown; grant?: unknown }
      return kind === 'suspend' && grant === id
    })
  const may = session?.role === 'operator' || session?.role === 'owner'
  const error = suspend.error ?? undo.error
  return (
    <>
      <Section title="Grants in code">
        {grants.length === 0 ? (
          <Empty>No grant: every call of a tool is denied.</Empty>
        ) : (
          <Rows label="Grants in code">
            {grants.map((grant) => (
              <Row
                key={grant.id}
                title={grant.id}
                under={<Conditions grant={grant} now={now} />}
                tag={
                  isSuspended(grant.id) ? (
                    <Tag tone="bad">suspended</Tag>
                  ) : grant.asks ? (
                    <Tag tone="warn">asks</Tag>
                  ) : null
                }
                end={
                  may &&
                  !isSuspended(grant.id) && (
                    <button
                      type="button"
                      className={ui.act}
                      disabled={suspend.isPending}
                      onClick={() => suspend.mutate(grant.id)}
                    >
                      Suspend<span className="heard"> the grant {grant.id}</span>
                    </button>
                  )
                }
              />
            ))}
          </Rows>
        )}
      </Section>
      {error && <Failure error={error} />}
      {changes.length > 0 && (
        <Section title="Changes of grants">
          <Rows label="Changes of grants">
            {changes.map((change) => (
              <Row
                key={change.id}
                title={<Foreign text={wordsOf(change)} />}
                under={
                  <>
                    by {change.by}, {clock(change.at, now)}
                    {change.endsAt !== null && `, until ${clock(change.endsAt, now)}`}
                    {change.why !== null && (
                      <>
                        {': '}
                        <Foreign text={change.why} />
                      </>
                    )}
                  </>
                }
                end={
                  session?.role === 'owner' && (
                    <button
                      type="button"
                      className={ui.act}
                      disabled={undo.isPending}
                      onClick={() => undo.mutate(change.id)}
                    >
                      Take back
                    </button>
                  )
                }
              />
            ))}
          </Rows>
        </Section>
      )}
    </>
  )
}

function Conditions({
  grant: { id, tool, conditions, expiresAt },
  now,
}: {
  grant: GrantInCode
  now: number
}) {
  const parts = Object.entries((conditions ?? {}) as Record<string, unknown>)
  return (
    <>
      {tool !== id && <>for {tool}. </>}
      {parts.length === 0 && 'Whatever its arguments are. '}
      {expiresAt !== null && `Until ${clock(expiresAt, now)}. `}
      {parts.map(([name, value]) => (
        <span key={name}>
          {name} <code className={ui.code}>{JSON.stringify(value)}</code>{' '}
        </span>
      ))}
    </>
  )
}

function wordsOf({ change }: GrantChange): string {
  const { kind, grant, tool, ...rest } = (change ?? {}) as { kind?: unknown; grant?: unknown; tool?: unknown }
  const of = typeof grant === 'string' ? grant : typeof tool === 'string' ? tool : ''
  const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`
  return `${String(kind)} ${of}${typeof grant === 'object' && grant !== null ? JSON.stringify(grant) : ''}${more}`.trim()
}
