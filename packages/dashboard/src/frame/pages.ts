/** Where one can go. `key`: after `g`. `isWide`: left out of the bar at the bottom of a phone. */
export const pages = [
  { to: '/', words: 'Today', key: 't', isWide: false },
  { to: '/inbox', words: 'Inbox', key: 'i', isWide: false },
  { to: '/runs', words: 'Runs', key: 'r', isWide: false },
  { to: '/workflows', words: 'Workflows', key: 'w', isWide: true },
  { to: '/costs', words: 'Costs', key: 'c', isWide: true },
  { to: '/system', words: 'System', key: 's', isWide: true },
] as const
