import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { api } from '../../api/client.ts'
import { inputQuery, runQuery } from '../../api/queries.ts'
import type { EventItem, RunWhole } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { Field, Fields, Value } from '../../ui/fields/Field.tsx'
import { useNow } from '../../ui/now.ts'
import { Page, Section } from '../../ui/Page.tsx'
import { Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, duration, money } from '../../ui/words.ts'
import { titleOf } from '../inbox/wording.ts'
import css from './Run.module.css'
import { RunActions } from './RunActions.tsx'
import { statusWords, toneOf } from './status.ts'
import { Timeline } from './Timeline.tsx'
import { barsOf } from './timeline.ts'

/** One run: what it came to in a sentence, then what it was given, what it did, and every event. */
export function RunPage() {
  const { run: id } = useParams({ from: '/runs/$run' })
  const [chosen, setChosen] = useState<number | undefined>()
  const eventsAt = useRef<HTMLDivElement>(null)
  const choose = (call: number) => {
    setChosen(call)
    eventsAt.current?.scrollIntoView({ behavior: 'smooth' })
  }
  const now = useNow(1000)
  const { data: run, error, refetch } = useQuery(runQuery(id))
  const { data: given } = useQuery(inputQuery(id))
  const pages = useInfiniteQuery({
    queryKey: ['events', id],
    queryFn: ({ pageParam, signal }) =>
      api.runs.events({ params: { run: id }, query: { after: pageParam, limit: 1000 }, signal }),
    initialPageParam: 0,
    getNextPageParam: ({ events: page, more }) => (more ? page.at(-1)?.seq : undefined),
  })
  const events = pages.data?.pages.flatMap((page) => page.events) ?? []
  const path = [
    { to: '/runs', words: 'Runs' },
    ...(run ? [{ to: `/runs?workflow=${encodeURIComponent(run.workflow)}`, words: run.workflow }] : []),
  ]
  if (error && !run)
    return (
      <Page title="This run is not here." path={path}>
        <Failure error={error} again={() => void refetch()} />
      </Page>
    )
  if (!run) return <Page title="…" path={path} />
  const bars = barsOf(events)
  return (
    <Page title={headline(run)} path={path} sub={<Under run={run} now={now} />}>
      {run.asks.length > 0 && (
        <Section title="It waits for you">
          {run.asks.map((ask) => (
            <p key={ask.id}>
              <Link to="/inbox" search={{ item: ask.id }}>
                {titleOf(ask)}
              </Link>
            </p>
          ))}
        </Section>
      )}
      {run.error && (
        <Section title="What went wrong">
          <p className={css.story}>
            <Foreign text={run.error.message} />
          </p>
          <p className={ui.soft}>
            <code className={ui.code}>{run.error.code}</code>
          </p>
        </Section>
      )}
      {run.status !== 'failed' && run.reason && run.asks.length === 0 && (
        <Section title={run.status === 'stuck' ? 'Why it is stuck' : 'What it is at'}>
          <p className={css.story}>
            <Foreign text={run.reason} />
          </p>
        </Section>
      )}
      {bars.length > 0 && (
        <Section title="How it went">
          <Timeline bars={bars} now={now} onChoose={choose} />
        </Section>
      )}
      <Given title="What it was given" value={given?.input} />
      {run.output !== undefined && run.output !== null && (
        <Given title="What it came to" value={run.output} />
      )}
      <RunActions run={run} />
      <div ref={eventsAt}>
        <Section title={chosen === undefined ? 'Every event' : `Events of call ${chosen}`}>
          {chosen !== undefined && (
            <button type="button" className={css.more} onClick={() => setChosen(undefined)}>
              Show all events
            </button>
          )}
          <Events
            events={chosen === undefined ? events : events.filter(({ call }) => call === chosen)}
            now={now}
          />
          {pages.hasNextPage && (
            <button type="button" className={css.more} onClick={() => void pages.fetchNextPage()}>
              Read on
            </button>
          )}
        </Section>
      </div>
    </Page>
  )
}

function headline(run: RunWhole): string {
  const { waitsFor } = run.standing
  if (run.paused) return `${run.workflow} is paused.`
  switch (run.status) {
    case 'succeeded':
      return `${run.workflow} is done.`
    case 'failed':
      return `${run.workflow} failed.`
    case 'cancelled':
      return `${run.workflow} was cancelled.`
    case 'stuck':
      return `${run.workflow} is stuck: somebody must look.`
    case 'running':
      return `${run.workflow} is at work.`
    case 'queued':
      return `${run.workflow} waits for a worker.`
    case 'waiting':
      return waitsFor ? `${run.workflow} waits: ${waitsFor.words}.` : `${run.workflow} waits.`
  }
}

function Under({ run, now }: { run: RunWhole; now: number }) {
  const took = (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.createdAt)
  return (
    <>
      <Tag tone={toneOf(run)}>{run.paused ? 'paused' : statusWords[run.status]}</Tag> Begun{' '}
      {clock(run.createdAt, now)} for {run.principal},{' '}
      {run.endedAt === null ? `${duration(took)} ago` : `took ${duration(took)}`}. It cost{' '}
      {money(run.costUsd)}. <span className={ui.code}>{run.id}</span>
      {run.parent && (
        <>
          {' '}
          Child of{' '}
          <Link to="/runs/$run" params={{ run: run.parent }}>
            {run.parent}
          </Link>
          .
        </>
      )}
    </>
  )
}

function Given({ title, value }: { title: string; value: unknown }) {
  if (value === undefined) return null
  return (
    <Section title={title}>
      {typeof value === 'object' && value !== null && !Array.isArray(value) ? (
        <Fields>
          {Object.entries(value).map(([name, part]) => (
            <Field key={name} name={name}>
              <Value value={part} />
            </Field>
          ))}
        </Fields>
      ) : (
        <Value value={value} />
      )}
    </Section>
  )
}

function Events({ events, now }: { events: readonly EventItem[]; now: number }) {
  return (
    <table className={css.events}>
      <tbody>
        {events.map(({ seq, at, type, name, words, payload, isCut }) => (
          <tr key={seq}>
            <td>{seq}</td>
            <td>{clock(at, now)}</td>
            <td>
              <span className={ui.strong}>{type.replaceAll('-', ' ')}</span>
              {name !== null && (
                <>
                  {' '}
                  <Foreign text={name} />
                </>
              )}
              {words !== '' && (
                <div className={ui.soft}>
                  <Foreign text={words} />
                </div>
              )}
              {payload !== null && (
                <details>
                  <summary>payload{isCut ? ', its beginning' : ''}</summary>
                  <pre className={ui.text}>
                    <Foreign
                      text={typeof payload === 'string' && isCut ? payload : JSON.stringify(payload, null, 2)}
                    />
                  </pre>
                </details>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
