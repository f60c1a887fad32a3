import { askEarly } from './api/early.ts'
import { pageAt } from './pages.ts'

// The first script of the page, and the smallest: it has everything that is needed for this address fetched at once.
const page = pageAt(location.pathname)
askEarly([
  '/api/session',
  '/api/waiting/count',
  '/api/pause',
  ...(location.search === '' ? (page?.asks ?? []) : []),
])
// What cannot be loaded is said by the page that wants it.
page?.load().catch(() => {})
void import('./main.tsx')
