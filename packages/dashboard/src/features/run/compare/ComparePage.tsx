import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { inputQuery, runQuery } from '../../../api/queries.ts'
import type { RunWhole } from '../../../api/types.ts'
import { Failure } from '../../../ui/Failure.tsx'
import { Foreign } from '../../../ui/Foreign.tsx'
import { Difference } from '../../../ui/fields/Difference.tsx'
import { Link } from '../../../ui/Link.tsx'
import { useNow } from '../../../ui/now.ts'
import { Page, Section } from '../../../ui/Page.tsx'
import { Tag } from '../../../ui/Rows.tsx'
import ui from '../../../ui/ui.module.css'
import { duration, many, money } from '../../../ui/words.ts'
import { useJournal } from '../journal.ts'
import { statusWords, toneOf } from '../status.ts'
import { type Bar, barsOf } from '../timeline.ts'
import css from './Compare.module.css'

const mostCalls = 500

/** Two runs side by side: where they part first, then each call of both. */
export function ComparePage() {
  const now = useNow()
  const { run: left } = useParams({ from: '/runs/$run/compare' })
  const { with: right = '' } = useSearch({ from: '/runs/$run/compare' })
  const one = useQuery(runQuery(left))
  const other = useQuery({ ...runQuery(right), enabled: right !== '' })
  const { data: leftInput } = useQuery(inputQuery(left))
  const { data: rightInput } = useQuery({ ...inputQuery(right), enabled: right !== '' })
  const leftBars = barsOf(useJournal(left).events)
  const rightBars = barsOf(useJournal(right).events)
  const path = [
    { to: '/runs', words: 'Runs' },
    { to: `/runs/${left}`, words: left },
  ]
  const error = one.error ?? other.error
  if (error && (!one.data || !other.data))
    return (
      <Page title="These runs cannot be laid side by side." path={path}>
        <Failure error={error} />
      </Page>
    )
  if (!one.data || !other.data) return <Page title="…" path={path} />
  const calls = callsOf(leftBars, rightBars)
  const parted = calls.find(({ isAlike }) => !isAlike)
  return (
    <Page
      title={titleOf(parted?.call, calls.length)}
      path={path}
      sub="What is alike is pale. Times differ between any two runs and do not count."
    >
      <div className={css.pair}>
        <Side run={one.data} now={now} />
        <Side run={other.data} now={now} />
      </div>
      <Section title="Inputs">
        <Both before={leftInput?.input} after={rightInput?.input} />
      </Section>
      <Section title="Call by call">
        <ol className={css.calls}>
          {calls.slice(0, mostCalls).map(({ call, left: a, right: b, isAlike }) => (
            <li key={call} className={css.pair} data-alike={isAlike || undefined}>
              <Cell bar={a} now={now} />
              <Cell bar={b} now={now} />
            </li>
          ))}
        </ol>
        {calls.length > mostCalls && (
          <p className={ui.soft}>{many(calls.length - mostCalls, 'call')} more.</p>
        )}
      </Section>
      <Section title="Results">
        <Both before={endOf(one.data)} after={endOf(other.data)} />
      </Section>
    </Page>
  )
}

function titleOf(parted: number | undefined, calls: number): string {
  if (calls === 0) return 'Neither has made a call yet.'
  return parted === undefined ? 'They did the same.' : `They differ from call ${parted} on.`
}

interface Pair {
  call: number
  left: Bar | undefined
  right: Bar | undefined
  isAlike: boolean
}

function callsOf(left: readonly Bar[], right: readonly Bar[]): Pair[] {
  const lefts = new Map(left.map((bar) => [bar.call, bar]))
  const rights = new Map(right.map((bar) => [bar.call, bar]))
  return [...new Set([...lefts.keys(), ...rights.keys()])]
    .sort((a, b) => a - b)
    .map((call) => {
      const [a, b] = [lefts.get(call), rights.get(call)]
      const isAlike = a?.name === b?.name && a?.kind === b?.kind && a?.result === b?.result
      return { call, left: a, right: b, isAlike }
    })
}

function Side({ run, now }: { run: RunWhole; now: number }) {
  const took = (run.endedAt === null ? now : Date.parse(run.endedAt)) - Date.parse(run.createdAt)
  return (
    <div>
      <Link to="/runs/$run" params={{ run: run.id }} className={ui.code}>
        {run.id}
      </Link>
      <p className={css.under}>
        <Tag tone={toneOf(run)}>{statusWords[run.status]}</Tag> {duration(took)}, {money(run.costUsd)},
        version {run.version}
      </p>
    </div>
  )
}

function Cell({ bar, now }: { bar: Bar | undefined; now: number }) {
  if (!bar) return <div className={ui.soft}>—</div>
  return (
    <div>
      <span className={css.name}>
        <Foreign text={bar.name} />
      </span>{' '}
      <span className={ui.soft}>
        {bar.kind} · {duration((bar.to ?? now) - bar.from)}
      </span>
      <div className={css.words}>
        <Foreign text={bar.words} />
      </div>
    </div>
  )
}

function Both({ before, after }: { before: unknown; after: unknown }) {
  const [left, right] = [textOf(before), textOf(after)]
  return left === right ? <p className={ui.soft}>The same.</p> : <Difference before={left} after={right} />
}

function endOf({ output, error, reason, status }: RunWhole): unknown {
  return output ?? error?.message ?? reason ?? status
}

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
