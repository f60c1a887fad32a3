import type { Hono } from 'hono'
import { type CallerOf, credentialOf, csrfTokenOf } from '../auth/caller.ts'

/** `GET /api/session`: who is signed in, and what its pages send with each write; and whether all is in sandbox. */
export function mountSession(
  app: Hono,
  { callerOf, isSandbox }: { callerOf: CallerOf; isSandbox: boolean },
): void {
  app.get('/api/session', async (context) => {
    const { principal, kind, role, via } = await callerOf(context)
    const credential = credentialOf(context)
    const csrfToken = credential?.via === 'session' ? csrfTokenOf(credential.secret) : null
    return context.json({ principal, kind, role, via, csrfToken, isSandbox })
  })
}
