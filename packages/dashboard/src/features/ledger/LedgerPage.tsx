import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { daemonsQuery, ledgerQuery } from '../../api/queries.ts'
import type { Decision } from '../../api/types.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import { Row, Rows, Tag, type Tone } from '../../ui/Rows.tsx'
import { clock, count, duration, many, money } from '../../ui/words.ts'
import { Daemons } from './Daemons.tsx'

const results: Record<Decision['result'], { words: string; tone: Tone }> = {
  success: { words: 'it worked', tone: 'good' },
  unmet: { words: 'criteria not met', tone: 'bad' },
  failed: { words: 'failed', tone: 'bad' },
  cancelled: { words: 'cancelled', tone: 'plain' },
  refused: { words: 'refused', tone: 'warn' },
  taken: { words: 'done by another', tone: 'plain' },
  pending: { words: 'under way', tone: 'plain' },
  idle: { words: 'nothing to do', tone: 'plain' },
  skipped: { words: 'skipped', tone: 'plain' },
}

/** What the daemons decided, why, and what came of it; and how each of them stands. */
export function LedgerPage() {
  const now = useNow()
  const navigate = useNavigate()
  const { daemon } = useSearch({ from: '/ledger' })
  const { data: daemons } = useQuery(daemonsQuery)
  const { data, error, refetch } = useQuery(ledgerQuery(daemon))
  const items = data?.items ?? []
  const all = daemons?.items ?? []
  const shown = daemon === undefined ? all : all.filter(({ name }) => name === daemon)
  const names = [...new Set([...all.map(({ name }) => name), ...(daemon === undefined ? [] : [daemon])])]
  return (
    <Page title={data ? titleOf(items, data.next !== null) : 'Ledger'}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {names.length > 1 && (
        <NativeSelect
          aria-label="Daemon"
          value={daemon ?? ''}
          data={[{ value: '', label: 'All daemons' }, ...names]}
          onChange={(event) =>
            void navigate({
              to: '/ledger',
              search: { daemon: event.currentTarget.value || undefined },
              replace: true,
            })
          }
        />
      )}
      {daemons && all.length === 0 && (
        <Empty>
          A daemon wakes by itself, makes one decision and has it executed. A file in <code>daemons/</code>{' '}
          that exports one stands here by its name.
        </Empty>
      )}
      {shown.length > 0 && <Daemons daemons={shown} now={now} />}
      {items.length > 0 && (
        <Section title="Decisions">
          <Rows label="Decisions">
            {items.map((item) => (
              <Row
                key={`${item.of?.run} ${item.timestamp}`}
                {...(item.of && { to: `/runs/${item.of.execution ?? item.of.run}` })}
                title={<Foreign text={item.decision === 'idle' ? 'It left all as it was' : item.decision} />}
                under={<Under item={item} />}
                tag={<Tag tone={results[item.result].tone}>{results[item.result].words}</Tag>}
                end={
                  <>
                    {clock(item.timestamp, now)} · {money(item.metrics.cost)} ·{' '}
                    {duration(1000 * item.metrics.duration_s)}
                  </>
                }
              />
            ))}
          </Rows>
        </Section>
      )}
    </Page>
  )
}

function Under({ item: { of, why, goal } }: { item: Decision }) {
  return (
    <>
      <Foreign text={why === '' ? 'no reason was given' : why} />
      {goal !== null && (
        <>
          {' · for '}
          <Foreign text={goal} />
        </>
      )}
      {of && (
        <>
          {' · '}
          <Foreign text={of.daemon} />
        </>
      )}
      {of && of.detail !== '' && (
        <>
          <br />
          <Foreign text={of.detail} />
        </>
      )}
    </>
  )
}

/** What it decided, and whether it worked, in a sentence. */
function titleOf(items: readonly Decision[], isMore: boolean): string {
  const [last] = items
  if (!last) return 'Nothing was decided yet.'
  const of = (...wanted: Decision['result'][]) => items.filter(({ result }) => wanted.includes(result)).length
  const parts = [
    `${count(of('success'))} worked`,
    ...(of('failed', 'unmet') > 0 ? [`${count(of('failed', 'unmet'))} did not`] : []),
    ...(of('pending') > 0 ? [`${count(of('pending'))} under way`] : []),
    ...(of('idle') > 0 ? [`${count(of('idle'))} left all as it was`] : []),
  ]
  const decisions = many(items.length, 'decision')
  return `${isMore ? `The newest ${count(items.length)} decisions` : decisions}: ${parts.join(', ')}.`
}
