import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { startTransition, useEffect, useState } from 'react'
import { isSignedOut } from './api/client.ts'
import { followEvents } from './api/live.ts'
import { type LedgerFilter, type MemoryFilter, sessionQuery } from './api/queries.ts'
import type { Proposal, RunStatus } from './api/types.ts'
import { afterDrawn } from './beginning.ts'
import { kindWords } from './features/changes/wording.ts'
import { results } from './features/directives/results.ts'
import { DecisionsProvider } from './features/inbox/decisions.tsx'
import { kinds } from './features/memory/kinds.ts'
import { statusWords } from './features/run/status.ts'
import { SignedOut } from './features/session/SignedOut.tsx'
import { Frame } from './frame/Frame.tsx'
import { pages } from './pages.ts'
import { keyOf, oneOf, text } from './search-values.ts'
import { Failure } from './ui/Failure.tsx'
import { Link } from './ui/Link.tsx'
import { Empty, Page } from './ui/Page.tsx'

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  beforeLoad: ({ context: { client } }) => client.ensureQueryData(sessionQuery),
  component: Root,
  errorComponent: ({ error, reset }) =>
    isSignedOut(error) ? (
      <SignedOut />
    ) : (
      <Page title="This page could not be shown.">
        <Failure error={error instanceof Error ? error : new Error(String(error))} again={reset} />
      </Page>
    ),
  notFoundComponent: () => (
    <Page title="There is no such page.">
      <Empty>
        <Link to="/">Go to today</Link>
      </Empty>
    </Page>
  ),
})

function Root() {
  const { client } = root.useRouteContext()
  const [refused, setRefused] = useState<unknown>()
  useEffect(() => {
    let stop = () => {}
    // The page says where the journal stood when it was made: nothing is missed meanwhile.
    const leave = afterDrawn(() => {
      stop = followEvents(client, setRefused)
    })
    return () => {
      leave()
      stop()
    }
  }, [client])
  // What routes change is drawn in one go; this, the most of all, in short steps.
  const [isBegun, setBegun] = useState(false)
  useEffect(() => startTransition(() => setBegun(true)), [])
  // The session is over: what was shown is shown no more.
  if (isSignedOut(refused)) return <SignedOut />
  if (!isBegun) return null
  return (
    <DecisionsProvider>
      <Frame />
    </DecisionsProvider>
  )
}

const runViews = ['timeline', 'graph', 'events'] as const
const costGroups = ['workflow', 'model', 'agent', 'day', 'run'] as const
const spans = ['1d', '7d', '30d'] as const
const longSpans = ['7d', '30d', '90d'] as const
const workers = ['workflows', 'directives', 'agents'] as const

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    component: lazyRouteComponent(pages['/'], 'TodayPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/inbox',
    validateSearch: (search): { item?: string | undefined } => ({ item: text(search.item) }),
    component: lazyRouteComponent(pages['/inbox'], 'InboxPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/runs',
    validateSearch: (
      search,
    ): {
      status?: RunStatus | undefined
      workflow?: string | undefined
      text?: string | undefined
    } => ({
      status: keyOf(statusWords, search.status),
      workflow: text(search.workflow),
      text: text(search.text),
    }),
    component: lazyRouteComponent(pages['/runs'], 'RunsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/runs/$run',
    validateSearch: (
      search,
    ): { view?: (typeof runViews)[number] | undefined; call?: number | undefined } => ({
      view: oneOf(runViews, search.view),
      call: typeof search.call === 'number' ? search.call : undefined,
    }),
    component: lazyRouteComponent(pages['/runs/$run'], 'RunPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/runs/$run/compare',
    validateSearch: (search): { with?: string | undefined } => ({ with: text(search.with) }),
    component: lazyRouteComponent(pages['/runs/$run/compare'], 'ComparePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/workflows',
    component: lazyRouteComponent(pages['/workflows'], 'WorkflowsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/workflows/$workflow',
    component: lazyRouteComponent(pages['/workflows/$workflow'], 'WorkflowPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/agents',
    component: lazyRouteComponent(pages['/agents'], 'AgentsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/agents/$agent',
    component: lazyRouteComponent(pages['/agents/$agent'], 'AgentPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/costs',
    validateSearch: (
      search,
    ): { by?: (typeof costGroups)[number] | undefined; since?: (typeof spans)[number] | undefined } => ({
      by: oneOf(costGroups, search.by),
      since: oneOf(spans, search.since),
    }),
    component: lazyRouteComponent(pages['/costs'], 'CostsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/memory',
    validateSearch: (search): MemoryFilter => ({
      text: text(search.text),
      in: text(search.in),
      kind: keyOf(kinds, search.kind),
      trusted: search.trusted === true ? true : undefined,
    }),
    component: lazyRouteComponent(pages['/memory'], 'MemoryPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/memory/item',
    validateSearch: (search): { id: string } => ({ id: text(search.id) ?? '' }),
    component: lazyRouteComponent(pages['/memory/item'], 'ItemPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/ledger',
    validateSearch: (search): LedgerFilter => ({
      daemon: text(search.daemon),
      goal: text(search.goal),
      decision: text(search.decision),
      result: keyOf(results, search.result),
    }),
    component: lazyRouteComponent(pages['/ledger'], 'LedgerPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/goals',
    component: lazyRouteComponent(pages['/goals'], 'GoalsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/goals/$goal',
    component: lazyRouteComponent(pages['/goals/$goal'], 'GoalPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/directives',
    component: lazyRouteComponent(pages['/directives'], 'DirectivesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/directives/$directive',
    component: lazyRouteComponent(pages['/directives/$directive'], 'DirectivePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/scripts',
    component: lazyRouteComponent(pages['/scripts'], 'ScriptsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/scripts/$script',
    component: lazyRouteComponent(pages['/scripts/$script'], 'ScriptPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/quality',
    validateSearch: (
      search,
    ): {
      of?: (typeof workers)[number] | undefined
      since?: (typeof longSpans)[number] | undefined
      name?: string | undefined
    } => ({
      of: oneOf(workers, search.of),
      since: oneOf(longSpans, search.since),
      name: text(search.name),
    }),
    component: lazyRouteComponent(pages['/quality'], 'FiguresPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/failures',
    validateSearch: (search): { since?: (typeof longSpans)[number] | undefined } => ({
      since: oneOf(longSpans, search.since),
    }),
    component: lazyRouteComponent(pages['/failures'], 'FailuresPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/evals',
    component: lazyRouteComponent(pages['/evals'], 'EvalsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/evals/$eval',
    component: lazyRouteComponent(pages['/evals/$eval'], 'EvalPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/changes',
    validateSearch: (search): { kind?: Proposal['kind'] | undefined } => ({
      kind: keyOf(kindWords, search.kind),
    }),
    component: lazyRouteComponent(pages['/changes'], 'ChangesPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/changes/$proposal',
    component: lazyRouteComponent(pages['/changes/$proposal'], 'ChangePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/system',
    component: lazyRouteComponent(pages['/system'], 'SystemPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/system/connectors',
    component: lazyRouteComponent(pages['/system/connectors'], 'ConnectorsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/system/people',
    component: lazyRouteComponent(pages['/system/people'], 'PeoplePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/system/secrets',
    component: lazyRouteComponent(pages['/system/secrets'], 'SecretsPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/system/storage',
    component: lazyRouteComponent(pages['/system/storage'], 'StoragePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/more',
    component: lazyRouteComponent(pages['/more'], 'MorePage'),
  }),
] as const

export function createPages(client: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([...routes]),
    context: { client },
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPages>
  }
}
