import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useRef } from 'react'
import { runQuery, sessionQuery } from '../../api/queries.ts'
import type { RunWhole } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Choice } from '../../ui/fields/Choice.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, count, duration, money } from '../../ui/words.ts'
import { CallPanel } from './CallPanel.tsx'
import { mayOverride } from './forms/overriding.ts'
import { useJournal } from './journal.ts'
import css from './Run.module.css'
import { RunActions, useRunForms } from './RunActions.tsx'
import { Story } from './Story.tsx'
import { statusWords, toneOf } from './status.ts'
import { Timeline } from './Timeline.tsx'
import { type Bar, barsOf, workedMs } from './timeline.ts'

const Graph = lazy(() => import('./graph/Graph.tsx'))
const Events = lazy(() => import('./Events.tsx').then(({ Events }) => ({ default: Events })))

const views = { timeline: 'timeline', graph: 'graph', events: 'every event' } as const

/** One run: what it came to in a sentence, the four questions, then how it went, call by call and event by event. */
export function RunPage() {
  const { run: id } = useParams({ from: '/runs/$run' })
  const { view = 'timeline', call: chosen } = useSearch({ from: '/runs/$run' })
  const navigate = useNavigate()
  const show = (more: { view?: keyof typeof views; call?: number | undefined }) =>
    void navigate({
      to: '/runs/$run',
      params: { run: id },
      search: { view, call: chosen, ...more },
      replace: true,
      resetScroll: false,
    })
  const panelAt = useRef<HTMLDivElement>(null)
  const choose = (call: number) => {
    show({ call })
    setTimeout(() => panelAt.current?.scrollIntoView({ behavior: 'smooth', block: 'nearest' }), 60)
  }
  const now = useNow(1000)
  const { data: run, error, refetch } = useQuery(runQuery(id))
  const { data: session } = useQuery(sessionQuery)
  const { events, more } = useJournal(id)
  const bars = useMemo(() => barsOf(events), [events])
  const drawn = useMemo(() => bars.filter(({ isOnlyAsked }) => !isOnlyAsked), [bars])
  const forms = useRunForms(run)
  const path = [
    { to: '/runs', words: 'Runs' },
    ...(run ? [{ to: `/runs?workflow=${encodeURIComponent(run.workflow)}`, words: run.workflow }] : []),
  ]
  if (error && !run)
    return (
      <Page
        title={isGone(error) ? 'This run is not here.' : 'This run could not be read.'}
        path={path}
        sub={
          isGone(error) &&
          'It never was, or it was deleted when its time was over (retention). What it cost is still counted.'
        }
      >
        {isGone(error) ? (
          <Empty>
            <Link to="/runs">See the runs that are here</Link>
          </Empty>
        ) : (
          <Failure error={error} again={() => void refetch()} />
        )}
      </Page>
    )
  if (!run) return <Page title="…" path={path} />
  const bar = bars.find(({ call }) => call === chosen)
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Page title={headline(run)} path={path} sub={<Under run={run} bars={bars} now={now} />}>
      <RunActions run={run} forms={forms} bars={bars} />
      <Story run={run} now={now} />
      <Section title="How it went">
        <Choice
          label="Show as"
          value={view}
          options={Object.entries(views).map(([value, words]) => ({
            value: value as keyof typeof views,
            words,
          }))}
          onChange={(value) => show({ view: value })}
        />
        {bars.length === 0 && view !== 'events' && <Empty>It has made no call yet.</Empty>}
        {view === 'timeline' && bars.length > 0 && (
          <Timeline bars={drawn} now={now} chosen={chosen} onChoose={choose} />
        )}
        {view === 'graph' && bars.length > 0 && (
          <Suspense
            fallback={
              <div className={css.drawing}>
                <Empty>Drawing…</Empty>
              </div>
            }
          >
            <Graph bars={drawn} now={now} chosen={chosen} onChoose={choose} />
          </Suspense>
        )}
        {view === 'events' && (
          <Suspense>
            <Events run={id} events={events} now={now} follows={run.status === 'running' && !more} />
          </Suspense>
        )}
        {more && events.length > 0 && <p className={ui.soft}>{count(events.length)} events read so far…</p>}
      </Section>
      <div ref={panelAt}>
        {bar && (
          <CallPanel
            run={id}
            bar={bar}
            events={events.filter(({ call }) => call === chosen)}
            now={now}
            onClose={() => show({ call: undefined })}
            onOverride={
              may && mayOverride(bar) ? () => forms.open({ kind: 'override', call: bar.call }) : undefined
            }
            onFork={may ? () => forms.open({ kind: 'fork', from: bar.call, name: bar.name }) : undefined}
          />
        )}
      </div>
    </Page>
  )
}

function isGone(error: Error): boolean {
  return 'status' in error && error.status === 404
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

function Under({ run, bars, now }: { run: RunWhole; bars: readonly Bar[]; now: number }) {
  const took = (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.createdAt)
  const worked = Math.min(workedMs(bars, now), took)
  return (
    <>
      <Tag tone={toneOf(run)}>{run.paused ? 'paused' : statusWords[run.status]}</Tag> Begun{' '}
      {clock(run.createdAt, now)} for {run.principal},{' '}
      {run.endedAt === null ? `${duration(took)} ago` : `took ${duration(took)}`}
      {took > 1000 && worked < took / 2 && `, of which it worked ${duration(worked)} and waited the rest`}. It
      cost {money(run.costUsd)}. <span className={ui.code}>{run.id}</span>
      {run.parentId && (
        <>
          {' '}
          Child of{' '}
          <Link to="/runs/$run" params={{ run: run.parentId }} className={css.parent}>
            {run.parentId}
          </Link>
          .
        </>
      )}
    </>
  )
}
