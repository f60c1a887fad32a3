import { useQuery } from '@tanstack/react-query'
import { todayQuery } from '../../api/queries.ts'
import type { Today } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Figure, Figures } from '../../ui/Figure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, firstLine, many, moment, money, percent, since } from '../../ui/words.ts'
import { kindWords, titleOf } from '../inbox/wording.ts'

const shownItems = 6
const shownFailures = 6

/** Is it well, and what does it want from me? */
export function TodayPage() {
  const now = useNow()
  const { data: today, error, refetch } = useQuery(todayQuery)
  if (!today)
    return (
      <Page title={error ? 'Today' : '…'}>
        {error && <Failure error={error} again={() => void refetch()} />}
      </Page>
    )
  const [first, ...problems] = today.health.problems
  return (
    <Page title={today.health.sentence} sub={`${moment(now)}. ${today.health.remark}`}>
      {(problems.length > 0 || (first && today.health.state === 'paused')) && (
        <Section title="Problems">
          <Rows label="Problems">
            {today.health.problems.map(({ what, words, state }) => (
              <Row
                key={`${what}${words}`}
                title={`${words}.`}
                tag={
                  <Tag tone={state === 'trouble' ? 'bad' : 'warn'}>
                    {state === 'trouble' ? 'stands still' : 'look'}
                  </Tag>
                }
              />
            ))}
          </Rows>
        </Section>
      )}
      <Waiting today={today} now={now} />
      <Figures>
        <Spent today={today} />
        <Success today={today} />
        <Now today={today} now={now} />
      </Figures>
      <Silent today={today} now={now} />
      <Wrong today={today} now={now} />
    </Page>
  )
}

function Waiting({ today: { waiting }, now }: { today: Today; now: number }) {
  const { oldest, counts } = waiting
  const asked = counts.total - counts.proposal
  return (
    <Section title="Waiting for you">
      {counts.total === 0 ? (
        <Empty>
          Calls that need a yes, questions that no solver could answer, and effects of unknown outcome come
          here.
        </Empty>
      ) : (
        <Rows label="Waiting for you">
          {oldest.slice(0, shownItems).map((item) => (
            <WaitingLine key={item.approval?.id ?? item.runId} item={item} now={now} />
          ))}
          {counts.proposal > 0 && (
            <Row
              to="/changes"
              title={many(counts.proposal, 'change is proposed', 'changes are proposed')}
              under="repairs, lessons and what else it would change of itself"
              tag={<Tag>{kindWords.proposal}</Tag>}
            />
          )}
          {asked > shownItems && (
            <Row
              to="/inbox"
              title={`${count(asked - shownItems)}${counts.isMore ? ' or more' : ''} others`}
              under="in the inbox"
            />
          )}
        </Rows>
      )}
    </Section>
  )
}

type WaitingThing = Today['waiting']['oldest'][number]

function WaitingLine({ item, now }: { item: WaitingThing; now: number }) {
  const { approval, kind, workflow, subject, runId: run } = item
  return (
    <Row
      to={approval ? `/inbox?item=${encodeURIComponent(approval.id)}` : `/runs/${run}`}
      title={approval ? titleOf(approval) : `${workflow} is stuck`}
      under={approval ? workflow : <Foreign text={subject} />}
      tag={
        <Tag tone={kind === 'stuck' ? 'bad' : kind === 'outcome' ? 'warn' : 'good'}>{kindWords[kind]}</Tag>
      }
      end={since(item.since, now)}
    />
  )
}

function Spent({ today: { spend } }: { today: Today }) {
  const { today: day, month } = spend
  const part =
    day.ceilingUsd === null
      ? undefined
      : day.ceilingUsd > 0
        ? (day.spentUsd + day.reservedUsd) / day.ceilingUsd
        : 1
  return (
    <Figure
      title="Spent today"
      value={money(day.spentUsd)}
      of={day.ceilingUsd === null ? undefined : `of ${money(day.ceilingUsd)}`}
      part={part}
      tone={part === undefined || part < 0.8 ? undefined : part < 1 ? 'warn' : 'bad'}
    >
      {day.forecastUsd !== null &&
        day.forecastUsd > 0 &&
        `At this pace ${money(day.forecastUsd)} by midnight UTC. `}
      This month {money(month.spentUsd)}
      {month.ceilingUsd !== null && ` of ${money(month.ceilingUsd)}`}.
    </Figure>
  )
}

function Success({ today: { success } }: { today: Today }) {
  const { now, before, correctionRate } = success
  const ended = now.succeeded + now.failed
  if (now.rate === null)
    return (
      <Figure title="Success rate" value="—">
        No run has ended this week.
      </Figure>
    )
  return (
    <Figure title="Success rate" value={percent(now.rate)}>
      of {count(ended)} {ended === 1 ? 'run' : 'runs'} this week
      {before.rate !== null && `; ${percent(before.rate)} the week before`}.
      {correctionRate !== null &&
        correctionRate > 0 &&
        ` Of what was approved ${percent(correctionRate)} was edited.`}
    </Figure>
  )
}

function Now({ today: { runs, queues, schedules }, now }: { today: Today; now: number }) {
  const oldest = queues
    .map(({ readySince }) => readySince)
    .filter((at) => at !== null)
    .sort()[0]
  const next = schedules.find(({ nextAt }) => nextAt !== null)
  return (
    <Figure title="Now" value={runs.running === 0 ? 'Nothing is running' : `${count(runs.running)} running`}>
      {runs.queued === 0
        ? 'Nothing is queued.'
        : `${count(runs.queued)} queued${oldest ? `, the first since ${since(oldest, now)}` : ''}.`}{' '}
      {runs.waiting > 0 && (
        <>
          <Link to="/runs" search={{ status: 'waiting' }}>
            {count(runs.waiting)} wait
          </Link>
          .{' '}
        </>
      )}
      {next && `Next: ${next.name}, ${clock(next.nextAt!, now)}.`}
    </Figure>
  )
}

function Silent({ today: { silent }, now }: { today: Today; now: number }) {
  if (silent.length === 0) return null
  return (
    <Section title="No progress for too long">
      <Rows label="No progress for too long">
        {silent.slice(0, shownFailures).map(({ runId: run, workflow, since: at, state, reason }) => (
          <Row
            key={run}
            to={`/runs/${run}`}
            title={workflow}
            under={reason === null ? 'its worker says nothing' : <Foreign text={reason} />}
            tag={<Tag tone={state === 'alarming' ? 'bad' : 'warn'}>{state}</Tag>}
            end={since(at, now)}
          />
        ))}
      </Rows>
    </Section>
  )
}

function Wrong({ today: { failures }, now }: { today: Today; now: number }) {
  if (failures.groups.length === 0) return null
  return (
    <Section title="Failures this week">
      <Rows label="Failures this week">
        {failures.groups.slice(0, shownFailures).map(({ reason, count: times, workflows, runs, lastAt }) => (
          <Row
            key={reason}
            to={`/runs/${runs[0]}`}
            title={<Foreign text={firstLine(reason)} />}
            under={`${workflows.slice(0, 3).join(', ')}${workflows.length > 3 ? ' and others' : ''} · last ${since(lastAt, now)} ago`}
            end={`${count(times)} ${times === 1 ? 'run' : 'runs'}`}
          />
        ))}
      </Rows>
    </Section>
  )
}
