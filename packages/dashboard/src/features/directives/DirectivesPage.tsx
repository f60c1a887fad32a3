import { useQuery } from '@tanstack/react-query'
import { directivesQuery } from '../../api/improving.ts'
import { metricsQuery } from '../../api/queries.ts'
import type { DirectiveItem, WorkflowMetrics } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, many, percent } from '../../ui/words.ts'
import { results } from './results.ts'

/** The standing instructions, each with what came of it last. */
export function DirectivesPage() {
  const now = useNow()
  const { data, error, refetch } = useQuery(directivesQuery)
  const { data: metrics } = useQuery(metricsQuery)
  const items = data?.items ?? []
  const known = new Map((metrics?.workflows ?? []).map((one) => [one.workflow, one]))
  return (
    <Page title={data ? titleOf(items) : 'Directives'} tabs={tabs.directives}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {data && items.length === 0 && (
        <Empty>
          A directive says in Markdown what is to be done again and again, what does it, and how one sees that
          it worked. A file in <code>directives/</code> stands here by its name.
        </Empty>
      )}
      <Rows label="Directives">
        {items.map((directive) => (
          <Row
            key={directive.name}
            to={`/directives/${encodeURIComponent(directive.name)}`}
            title={<Foreign text={directive.title} />}
            under={
              <>
                <Foreign text={firstSentence(directive.goal)} />
                <br />
                {doesWords(directive)}
              </>
            }
            tag={
              directive.last && (
                <Tag tone={results[directive.last.result].tone}>{results[directive.last.result].words}</Tag>
              )
            }
            end={
              directive.last ? (
                <>
                  {clock(directive.last.at, now)}
                  <br />
                  {rateOf(known.get(directive.workflow))}
                </>
              ) : (
                'not followed yet'
              )
            }
          />
        ))}
      </Rows>
    </Page>
  )
}

function titleOf(items: readonly DirectiveItem[]): string {
  if (items.length === 0) return 'No directive yet.'
  const bad = items.filter(({ last }) => last?.result === 'failed' || last?.result === 'unmet')
  const all = many(items.length, 'directive')
  if (bad.length === 1) return `${all}; ${bad[0]!.title} did not work last time.`
  if (bad.length > 1) return `${all}; ${count(bad.length)} did not work last time.`
  return items.some(({ last }) => last !== null)
    ? `${all}; each that was followed worked last time.`
    : `${all}.`
}

function doesWords({ does }: DirectiveItem): string {
  return does.length === 0 ? '' : `does ${does.map(({ kind, name }) => `${kind} ${name}`).join(', then ')}`
}

function rateOf(known: WorkflowMetrics | undefined): string {
  if (known?.total.taskSuccess == null) return ''
  const { taskSuccess, ended } = known.total
  return `${percent(taskSuccess)} of ${count(ended)}`
}

export function firstSentence(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const [sentence = line] = line.match(/^.{20,}?[.!?](?= |$)/) ?? []
  return sentence.length > 200 ? `${sentence.slice(0, 199)}…` : sentence
}
