import { useQuery } from '@tanstack/react-query'
import { daemonsQuery } from '../api/queries.ts'

/** Where one can go. `key`: after `g`. `isWide`: left out of the bar at the bottom of a phone. */
const pages = [
  { to: '/', words: 'Today', says: 'is it well, and what does it want from me', key: 't', isWide: false },
  { to: '/inbox', words: 'Inbox', says: 'what waits for a person', key: 'i', isWide: false },
  { to: '/runs', words: 'Runs', says: 'what was done, and how it went', key: 'r', isWide: false },
  { to: '/workflows', words: 'Workflows', says: 'what can be started', key: 'w', isWide: true },
  { to: '/agents', words: 'Agents', says: 'who acts, and what each may do', key: 'a', isWide: true },
  { to: '/costs', words: 'Costs', says: 'what was spent, on what', key: 'c', isWide: true },
  { to: '/memory', words: 'Memory', says: 'what is known, and where it came from', key: 'k', isWide: true },
  {
    to: '/ledger',
    words: 'Ledger',
    says: 'what daemons decided, and whether it worked',
    key: 'l',
    isWide: true,
  },
  { to: '/system', words: 'System', says: 'workers, queues and schedules', key: 's', isWide: true },
  { to: '/more', words: 'More', says: 'who you are, colours, signing out', key: 'm', isWide: false },
] as const

/** Those of this project: without a daemon there is no ledger. */
export function usePages() {
  const { data } = useQuery(daemonsQuery)
  return pages.filter(({ to }) => to !== '/ledger' || (data?.items.length ?? 0) > 0)
}
