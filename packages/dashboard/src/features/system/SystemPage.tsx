import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, newKey } from '../../api/client.ts'
import { queuesQuery, schedulesQuery, sessionQuery, workersQuery } from '../../api/queries.ts'
import type { Queue, Schedule } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, count, many, since } from '../../ui/words.ts'
import { Models } from './Models.tsx'
import { Triggers } from './Triggers.tsx'

/** Who drives the runs, where they wait, and what starts by the clock. */
export function SystemPage() {
  const now = useNow()
  const workers = useQuery(workersQuery)
  const queues = useQuery(queuesQuery)
  const schedules = useQuery(schedulesQuery)
  const error = workers.error ?? queues.error ?? schedules.error
  const alive = workers.data?.items.length ?? 0
  const ready = (queues.data?.items ?? []).reduce((sum, queue) => sum + queue.ready, 0)
  const paused = (queues.data?.items ?? []).filter((queue) => queue.paused)
  const title =
    workers.data === undefined
      ? 'System'
      : alive === 0
        ? 'No worker is there: nothing goes on.'
        : `${many(alive, 'worker drives', 'workers drive')} the runs${paused.length > 0 ? `; ${paused.length === 1 ? `queue ${paused[0]!.name} is` : `${paused.length} queues are`} paused` : ''}.`
  return (
    <Page
      title={title}
      sub={
        ready === 0 ? 'No run waits for a worker.' : `${many(ready, 'run waits', 'runs wait')} for a worker.`
      }
      tabs={tabs.system}
    >
      {error && <Failure error={error} />}
      <Section title="Queues">
        <Rows label="Queues">
          {(queues.data?.items ?? []).map((queue) => (
            <QueueLine key={queue.name} queue={queue} now={now} />
          ))}
        </Rows>
      </Section>
      <Section title="Workers">
        {alive === 0 ? (
          <Empty>
            Start one: <code>npx reeve start</code>
          </Empty>
        ) : (
          <Rows label="Workers">
            {workers.data!.items.map((worker) => (
              <Row
                key={worker.id}
                title={`${worker.host}, process ${worker.pid}`}
                under={`since ${clock(worker.startedAt, now)} · drives ${worker.drives.length === 0 ? 'no workflow' : worker.drives.length > 6 ? many(worker.drives.length, 'workflow').toLowerCase() : worker.drives.join(', ')}`}
                tag={worker.isHere ? <Tag>answers here</Tag> : null}
                end={`seen ${since(worker.heartbeatAt, now)} ago`}
              />
            ))}
          </Rows>
        )}
      </Section>
      <Section title="Schedules">
        {schedules.data?.items.length === 0 ? (
          <Empty>
            Nothing starts by the clock. A schedule is a line of <code>schedules</code> in{' '}
            <code>reeve.config.ts</code>.
          </Empty>
        ) : (
          <Rows label="Schedules">
            {(schedules.data?.items ?? []).map((schedule) => (
              <ScheduleLine key={schedule.name} schedule={schedule} now={now} />
            ))}
          </Rows>
        )}
      </Section>
      <Triggers now={now} />
      <Models now={now} />
    </Page>
  )
}

function QueueLine({ queue, now }: { queue: Queue; now: number }) {
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const change = useMutation({
    mutationFn: () =>
      api.queues[queue.paused ? 'resume' : 'pause']({ params: { queue: queue.name }, ...newKey() }),
    onSuccess: () => client.invalidateQueries(),
  })
  const { limits } = queue
  const told = [
    limits.concurrency === null ? undefined : `at most ${limits.concurrency} at once`,
    limits.keyConcurrency === null ? undefined : `${limits.keyConcurrency} of one key`,
    limits.rate === null ? undefined : `${limits.rate.count} in ${limits.rate.perMs / 1000} s`,
  ].filter((part) => part !== undefined)
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Row
      title={queue.name}
      under={
        <>
          {queue.running + queue.ready === 0
            ? 'nothing in it'
            : `${count(queue.running)} running, ${count(queue.ready)} ready`}
          {queue.readySince && `, the first since ${since(queue.readySince, now)}`}
          {queue.inLine > 0 && `, ${count(queue.inLine)} behind others of their key`}
          {told.length > 0 && ` · ${told.join(', ')}`}
          {change.error && ` · ${change.error.message}`}
        </>
      }
      tag={queue.paused ? <Tag tone="warn">paused</Tag> : null}
      end={
        may && (
          <button
            type="button"
            className={ui.act}
            disabled={change.isPending}
            onClick={() => change.mutate()}
          >
            {queue.paused ? 'Resume' : 'Pause'}
            <span className="heard"> queue {queue.name}</span>
          </button>
        )
      }
    />
  )
}

function ScheduleLine({ schedule, now }: { schedule: Schedule; now: number }) {
  const { name, workflow, paused, nextAt, last } = schedule
  const client = useQueryClient()
  const { data: session } = useQuery(sessionQuery)
  const change = useMutation({
    mutationFn: () => api.schedules[paused ? 'resume' : 'pause']({ params: { schedule: name }, ...newKey() }),
    onSuccess: () => client.invalidateQueries(),
  })
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Row
      title={name}
      under={
        <>
          {workflow}
          {nextAt !== null ? ` · next ${clock(nextAt, now)}` : paused ? '' : ' · it is over'}
          {last && (
            <>
              {' · last '}
              {clock(last.nominalAt, now)}:{' '}
              {last.runId ? (
                <Link to="/runs/$run" params={{ run: last.runId }}>
                  started
                </Link>
              ) : (
                `${last.outcome}${last.reason ? `, ${last.reason}` : ''}`
              )}
            </>
          )}
          {change.error && ` · ${change.error.message}`}
        </>
      }
      tag={paused ? <Tag tone="warn">paused</Tag> : null}
      end={
        may &&
        (paused || nextAt !== null) && (
          <button
            type="button"
            className={ui.act}
            disabled={change.isPending}
            onClick={() => change.mutate()}
          >
            {paused ? 'Resume' : 'Pause'}
            <span className="heard"> schedule {name}</span>
          </button>
        )
      }
    />
  )
}
