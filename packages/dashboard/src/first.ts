import { pageAt } from './pages.ts'

// The first script of the page, and the smallest: it has everything that is needed for this address loaded at once.
// What cannot be loaded is said by the page that wants it.
pageAt(location.pathname)?.().catch(() => {})
void import('./main.tsx')
