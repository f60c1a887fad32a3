import { NativeSelect, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api } from '../../api/client.ts'
import { known } from '../../api/queries.ts'
import { Failure } from '../../ui/Failure.tsx'
import { Foreign } from '../../ui/Foreign.tsx'
import { useNow } from '../../ui/now.ts'
import { Empty, Page } from '../../ui/Page.tsx'
import { Row, Rows, Tag } from '../../ui/Rows.tsx'
import { count, money, since } from '../../ui/words.ts'
import { statusWords, toneOf } from '../run/status.ts'
import { BulkActions } from './BulkActions.tsx'
import css from './Runs.module.css'

const statuses = ['running', 'queued', 'waiting', 'stuck', 'failed', 'cancelled', 'succeeded'] as const

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
      queryKey: ['runs', 'list', filter],
      queryFn: ({ pageParam, signal }) =>
        api.runs.list({
          query: { ...known(filter), limit: 50, ...(pageParam && { cursor: pageParam }) },
          signal,
        }),
      initialPageParam: '',
      getNextPageParam: ({ next }) => next,
    })
  const runs = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title={titleOf(filter.status, runs.length, hasNextPage)}>
      <search className={css.filters}>
        <TextInput
          aria-label="Find by id, workflow or reason"
          placeholder="Id, workflow or reason"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          aria-label="Status"
          value={filter.status ?? ''}
          data={[
            { value: '', label: 'Any status' },
            ...statuses.map((value) => ({ value, label: statusWords[value] })),
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
      {!isPending && !error && runs.length === 0 && (
        <Empty>
          {Object.values(filter).some((part) => part !== undefined) ? (
            'No run fits this filter. Take a part of it away.'
          ) : (
            <>
              No run has been started yet. Start one: <code>npx reeve run WORKFLOW</code>
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
      {hasNextPage && (
        <button
          type="button"
          className={css.more}
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {isFetchingNextPage ? 'Reading…' : 'Show more'}
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

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? ''
  return line.length > 140 ? `${line.slice(0, 139)}…` : line
}
