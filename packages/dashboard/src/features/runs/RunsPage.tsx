import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api } from '../../api/client.ts'
import { known } from '../../api/queries.ts'
import { Select, TextInput } from '../../ui/controls/Inputs.tsx'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { clock, count, firstLine, money, since } from '../../ui/words.ts'
import { statusWords, toneOf } from '../run/status.ts'
import { BulkActions } from './BulkActions.tsx'
import css from './Runs.module.css'

/** A search that found so many rests, and so does one that read so many pages, of some ten thousand runs each. */
const enough = 20
const mostPages = 100

/** All runs, the newest first, with filters that are the page's address. */
export function RunsPage() {
  const now = useNow()
  const navigate = useNavigate()
  const filter = useSearch({ from: '/runs' })
  const [text, setText] = useState(filter.text ?? '')
  const set = (more: Partial<typeof filter>) =>
    void navigate({ to: '/runs', search: { ...filter, ...more }, replace: true })
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text !== (filter.text ?? '')) set({ text: text || undefined })
    }, 250)
    return () => clearTimeout(timer)
  })
  const { data, error, isPending, fetchNextPage, hasNextPage, isFetchingNextPage, refetch } =
    useInfiniteQuery({
      // A search is not begun anew with every event.
      queryKey: [filter.text === undefined ? 'runs' : 'search', 'list', filter],
      ...(filter.text !== undefined && { refetchInterval: false, staleTime: Number.POSITIVE_INFINITY }),
      queryFn: ({ pageParam, signal }) =>
        api.runs.list({
          query: { ...known(filter), limit: 50, ...(pageParam && { cursor: pageParam }) },
          signal,
        }),
      initialPageParam: '',
      getNextPageParam: ({ next }) => next,
    })
  const runs = data?.pages.flatMap((page) => page.items) ?? []
  const searchedTo = data?.pages.at(-1)?.searchedTo ?? null
  // A page of a search looks at some ten thousand runs: it goes on by itself until enough are found, or none are left.
  const isSearching =
    filter.text !== undefined && hasNextPage && runs.length < enough && (data?.pages.length ?? 0) < mostPages
  useEffect(() => {
    if (isSearching && !isFetchingNextPage && !error) void fetchNextPage()
  }, [isSearching, isFetchingNextPage, error, fetchNextPage])
  const isFiltered = Object.values(filter).some((part) => part !== undefined)
  const hasNone = !isPending && !error && runs.length === 0 && !hasNextPage
  return (
    <Page
      title={
        isSearching
          ? 'Searching…'
          : hasNone
            ? isFiltered
              ? 'No run fits.'
              : 'No run yet.'
            : titleOf(filter.status, runs.length, hasNextPage)
      }
      sub={searchedTo !== null && filter.text !== undefined && `Searched back to ${clock(searchedTo, now)}.`}
    >
      <search className={css.filters}>
        <TextInput
          aria-label="Find by id, workflow or reason"
          placeholder="Id, workflow or reason"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Select
          aria-label="Status"
          value={filter.status ?? ''}
          data={[
            { value: '', label: 'Any status' },
            ...Object.entries(statusWords).map(([value, label]) => ({ value, label })),
          ]}
          onChange={(event) =>
            set({ status: (event.currentTarget.value || undefined) as typeof filter.status })
          }
        />
        <TextInput
          aria-label="Workflow"
          placeholder="Workflow"
          defaultValue={filter.workflow ?? ''}
          onBlur={(event) => set({ workflow: event.currentTarget.value || undefined })}
          onKeyDown={(event) => {
            if (event.key === 'Enter') set({ workflow: event.currentTarget.value || undefined })
          }}
        />
      </search>
      <BulkActions filter={filter} />
      {error && <Failure error={error} again={() => void refetch()} />}
      {hasNone && (
        <Empty>
          {isFiltered ? (
            'Take a part of the filter away.'
          ) : (
            <>
              Start one: <code>npx reeve run WORKFLOW</code>
            </>
          )}
        </Empty>
      )}
      <Rows label="Runs">
        {runs.map((run) => (
          <Row
            key={run.id}
            to={`/runs/${run.id}`}
            title={
              <>
                {run.workflow} <span className={css.id}>{run.id}</span>
              </>
            }
            under={run.reason && <Foreign text={firstLine(run.reason)} />}
            tag={<Tag tone={toneOf(run)}>{run.paused ? 'paused' : statusWords[run.status]}</Tag>}
            end={
              <>
                {run.costUsd > 0 && `${money(run.costUsd)} · `}
                {since(run.createdAt, now)} ago
              </>
            }
          />
        ))}
      </Rows>
      {hasNextPage && !isSearching && (
        <button
          type="button"
          className={css.more}
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {isFetchingNextPage ? 'Reading…' : filter.text === undefined ? 'Show more' : 'Search on'}
        </button>
      )}
    </Page>
  )
}

function titleOf(status: keyof typeof statusWords | undefined, shown: number, more: boolean): string {
  const what = status === undefined ? 'runs' : `${statusWords[status]} runs`
  if (shown === 0) return 'Runs'
  return more
    ? `The newest ${count(shown)} ${what}`
    : `${count(shown)} ${shown === 1 ? what.replace(/s$/, '') : what}`
}
