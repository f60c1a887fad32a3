import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { read, setCsrfToken } from './http.ts'
import type {
  ApprovalWhole,
  Budget,
  CostGroup,
  Queue,
  RunPage,
  RunStatus,
  RunWhole,
  Schedule,
  Session,
  Today,
  WaitingItem,
  WaitingPage,
  Worker,
  WorkflowItem,
} from './types.ts'

/** Everything that pages read. Live events (`live.ts`) say when a part of it is stale. */

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  async queryFn({ signal }) {
    const session = await read<Session>('/api/session', {}, signal)
    setCsrfToken(session.csrfToken)
    return session
  },
  staleTime: Number.POSITIVE_INFINITY,
})

export const todayQuery = queryOptions({
  queryKey: ['today'],
  queryFn: ({ signal }) => read<Today>('/api/today', {}, signal),
  placeholderData: keepPreviousData,
})

/** Everything that waits for a person, what has waited longest first: the first 500 of it. */
export const waitingQuery = queryOptions({
  queryKey: ['approvals', 'waiting'],
  async queryFn({ signal }) {
    const { items, next } = await read<WaitingPage>('/api/waiting', { limit: 500 }, signal)
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
    queryFn: ({ signal }) => read<ApprovalWhole>(`/api/approvals/${encodeURIComponent(id)}`, {}, signal),
  })
}

export interface RunFilter {
  status?: RunStatus | undefined
  workflow?: string | undefined
  text?: string | undefined
  since?: string | undefined
}

export function runsQuery(filter: RunFilter, cursor?: string) {
  return queryOptions({
    queryKey: ['runs', filter, cursor ?? ''],
    queryFn: ({ signal }) =>
      read<RunPage>(
        '/api/runs',
        { status: filter.status, workflow: filter.workflow, text: filter.text, since: filter.since, cursor },
        signal,
      ),
    placeholderData: keepPreviousData,
  })
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) => read<RunWhole>(`/api/runs/${encodeURIComponent(id)}`, {}, signal),
  })
}

export function inputQuery(id: string) {
  return queryOptions({
    queryKey: ['input', id],
    queryFn: ({ signal }) =>
      read<{ input: unknown; isPruned: boolean }>(`/api/runs/${encodeURIComponent(id)}/input`, {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

function listQuery<T>(path: string, query: Record<string, string | number | undefined> = {}) {
  return queryOptions({
    queryKey: [path, query],
    queryFn: ({ signal }) => read<{ items: T[] }>(path, query, signal),
    placeholderData: keepPreviousData,
  })
}

export const pauseQuery = queryOptions({
  queryKey: ['pause'],
  queryFn: ({ signal }) =>
    read<{ paused: { by: string; why: string | null; at: string } | null }>('/api/pause', {}, signal),
  placeholderData: keepPreviousData,
})

export const queuesQuery = listQuery<Queue>('/api/queues')
export const schedulesQuery = listQuery<Schedule>('/api/schedules')
export const workersQuery = listQuery<Worker>('/api/workers')
export const budgetsQuery = listQuery<Budget>('/api/budgets')
export const workflowsQuery = listQuery<WorkflowItem>('/api/workflows')

export function costsQuery(by: 'model' | 'workflow' | 'agent' | 'day' | 'run', since?: string, limit = 100) {
  return listQuery<CostGroup>('/api/costs', { by, since, limit })
}
