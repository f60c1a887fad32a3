/** The script of every page by its path. */
export const pages = {
  '/': () => import('./features/today/TodayPage.tsx'),
  '/inbox': () => import('./features/inbox/InboxPage.tsx'),
  '/runs': () => import('./features/runs/RunsPage.tsx'),
  '/runs/$run': () => import('./features/run/RunPage.tsx'),
  '/runs/$run/compare': () => import('./features/run/compare/ComparePage.tsx'),
  '/workflows': () => import('./features/workflows/WorkflowsPage.tsx'),
  '/workflows/$workflow': () => import('./features/workflows/WorkflowPage.tsx'),
  '/agents': () => import('./features/agents/AgentsPage.tsx'),
  '/agents/$agent': () => import('./features/agents/AgentPage.tsx'),
  '/costs': () => import('./features/costs/CostsPage.tsx'),
  '/memory': () => import('./features/memory/MemoryPage.tsx'),
  '/memory/item': () => import('./features/memory/ItemPage.tsx'),
  '/ledger': () => import('./features/ledger/LedgerPage.tsx'),
  '/goals': () => import('./features/goals/GoalsPage.tsx'),
  '/goals/$goal': () => import('./features/goals/GoalPage.tsx'),
  '/directives': () => import('./features/directives/DirectivesPage.tsx'),
  '/directives/$directive': () => import('./features/directives/DirectivePage.tsx'),
  '/scripts': () => import('./features/directives/ScriptsPage.tsx'),
  '/scripts/$script': () => import('./features/directives/ScriptPage.tsx'),
  '/quality': () => import('./features/quality/FiguresPage.tsx'),
  '/failures': () => import('./features/quality/FailuresPage.tsx'),
  '/evals': () => import('./features/quality/EvalsPage.tsx'),
  '/evals/$eval': () => import('./features/quality/EvalPage.tsx'),
  '/changes': () => import('./features/changes/ChangesPage.tsx'),
  '/changes/$proposal': () => import('./features/changes/ChangePage.tsx'),
  '/system': () => import('./features/system/SystemPage.tsx'),
  '/system/connectors': () => import('./features/connectors/ConnectorsPage.tsx'),
  '/system/people': () => import('./features/system/PeoplePage.tsx'),
  '/system/secrets': () => import('./features/system/SecretsPage.tsx'),
  '/system/storage': () => import('./features/system/StoragePage.tsx'),
  '/more': () => import('./features/more/MorePage.tsx'),
}

/** The script of the page at an address. */
export function pageAt(path: string): (() => Promise<unknown>) | undefined {
  const parts = path.split('/')
  for (const [pattern, load] of Object.entries(pages)) {
    const its = pattern.split('/')
    if (its.length !== parts.length) continue
    if (its.every((part, index) => part === parts[index] || (part.startsWith('$') && parts[index] !== '')))
      return load
  }
  return undefined
}
