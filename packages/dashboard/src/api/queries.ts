import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'
import type { Decision, MemoryVersion, Proposal, RunStatus, WaitingItem } from './types.ts'

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

/** Everything that waits for a person, what has waited longest first: the first 500 of it, and 200 proposals. */
export const waitingQuery = queryOptions({
  queryKey: ['approvals', 'waiting'],
  async queryFn({ signal }) {
    const [{ items, next }, proposed] = await Promise.all([
      api.waiting.list({ query: { limit: 500 }, signal }),
      api.proposals.list({ query: { status: 'open', limit: 200 }, signal }),
    ])
    const asked = items.map(
      (item): WaitingItem => ({
        ...item,
        approval: item.approval && { ...item.approval, runId: item.runId, workflow: item.workflow },
        proposal: null,
      }),
    )
    const whole = [...asked, ...proposed.items.map(proposedItem)]
    return {
      items: whole.sort((one, other) => Date.parse(one.since) - Date.parse(other.since)),
      isMore: next !== null || proposed.next !== null,
    }
  },
  placeholderData: keepPreviousData,
})

function proposedItem(proposal: Proposal): WaitingItem {
  const { id, kind, title, madeAt, madeBy } = proposal
  return {
    kind: 'proposal',
    since: madeAt,
    runId: id,
    workflow: madeBy,
    subject: title,
    alike: `${kind} ${id}`,
    approval: null,
    proposal,
  }
}

/** How much waits, without reading it. */
export const waitingCountQuery = queryOptions({
  queryKey: ['approvals', 'count'],
  queryFn: ({ signal }) => api.waiting.count({ signal }),
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

/** The story reads the whole journal: it is told anew when the run stands otherwise, and now and then while it moves. */
export function storyQuery({ id, status, paused }: { id: string; status: RunStatus; paused: boolean }) {
  const isOver = status === 'succeeded' || status === 'failed' || status === 'cancelled'
  return queryOptions({
    queryKey: ['story', id, status, paused],
    queryFn: ({ signal }) => api.runs.story({ params: { run: id }, query: { limit: 200 }, signal }),
    placeholderData: keepPreviousData,
    staleTime: isOver ? Number.POSITIVE_INFINITY : 5000,
    refetchInterval: isOver ? false : 10_000,
  })
}

/** One event with all of its payload that a page can show. */
export function eventQuery(run: string, seq: number) {
  return queryOptions({
    queryKey: ['event', run, seq],
    async queryFn({ signal }) {
      const query = { after: seq - 1, limit: 1, longestPayload: 200_000 }
      const { events } = await api.runs.events({ params: { run }, query, signal })
      return events[0] ?? null
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
  })
}

export function forkPlanQuery(run: string, from: number) {
  return queryOptions({
    queryKey: ['fork-plan', run, from],
    queryFn: ({ signal }) => api.runs.forkPlan({ params: { run }, query: { from }, signal }),
  })
}

export function undoPlanQuery(run: string) {
  return queryOptions({
    queryKey: ['undo-plan', run],
    queryFn: ({ signal }) => api.runs.planUndo({ params: { run }, signal }),
    // What is looked at stays as it is until it is asked for again.
    refetchInterval: false,
    gcTime: 0,
  })
}

/** Who may decide it in the place of whoever looks. */
export function delegatesQuery(approval: string) {
  return queryOptions({
    queryKey: ['delegates', approval],
    queryFn: ({ signal }) => api.approvals.delegates({ params: { approval }, signal }),
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
export function listQuery<T>(key: readonly unknown[], read: (how: { signal: AbortSignal }) => Promise<T>) {
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

export const agentsQuery = listQuery(['agents'], (how) => api.agents.list(how))
export const switchesQuery = listQuery(['switches'], (how) => api.switches.list(how))

/** What the database changes of the grants in code. */
export function grantChangesQuery(principal: string) {
  return listQuery(['grants', principal], (how) => api.grants.list({ query: { principal }, ...how }))
}

/** How far an agent or a workflow is trusted, and why. */
export function levelQuery(principal: string) {
  return queryOptions({
    queryKey: ['level', principal],
    queryFn: ({ signal }) => api.levels.get({ params: { principal }, signal }),
  })
}

/** How well each workflow did. */
export function metricsSinceQuery(since: string) {
  return listQuery(['metrics', 'workflows', since], (how) =>
    api.workflows.metrics({ query: { since }, ...how }),
  )
}
export const metricsQuery = metricsSinceQuery('30d')
export const modelsQuery = listQuery(['models'], (how) => api.models.list(how))
export const principalsQuery = listQuery(['principals'], (how) =>
  api.principals.list({ query: { limit: 500 }, ...how }),
)
export const secretsQuery = listQuery(['secrets'], (how) => api.secrets.list(how))
export const connectorsQuery = listQuery(['connectors'], (how) => api.connectors.list(how))
export const mcpServersQuery = listQuery(['mcp-servers'], (how) => api.mcpServers.list(how))

/** Under `connectors`: what is accepted differs no more. */
export function connectorDiffQuery(connector: string) {
  return queryOptions({
    queryKey: ['connectors', 'diff', connector],
    queryFn: ({ signal }) => api.connectors.diff({ params: { connector }, signal }),
  })
}

export const storageQuery = listQuery(['storage'], (how) => api.storage.one(how))
export const triggersQuery = listQuery(['triggers'], (how) => api.triggers.list(how))
export const tokensQuery = listQuery(['tokens'], (how) => api.tokens.list({ query: { limit: 200 }, ...how }))

export type MemoryKind = MemoryVersion['kind']
export interface MemoryFilter {
  text?: string | undefined
  in?: string | undefined
  kind?: MemoryKind | undefined
  trusted?: boolean | undefined
}

/** As a run would find it. */
export function memorySearchQuery({ text = '', trusted, ...filter }: MemoryFilter) {
  return queryOptions({
    queryKey: ['memory', 'search', text, trusted, filter],
    queryFn: ({ signal }) =>
      api.memory.search({
        query: { text, limit: 20, ...known(filter), ...(trusted && { trusted: 'true' }) },
        signal,
      }),
    enabled: text !== '',
    placeholderData: keepPreviousData,
  })
}

export function newestMemoryQuery(filter: Pick<MemoryFilter, 'in' | 'kind'>) {
  return listQuery(['memory', 'newest', filter], (how) => api.memory.newest({ query: known(filter), ...how }))
}

export function memoryItemQuery(item: string) {
  return queryOptions({
    queryKey: ['memory', 'item', item],
    queryFn: ({ signal }) => api.memory.history({ params: { item }, signal }),
  })
}

export function costsQuery(by: 'model' | 'workflow' | 'agent' | 'day' | 'run', since: string, limit = 100) {
  return listQuery(['costs', by, since, limit], (how) =>
    api.costs.list({ query: { by, since, limit }, ...how }),
  )
}

/** Under `runs`: a cycle is a run, and its events say that this is stale. */
export const daemonsQuery = listQuery(['runs', 'daemons'], (how) => api.daemons.list(how))

export interface LedgerFilter {
  daemon?: string | undefined
  goal?: string | undefined
  decision?: string | undefined
  result?: Decision['result'] | undefined
}

export function ledgerQuery(filter: LedgerFilter, limit = 50) {
  return infiniteQueryOptions({
    queryKey: ['runs', 'ledger', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      api.ledger.list({
        query: { origin: 'true', limit, ...known(filter), ...(pageParam && { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  })
}
