import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  approvalsQuery,
  budgetsQuery,
  costsQuery,
  queuesQuery,
  runsQuery,
  schedulesQuery,
  workersQuery,
} from '../../api/queries.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, many, moment, money, since } from '../../ui/words.ts'
import { kindWords, titleOf } from '../inbox/wording.ts'

const shownItems = 6
const weekMs = 7 * 24 * 3_600_000

/** Is it well, and what does it want from me? */
export function TodayPage() {
  const now = useNow()
  const approvals = useQuery(approvalsQuery())
  const stuck = useQuery(runsQuery({ status: ['stuck'] }))
  const failed = useQuery(
    runsQuery({
      status: ['failed'],
      since: new Date(Math.floor(now / 3_600_000) * 3_600_000 - weekMs).toISOString(),
    }),
  )
  const workers = useQuery(workersQuery)
  const waiting = approvals.data?.items ?? []
  const wrong = [...(stuck.data?.items ?? []), ...(failed.data?.items ?? [])]
  const noWorker = workers.data?.items.length === 0
  const isKnown = approvals.data !== undefined && stuck.data !== undefined && workers.data !== undefined
  const health = noWorker
    ? 'No worker is there: nothing goes on.'
    : (stuck.data?.items.length ?? 0) > 0
      ? `${many(stuck.data!.items.length, 'run is', 'runs are')} stuck.`
      : 'All is well.'
  const asks =
    waiting.length === 0
      ? 'Nothing waits for you.'
      : `${many(waiting.length, 'thing waits', 'things wait')} for you.`
  const oldest = waiting[0]
  return (
    <Page
      title={isKnown ? `${health} ${asks}` : '…'}
      sub={
        <>
          {moment(now)}.{oldest && ` The oldest has waited ${since(oldest.requestedAt, now)}.`}
          {failed.data && ` ${failed.data.items.length === 0 ? 'Nothing failed this week.' : ''}`}
        </>
      }
    >
      {approvals.error && <Failure error={approvals.error} again={() => void approvals.refetch()} />}
      <Section title="Waits for you">
        {waiting.length === 0 ? (
          <Empty>
            Calls that need a yes, questions that no solver could answer, and effects of unknown outcome come
            here.
          </Empty>
        ) : (
          <Rows label="Waits for you">
            {waiting.slice(0, shownItems).map((item) => (
              <Row
                key={item.id}
                to={`/inbox?item=${encodeURIComponent(item.id)}`}
                title={titleOf(item)}
                under={item.workflow}
                tag={<Tag tone={item.kind === 'outcome' ? 'warn' : 'good'}>{kindWords[item.kind]}</Tag>}
                end={since(item.requestedAt, now)}
              />
            ))}
            {waiting.length > shownItems && (
              <Row to="/inbox" title={`${count(waiting.length - shownItems)} more`} under="in the inbox" />
            )}
          </Rows>
        )}
      </Section>
      <Figures>
        <Spent now={now} />
        <Now now={now} />
        <Next now={now} />
      </Figures>
      {wrong.length > 0 && (
        <Section title="Went wrong this week">
          <Rows label="Went wrong this week">
            {wrong.slice(0, 8).map((run) => (
              <Row
                key={run.id}
                to={`/runs/${run.id}`}
                title={run.workflow}
                under={run.reason?.split('\n', 1)[0]?.slice(0, 160)}
                tag={<Tag tone="bad">{run.status}</Tag>}
                end={`${since(run.endedAt ?? run.createdAt, now)} ago`}
              />
            ))}
          </Rows>
        </Section>
      )}
    </Page>
  )
}

function Spent({ now }: { now: number }) {
  const { data: budgets } = useQuery(budgetsQuery)
  const { data: days } = useQuery(costsQuery('day', '31d', 40))
  const today = new Date(now).toISOString().slice(0, 10)
  const spent = days?.items.find(({ name }) => name === today)?.costUsd ?? 0
  const month = (days?.items ?? [])
    .filter(({ name }) => name?.startsWith(today.slice(0, 7)))
    .reduce((sum, { costUsd }) => sum + costUsd, 0)
  const ceiling = budgets?.items.find(({ scope }) => scope === `day:${today}`)?.ceilingUsd ?? undefined
  const part = new Date(now).getUTCHours() / 24 + new Date(now).getUTCMinutes() / 1440
  const forecast = part > 0.05 ? spent / part : undefined
  return (
    <Figure
      title="Spent today"
      value={money(spent)}
      {...(ceiling !== undefined && { of: `of ${money(ceiling)}`, part: ceiling > 0 ? spent / ceiling : 1 })}
    >
      {forecast !== undefined && spent > 0 && `At this pace ${money(forecast)} by midnight UTC. `}
      This month {money(month)}.
    </Figure>
  )
}

function Now({ now }: { now: number }) {
  const { data } = useQuery(queuesQuery)
  const queues = data?.items ?? []
  const running = queues.reduce((sum, queue) => sum + queue.running, 0)
  const ready = queues.reduce((sum, queue) => sum + queue.ready, 0)
  const oldest = queues
    .map(({ oldestAt }) => oldestAt)
    .filter((at) => at !== null)
    .sort()[0]
  return (
    <Figure title="Now" value={`${count(running)} running`}>
      {ready === 0
        ? 'Nothing is queued.'
        : `${count(ready)} queued, the first since ${since(oldest ?? new Date(now).toISOString(), now)}.`}{' '}
      <Link to="/runs" search={{ status: 'waiting' }}>
        Runs that wait
      </Link>
    </Figure>
  )
}

function Next({ now }: { now: number }) {
  const { data } = useQuery(schedulesQuery)
  const next = (data?.items ?? [])
    .filter(({ nextAt, paused }) => nextAt !== null && !paused)
    .sort((a, b) => a.nextAt!.localeCompare(b.nextAt!))
  if (next.length === 0)
    return (
      <Figure title="Next" value="—">
        Nothing starts by the clock.
      </Figure>
    )
  return (
    <Figure title="Next" value={clock(next[0]!.nextAt!, now)}>
      {next[0]!.name}, in {since(next[0]!.nextAt!, now)}.
      {next[1] && ` Then ${next[1].name}, ${clock(next[1].nextAt!, now)}.`}
    </Figure>
  )
}
