/**
 * What each page asks of the API first, exactly as its queries ask it: the server brings the answers along with the page, so
 * that over a slow line nothing is waited for a second time. A `$name` of the page's path stands for what the address has there.
 * The build hands this list to the server.
 */
interface Asks {
  first: readonly string[]
  /** Only where the address has no filters: with them the page asks for something else. */
  isFiltered?: true
  open?: OpenAsks
}

/** What is open at first, and what is asked for it beyond its place in a list. */
export interface OpenAsks {
  /** The field of the address that names it. Without a name it is what waits longest. */
  chosen?: string
  /** Asked of what is named and in no list; `$id`: its name. */
  unlisted?: string
  /** For each address of `first`, in their order. */
  lists: readonly {
    /** The field that says since when a thing waits. */
    since: string
    /** The fields of its name: the first that is there counts. */
    names: readonly string[]
    /**
     * By the `kind` of a thing: a `$field` stands for what it has there. `where`: only of those that have this field; `script`:
     * of the part that draws such a thing alone.
     */
    kinds: Readonly<Record<string, { where?: string; asks: readonly string[]; script?: string }>>
  }[]
}

/** As the inbox asks it: `inbox/whole.ts`. */
const ofApproval = { asks: ['/api/approvals/$approval.id'] }
const proposals = {
  since: 'madeAt',
  names: ['id'],
  kinds: {
    lesson: { where: 'body.rule', asks: ['/api/lessons/$id'] },
    repair: { asks: ['/api/repairs/$body.repair', '/api/repairs/$body.repair/diff'] },
  },
}

/** On every page. */
export const asksOfAll: readonly string[] = ['/api/session', '/api/waiting/count', '/api/pause']

export const asks: Readonly<Record<string, Asks>> = {
  '/': { first: ['/api/today'] },
  '/inbox': {
    first: ['/api/waiting?limit=500', '/api/proposals?status=open&limit=200'],
    open: {
      chosen: 'item',
      unlisted: '/api/approvals/$id',
      lists: [
        {
          since: 'since',
          names: ['approval.id', 'runId'],
          kinds: {
            approval: ofApproval,
            question: ofApproval,
            outcome: ofApproval,
            stuck: { asks: ['/api/runs/$runId'], script: '/features/inbox/StuckCard.tsx' },
          },
        },
        proposals,
      ],
    },
  },
  '/runs': { first: ['/api/runs?limit=50'], isFiltered: true },
  '/runs/$run': {
    first: [
      '/api/runs/$run',
      '/api/runs/$run/story?limit=200',
      '/api/runs/$run/events?after=0&limit=1000&longestPayload=400',
    ],
  },
  '/workflows': { first: ['/api/workflows', '/api/metrics/workflows?since=30d'] },
  '/workflows/$workflow': { first: ['/api/workflows', '/api/metrics/workflows?since=30d'] },
  '/agents': { first: ['/api/agents'] },
  '/agents/$agent': {
    first: [
      '/api/agents',
      '/api/switches',
      '/api/levels/agent%3A$agent',
      '/api/grants?principal=agent%3A$agent',
    ],
  },
  '/costs': {
    first: [
      '/api/costs?by=workflow&since=30d&limit=200',
      '/api/costs?by=day&since=30d&limit=400',
      '/api/costs?by=model&since=30d&limit=200',
      '/api/budgets',
      '/api/today',
      '/api/models',
    ],
    isFiltered: true,
  },
  '/memory': { first: ['/api/memory/newest'], isFiltered: true },
  '/ledger': {
    first: ['/api/daemons', '/api/directives', '/api/goals', '/api/ledger?origin=true&limit=50'],
    isFiltered: true,
  },
  '/goals': { first: ['/api/goals'] },
  '/goals/$goal': { first: ['/api/goals/$goal', '/api/ledger?origin=true&limit=20&goal=$goal'] },
  '/directives': { first: ['/api/directives', '/api/metrics/workflows?since=30d'] },
  '/directives/$directive': {
    first: [
      '/api/directives/$directive',
      '/api/directives/$directive/metrics?since=30d',
      '/api/directives/$directive/versions?limit=50',
    ],
  },
  '/scripts': { first: ['/api/scripts'] },
  '/scripts/$script': { first: ['/api/scripts', '/api/directives'] },
  '/quality': { first: ['/api/metrics/workflows?since=30d'], isFiltered: true },
  '/failures': { first: ['/api/failures?since=30d'], isFiltered: true },
  '/evals': { first: ['/api/evals?limit=200'] },
  '/evals/$eval': { first: ['/api/evals/$eval'] },
  '/changes': { first: ['/api/proposals?limit=200'], isFiltered: true },
  '/changes/$proposal': { first: ['/api/proposals/$proposal'], open: { lists: [proposals] } },
  '/system': {
    first: ['/api/workers', '/api/queues', '/api/schedules', '/api/triggers', '/api/models'],
  },
  '/system/connectors': { first: ['/api/connectors', '/api/mcp-servers'] },
  '/system/people': { first: ['/api/principals?limit=500', '/api/tokens?limit=200'] },
  '/system/secrets': { first: ['/api/secrets'] },
  '/system/storage': { first: ['/api/storage'] },
}
