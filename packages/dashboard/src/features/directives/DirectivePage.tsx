import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { directiveQuery, workQuery } from '../../api/improving.ts'
import { sessionQuery } from '../../api/queries.ts'
import type { DirectiveItem } from '../../api/types.ts'
import { Button } from '../../ui/controls/Button.tsx'
import { Dialog } from '../../ui/controls/Dialog.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { SchemaFields } from '../../ui/fields/SchemaFields.tsx'
import { Link } from '../../ui/Link.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import ui from '../../ui/ui.module.css'
import { clock, duration, money, since } from '../../ui/words.ts'
import { SixMetrics } from '../workflows/SixMetrics.tsx'
import { StartForm } from '../workflows/StartForm.tsx'
import { FailureModes } from './FailureModes.tsx'
import { History } from './History.tsx'

/** One directive: whether it worked, what it is for and does, what its criteria saw, and how it became what it is. */
export function DirectivePage() {
  const { directive: name } = useParams({ from: '/directives/$directive' })
  const now = useNow()
  const navigate = useNavigate()
  const [isStarting, setStarting] = useState(false)
  const { data: session } = useQuery(sessionQuery)
  const { data, error } = useQuery(directiveQuery(name))
  const { data: metrics } = useQuery(workQuery({ kind: 'directive', name }, '30d'))
  const path = [{ to: '/directives', words: 'Directives' }]
  if (!data)
    return (
      <Page title={error ? 'This directive is not in the project.' : '…'} path={path}>
        {error && <Failure error={error} />}
      </Page>
    )
  const may = session?.role === 'operator' || session?.role === 'owner'
  return (
    <Page title={titleOf(data)} sub={<Sub directive={data} now={now} />} path={path}>
      <div className={ui.actions}>
        {may && <Button onClick={() => setStarting(true)}>Run now…</Button>}
        <Button
          variant="default"
          onClick={() => void navigate({ to: '/runs', search: { workflow: data.workflow } })}
        >
          Its runs
        </Button>
      </div>
      <Section title="Purpose">
        <p className={ui.prose}>
          <Foreign text={data.goal} />
        </p>
      </Section>
      <Section title="Success criteria">
        <Criteria directive={data} seen={data.seen} />
      </Section>
      <Section title="Steps, in their order">
        <Rows label="Steps">
          {data.does.map(({ kind, name: called, line }) => (
            <Row key={line} to={pathOf(kind, called)} title={called} end={kind} />
          ))}
        </Rows>
      </Section>
      <Section title="Input">
        <SchemaFields schema={data.inputs} />
      </Section>
      <FailureModes directive={name} modes={data.failureModes} may={may} />
      {metrics && <SixMetrics metrics={metrics} />}
      <History directive={name} now={now} />
      <Section title="File">
        <details>
          <summary className={ui.soft}>{data.file}</summary>
          <pre className={ui.text}>
            <Foreign text={data.text} />
          </pre>
        </details>
      </Section>
      <Dialog opened={isStarting} onClose={() => setStarting(false)} title={`Follow ${data.title}`} size="lg">
        {isStarting && <StartForm workflow={{ name: data.workflow, input: data.inputs }} />}
      </Dialog>
    </Page>
  )
}

function titleOf({ title, last }: DirectiveItem): string {
  if (!last) return `${title} was not followed yet.`
  switch (last.result) {
    case 'success':
      return `${title} worked last time.`
    case 'unmet':
      return `${title} was done, and did not reach what it should.`
    case 'failed':
      return `${title} failed last time.`
    case 'cancelled':
      return `${title} was cancelled last time.`
    case 'pending':
      return `${title} is under way.`
  }
}

function Sub({ directive: { last }, now }: { directive: DirectiveItem; now: number }) {
  if (!last) return null
  return (
    <>
      <Link to="/runs/$run" params={{ run: last.runId }}>
        Started {clock(last.at, now)}
      </Link>
      {last.durationMs === null ? `, ${since(last.at, now)} ago` : `, it took ${duration(last.durationMs)}`}
      {last.costUsd > 0 && ` and cost ${money(last.costUsd)}`}.
    </>
  )
}

type Seen = { text: string; met: boolean; seen: string }

function Criteria({ directive: { criteria, last }, seen }: { directive: DirectiveItem; seen: Seen[] }) {
  const found = new Map(seen.map((each) => [each.text, each]))
  return (
    <>
      {last && seen.length === 0 && last.result !== 'success' && last.detail !== '' && (
        <p className={ui.prose}>
          It did not come so far: <Foreign text={last.detail} />
        </p>
      )}
      <Rows label="Success criteria">
        {criteria.map(({ text, line }) => {
          const at = found.get(text)
          return (
            <Row
              key={line}
              title={<Foreign text={text} />}
              under={at && <Foreign text={at.seen} />}
              tag={at && <Tag tone={at.met ? 'good' : 'bad'}>{at.met ? 'met' : 'not met'}</Tag>}
            />
          )
        })}
      </Rows>
      {criteria.length === 0 && <Empty>It names none: that it ended without an error counts.</Empty>}
    </>
  )
}

function pathOf(kind: DirectiveItem['does'][number]['kind'], name: string): string | undefined {
  if (kind === 'tool') return undefined
  return `/${kind}s/${encodeURIComponent(name)}`
}
