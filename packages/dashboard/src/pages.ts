/** The script of a page, and what it asks of the API first, exactly as its queries ask: both are fetched at once. */
interface PageParts<M> {
  load: () => Promise<M>
  /** By the part of the address that names the thing; not where the address has filters. */
  asks?: (name: string) => readonly string[]
}

const page = <M>(load: () => Promise<M>, asks?: PageParts<M>['asks']): PageParts<M> => ({
  load,
  ...(asks && { asks }),
})

/** Every page by its path. */
export const pages = {
  '/': page(
    () => import('./features/today/TodayPage.tsx'),
    () => ['/api/today'],
  ),
  '/inbox': page(
    () => import('./features/inbox/InboxPage.tsx'),
    () => ['/api/waiting?limit=500', '/api/proposals?status=open&limit=200'],
  ),
  '/runs': page(
    () => import('./features/runs/RunsPage.tsx'),
    () => ['/api/runs?limit=50'],
  ),
  '/runs/$run': page(
    () => import('./features/run/RunPage.tsx'),
    (run) => [`/api/runs/${run}`, `/api/runs/${run}/story?limit=200`],
  ),
  '/runs/$run/compare': page(() => import('./features/run/compare/ComparePage.tsx')),
  '/workflows': page(
    () => import('./features/workflows/WorkflowsPage.tsx'),
    () => ['/api/workflows', '/api/metrics/workflows?since=30d'],
  ),
  '/workflows/$workflow': page(() => import('./features/workflows/WorkflowPage.tsx')),
  '/agents': page(
    () => import('./features/agents/AgentsPage.tsx'),
    () => ['/api/agents'],
  ),
  '/agents/$agent': page(() => import('./features/agents/AgentPage.tsx')),
  '/costs': page(
    () => import('./features/costs/CostsPage.tsx'),
    () => [
      '/api/costs?by=workflow&since=30d&limit=200',
      '/api/costs?by=day&since=30d&limit=400',
      '/api/costs?by=model&since=30d&limit=200',
      '/api/budgets',
      '/api/today',
      '/api/models',
    ],
  ),
  '/memory': page(() => import('./features/memory/MemoryPage.tsx')),
  '/memory/item': page(() => import('./features/memory/ItemPage.tsx')),
  '/ledger': page(() => import('./features/ledger/LedgerPage.tsx')),
  '/goals': page(
    () => import('./features/goals/GoalsPage.tsx'),
    () => ['/api/goals'],
  ),
  '/goals/$goal': page(() => import('./features/goals/GoalPage.tsx')),
  '/directives': page(
    () => import('./features/directives/DirectivesPage.tsx'),
    () => ['/api/directives'],
  ),
  '/directives/$directive': page(() => import('./features/directives/DirectivePage.tsx')),
  '/scripts': page(
    () => import('./features/directives/ScriptsPage.tsx'),
    () => ['/api/scripts'],
  ),
  '/scripts/$script': page(() => import('./features/directives/ScriptPage.tsx')),
  '/quality': page(() => import('./features/quality/FiguresPage.tsx')),
  '/failures': page(() => import('./features/quality/FailuresPage.tsx')),
  '/evals': page(() => import('./features/quality/EvalsPage.tsx')),
  '/evals/$eval': page(() => import('./features/quality/EvalPage.tsx')),
  '/changes': page(() => import('./features/changes/ChangesPage.tsx')),
  '/changes/$proposal': page(() => import('./features/changes/ChangePage.tsx')),
  '/system': page(
    () => import('./features/system/SystemPage.tsx'),
    () => ['/api/workers', '/api/queues', '/api/schedules'],
  ),
  '/system/connectors': page(
    () => import('./features/connectors/ConnectorsPage.tsx'),
    () => ['/api/connectors', '/api/mcp-servers'],
  ),
  '/system/people': page(() => import('./features/system/PeoplePage.tsx')),
  '/system/secrets': page(() => import('./features/system/SecretsPage.tsx')),
  '/system/storage': page(() => import('./features/system/StoragePage.tsx')),
  '/more': page(() => import('./features/more/MorePage.tsx')),
}

/** The page at an address, and the name in it. */
export function pageAt(path: string): { load: () => Promise<unknown>; asks: readonly string[] } | undefined {
  const parts = path.split('/')
  for (const [pattern, { load, asks }] of Object.entries<PageParts<unknown>>(pages)) {
    const its = pattern.split('/')
    if (its.length !== parts.length) continue
    if (!its.every((part, index) => part === parts[index] || (part.startsWith('$') && parts[index] !== '')))
      continue
    return { load, asks: asks?.(parts[its.findIndex((part) => part.startsWith('$'))] ?? '') ?? [] }
  }
  return undefined
}
