import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'
import type { RunStatus, WaitingItem } from './types.ts'

/** Everything that pages read. Live events (`live.ts`) say when a part of it is stale. */

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => api.session(),
  staleTime: Number.POSITIVE_INFINITY,
})

export const todayQuery = queryOptions({
  queryKey: ['today'],
  queryFn: ({ signal }) => api.today.one({ signal }),
  placeholderData: keepPreviousData,
})

/** Everything that waits for a person, what has waited longest first: the first 500 of it. */
export const waitingQuery = queryOptions({
  queryKey: ['approvals', 'waiting'],
  async queryFn({ signal }) {
    const { items, next } = await api.waiting.list({ query: { limit: 500 }, signal })
    const whole = items.map(
      (item): WaitingItem => ({
        ...item,
        approval: item.approval && { ...item.approval, run: item.run, workflow: item.workflow },
      }),
    )
    return { items: whole, isMore: next !== null }
  },
  placeholderData: keepPreviousData,
})

export function approvalQuery(id: string) {
  return queryOptions({
    queryKey: ['approval', id],
    queryFn: ({ signal }) => api.approvals.one({ params: { approval: id }, signal }),
  })
}

export interface RunFilter {
  status?: RunStatus | undefined
  workflow?: string | undefined
  text?: string | undefined
  since?: string | undefined
}

type Known<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the parts that are not set. */
export function known<T extends object>(parts: T): Known<T> {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as Known<T>
}

export function runsQuery(filter: RunFilter, cursor?: string) {
  return queryOptions({
    queryKey: ['runs', filter, cursor ?? ''],
    queryFn: ({ signal }) =>
      api.runs.list({ query: { ...known(filter), ...(cursor !== undefined && { cursor }) }, signal }),
    placeholderData: keepPreviousData,
  })
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) => api.runs.one({ params: { run: id }, signal }),
  })
}

export function inputQuery(id: string) {
  return queryOptions({
    queryKey: ['input', id],
    queryFn: ({ signal }) => api.runs.input({ params: { run: id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export const pauseQuery = queryOptions({
  queryKey: ['pause'],
  queryFn: ({ signal }) => api.pause.one({ signal }),
  placeholderData: keepPreviousData,
})

/** A list that is shown as it was until it is read anew. */
function listQuery<T>(key: readonly unknown[], read: (how: { signal: AbortSignal }) => Promise<T>) {
  return queryOptions({
    queryKey: key,
    queryFn: ({ signal }) => read({ signal }),
    placeholderData: keepPreviousData,
  })
}

export const queuesQuery = listQuery(['queues'], (how) => api.queues.list(how))
export const schedulesQuery = listQuery(['schedules'], (how) => api.schedules.list(how))
export const workersQuery = listQuery(['workers'], (how) => api.workers.list(how))
export const budgetsQuery = listQuery(['budgets'], (how) => api.budgets.list(how))
export const workflowsQuery = listQuery(['workflows'], (how) => api.workflows.list(how))

export function costsQuery(by: 'model' | 'workflow' | 'agent' | 'day' | 'run', since: string, limit = 100) {
  return listQuery(['costs', by, since, limit], (how) =>
    api.costs.list({ query: { by, since, limit }, ...how }),
  )
}
