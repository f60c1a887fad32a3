import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { DaemonItem } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, money } from '../../ui/words.ts'

type Steering = 'pause' | 'resume' | 'wake'

/** How each daemon stands, and the ways to stop it, let it go on, and let it decide now. */
export function Daemons({ daemons, now }: { daemons: readonly DaemonItem[]; now: number }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const steer = useMutation({
    mutationFn: ({ daemon, how }: { daemon: string; how: Steering }) =>
      api.daemons[how]({ params: { daemon }, body: {}, ...newKey() }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['runs'] }),
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  const button = (daemon: string, how: Steering, words: string) => (
    <button
      type="button"
      className={ui.act}
      disabled={steer.isPending}
      onClick={() => steer.mutate({ daemon, how })}
    >
      {words}
      <span className="heard"> {daemon}</span>
    </button>
  )
  return (
    <Section title="Daemons">
      {steer.error && <Failure error={steer.error} />}
      <Rows label="Daemons">
        {daemons.map((daemon) => (
          <Row
            key={daemon.name}
            title={<Foreign text={daemon.name} />}
            under={<Standing daemon={daemon} now={now} />}
            tag={
              <Tag tone={daemon.state === 'stuck' ? 'bad' : daemon.state === 'paused' ? 'warn' : 'plain'}>
                {daemon.state === 'between' ? 'between cycles' : daemon.state}
              </Tag>
            }
            end={
              may && (
                <span className={ui.actions}>
                  {daemon.state === 'paused'
                    ? button(daemon.name, 'resume', 'Resume')
                    : button(daemon.name, 'pause', 'Pause')}
                  {daemon.state === 'waiting' && button(daemon.name, 'wake', 'Wake')}
                </span>
              )
            }
          />
        ))}
      </Rows>
    </Section>
  )
}

function Standing({ daemon: { nextAt, decides, today, reason }, now }: { daemon: DaemonItem; now: number }) {
  const { spentUsd, ceilingUsd } = today
  return (
    <>
      {nextAt === null ? 'No next wake is set' : `Wakes next ${clock(nextAt, now)}`} · decided by {decides} ·{' '}
      {money(spentUsd)}
      {ceilingUsd === null ? '' : ` of ${money(ceilingUsd)}`} today
      {reason !== null && (
        <>
          <br />
          <Foreign text={reason} />
        </>
      )}
    </>
  )
}
