/** One place to go to. `key`: after `g`. `isWide`: left out of the bar at the bottom of a phone. `also`: what lies below it. */
export interface Place {
  to: string
  words: string
  says: string
  key: string
  isWide: boolean
  also?: readonly string[]
}

/** Where one can go, in groups: what is looked at every day has none. */
export const groups: readonly { words?: string; places: readonly Place[] }[] = [
  {
    places: [
      { to: '/', words: 'Today', says: 'is it well, and what does it want from me', key: 't', isWide: false },
      { to: '/inbox', words: 'Inbox', says: 'what waits for a person', key: 'i', isWide: false },
      { to: '/runs', words: 'Runs', says: 'what was done, and how it went', key: 'r', isWide: false },
    ],
  },
  {
    words: 'Who does what',
    places: [
      { to: '/workflows', words: 'Workflows', says: 'what can be started', key: 'w', isWide: true },
      {
        to: '/directives',
        words: 'Directives',
        says: 'standing instructions and their scripts',
        key: 'd',
        isWide: true,
        also: ['/scripts'],
      },
      { to: '/agents', words: 'Agents', says: 'who acts, and what each may do', key: 'a', isWide: true },
      {
        to: '/ledger',
        words: 'Decisions',
        says: 'what daemons decided, and for which goals',
        key: 'l',
        isWide: true,
        also: ['/goals'],
      },
    ],
  },
  {
    words: 'How it learns',
    places: [
      {
        to: '/quality',
        words: 'Quality',
        says: 'figures, failures and evaluations',
        key: 'q',
        isWide: true,
        also: ['/failures', '/evals'],
      },
      {
        to: '/changes',
        words: 'Changes',
        says: 'repairs, lessons and what else it proposes',
        key: 'p',
        isWide: true,
      },
      {
        to: '/memory',
        words: 'Memory',
        says: 'what is known, and where it came from',
        key: 'k',
        isWide: true,
      },
    ],
  },
  {
    words: 'What it runs on',
    places: [
      { to: '/costs', words: 'Costs', says: 'what was spent, on what', key: 'c', isWide: true },
      {
        to: '/system',
        words: 'System',
        says: 'workers, connectors, people, secrets, storage',
        key: 's',
        isWide: true,
      },
      { to: '/more', words: 'You', says: 'who you are, colours, signing out', key: 'm', isWide: true },
    ],
  },
]

export const places: readonly Place[] = groups.flatMap((group) => group.places)

/** Whether an address lies in a place. */
export function isIn({ to, also = [] }: Place, path: string): boolean {
  return [to, ...also].some((each) => path === each || (each !== '/' && path.startsWith(`${each}/`)))
}

interface Tab {
  to: string
  words: string
}

/** Pages that answer parts of one question, side by side. */
export const tabs = {
  directives: [
    { to: '/directives', words: 'Directives' },
    { to: '/scripts', words: 'Scripts' },
  ],
  decisions: [
    { to: '/ledger', words: 'Decisions' },
    { to: '/goals', words: 'Goals' },
  ],
  quality: [
    { to: '/quality', words: 'Figures' },
    { to: '/failures', words: 'Failures' },
    { to: '/evals', words: 'Evaluations' },
  ],
  system: [
    { to: '/system', words: 'Work' },
    { to: '/system/connectors', words: 'Connectors' },
    { to: '/system/people', words: 'People' },
    { to: '/system/secrets', words: 'Secrets' },
    { to: '/system/storage', words: 'Storage' },
  ],
} as const satisfies Record<string, readonly Tab[]>
