import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'
import { known, listQuery } from './queries.ts'
import type { Proposal } from './types.ts'

/** What pages read of directives, scripts and goals, of how well all does, and of what is proposed. */

/** Under `runs`: a directive is followed by a run, whose events say that this is stale. */
export const directivesQuery = listQuery(['runs', 'directives'], (how) => api.directives.list(how))
export const scriptsQuery = listQuery(['runs', 'scripts'], (how) => api.scripts.list(how))

export function directiveQuery(directive: string) {
  return listQuery(['runs', 'directive', directive], (how) =>
    api.directives.one({ params: { directive }, ...how }),
  )
}

export function directiveVersionsQuery(directive: string) {
  return listQuery(['directive-versions', directive], (how) =>
    api.directives.versions({ params: { directive }, query: { limit: 50 }, ...how }),
  )
}

/** What a version changed of the one before it. */
export function directiveDiffQuery(directive: string, to: number) {
  return queryOptions({
    queryKey: ['directive-diff', directive, to],
    queryFn: ({ signal }) => api.directives.diff({ params: { directive }, query: { to }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export const goalsQuery = listQuery(['runs', 'goals'], (how) => api.goals.list(how))

export function goalQuery(goal: string) {
  return listQuery(['runs', 'goal', goal], (how) => api.goals.one({ params: { goal }, ...how }))
}

/** Whose figures: of a directive with all that the runs below it did. */
export type Worker = { kind: 'agent' | 'directive'; name: string }

export function workQuery({ kind, name }: Worker, since: string) {
  return queryOptions({
    queryKey: ['metrics', kind, name, since],
    queryFn: ({ signal }) =>
      kind === 'agent'
        ? api.agents.metrics({ params: { agent: name }, query: { since }, signal })
        : api.directives.metrics({ params: { directive: name }, query: { since }, signal }),
    placeholderData: keepPreviousData,
  })
}

export function failuresQuery(since: string) {
  return listQuery(['failures', since], (how) => api.failures.list({ query: { since }, ...how }))
}

/** The newest results of evaluations, or of one. */
export function evalsQuery(name?: string) {
  return listQuery(['evals', name ?? ''], (how) =>
    api.evals.list({ query: { limit: 200, ...known({ name }) }, ...how }),
  )
}

export function evalQuery(id: string) {
  return queryOptions({
    queryKey: ['eval', id],
    queryFn: ({ signal }) => api.evals.one({ params: { eval: id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export interface ProposalFilter {
  kind?: Proposal['kind'] | undefined
  status?: Proposal['status'] | undefined
}

/** Under `approvals`: what is open waits for a person beside them. */
export function proposalsQuery(filter: ProposalFilter) {
  return listQuery(['approvals', 'proposals', filter], (how) =>
    api.proposals.list({ query: { limit: 200, ...known(filter) }, ...how }),
  )
}

export function proposalQuery(id: string) {
  return listQuery(['approvals', 'proposal', id], (how) =>
    api.proposals.one({ params: { proposal: id }, ...how }),
  )
}

export type Lesson = Awaited<ReturnType<typeof api.lessons.one>>

/** Under `approvals`, as its proposal is. */
export function lessonQuery(lesson: string) {
  return listQuery(['approvals', 'lesson', lesson], (how) => api.lessons.one({ params: { lesson }, ...how }))
}

export function repairQuery(repair: string) {
  return listQuery(['approvals', 'repair', repair], (how) => api.repairs.one({ params: { repair }, ...how }))
}

export function repairDiffQuery(repair: string) {
  return listQuery(['approvals', 'repair', repair, 'diff'], (how) =>
    api.repairs.diff({ params: { repair }, ...how }),
  )
}
