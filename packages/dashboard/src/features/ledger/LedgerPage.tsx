import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { directivesQuery, goalsQuery } from '../../api/improving.ts'
import { daemonsQuery, type LedgerFilter, ledgerQuery } from '../../api/queries.ts'
import type { Decision } from '../../api/types.ts'
import { tabs } from '../../frame/pages.ts'
import { Select } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page, Section } from '../../ui/Page.tsx'
import ui from '../../ui/ui.module.css'
import { count, many } from '../../ui/words.ts'
import { results } from '../directives/results.ts'
import { Daemons } from './Daemons.tsx'
import { DecisionRows } from './DecisionRows.tsx'

/** What the daemons decided, why, and what came of it; and how each of them stands. */
export function LedgerPage() {
  const now = useNow()
  const navigate = useNavigate()
  const filter = useSearch({ from: '/ledger' })
  const { data: daemons } = useQuery(daemonsQuery)
  const { data: directives } = useQuery(directivesQuery)
  const { data: goals } = useQuery(goalsQuery)
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    ledgerQuery(filter),
  )
  const items = data?.pages.flatMap((page) => page.items) ?? []
  const all = daemons?.items ?? []
  const shown = filter.daemon === undefined ? all : all.filter(({ name }) => name === filter.daemon)
  const isNarrow = Object.values(filter).some((part) => part !== undefined)
  const choices = (known: readonly string[], chosen: string | undefined) =>
    [...new Set([...known, ...(chosen === undefined ? [] : [chosen])])].map((value) => ({
      value,
      label: value,
    }))
  const select = (
    part: keyof LedgerFilter,
    label: string,
    any: string,
    data: { value: string; label: string }[],
  ) =>
    (data.length > 1 || filter[part] !== undefined) && (
      <Select
        aria-label={label}
        value={filter[part] ?? ''}
        data={[{ value: '', label: any }, ...data]}
        onChange={(event) =>
          void navigate({
            to: '/ledger',
            search: { ...filter, [part]: event.currentTarget.value || undefined },
            replace: true,
          })
        }
      />
    )
  return (
    <Page title={data ? titleOf(items, hasNextPage, isNarrow) : 'Decisions'} tabs={tabs.decisions}>
      {error && <Failure error={error} again={() => void refetch()} />}
      {daemons && all.length === 0 && (
        <Empty>
          A daemon wakes by itself, makes one decision and has it executed. A file in <code>daemons/</code>{' '}
          that exports one stands here by its name.
        </Empty>
      )}
      {shown.length > 0 && <Daemons daemons={shown} now={now} />}
      {(items.length > 0 || isNarrow) && (
        <Section title="Decisions">
          <search className={ui.filters}>
            {select(
              'daemon',
              'Daemon',
              'All daemons',
              choices(
                all.map(({ name }) => name),
                filter.daemon,
              ),
            )}
            {select(
              'decision',
              'Directive',
              'Any decision',
              choices(
                (directives?.items ?? []).map(({ name }) => name),
                filter.decision,
              ),
            )}
            {select(
              'goal',
              'Goal',
              'Any goal',
              choices(
                (goals?.items ?? []).map(({ name }) => name),
                filter.goal,
              ),
            )}
            {select(
              'result',
              'Result',
              'Any result',
              Object.entries(results).map(([value, { words }]) => ({ value, label: words })),
            )}
          </search>
          {items.length === 0 && data && <Empty>No decision fits this filter. Take a part of it away.</Empty>}
          <DecisionRows items={items} now={now} />
          {hasNextPage && (
            <button
              type="button"
              className={ui.more}
              disabled={isFetchingNextPage}
              onClick={() => void fetchNextPage()}
            >
              {isFetchingNextPage ? 'Reading…' : 'Show older ones'}
            </button>
          )}
        </Section>
      )}
    </Page>
  )
}

/** What it decided, and whether it worked, in a sentence. */
function titleOf(items: readonly Decision[], isMore: boolean, isNarrow: boolean): string {
  if (items.length === 0) return isNarrow ? 'No decision like this.' : 'Nothing was decided yet.'
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
