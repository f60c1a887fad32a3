import type { Context, Hono } from 'hono'
import { ReeveError } from '../../base/errors.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Engine } from '../../engine/engine.ts'
import { approvalPage } from '../../inspect/approvals/approval-page.ts'
import { requireApproval } from '../../store/approvals/approvals.ts'
import { issueLink, readLink, useLink } from '../../store/approvals/links.ts'
import type { Database, Session } from '../../store/database.ts'
import { requirePrincipal } from '../../store/identity/principals.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import { readText } from '../http/request-body.ts'
import { donePage, isCutOnPage, requestPage } from './pages.ts'

interface LinkOptions {
  database: Database
  engine: Engine
  clock: Clock
  limits: RateLimits
  addressOf: (context: Context) => string
}

/** So long a link may be used, at most (ms). */
export const longestLinkMs = 14 * 86_400_000
const mostFormBytes = 100_000

/**
 * In a transaction: the path of a link with which a principal decides a request, as it is shown now, once. It acts as that
 * principal for this one decision, so it goes to nobody else.
 * @throws `unknown-approval` `unknown-principal` `already-decided`
 */
export async function decideLinkPath(
  session: Session,
  link: { approval: string; principal: string; by: string; now: number; forMs: number },
): Promise<string> {
  const { id, args_hash, status, expires_at } = await requireApproval(session, link.approval)
  if (status !== 'pending')
    throw new ReeveError('already-decided', `Approval ${id} is ${status}; there is nothing to decide.`)
  const { name } = await requirePrincipal(session, link.principal)
  const until = link.now + Math.min(link.forMs, longestLinkMs)
  const secret = await issueLink(session, {
    approval: id,
    args_hash,
    principal: name,
    created_at: link.now,
    created_by: link.by,
    expires_at: expires_at === null ? until : Math.min(until, expires_at),
  })
  return `/decide?code=${secret}`
}

/**
 * A link opens a page that shows the request and has buttons; only a button decides. What looks links up by itself, such as a
 * scanner of mail or a browser that fetches ahead, decides nothing and uses nothing up. What was shown is what is decided: a
 * request that was changed, or asked again, since the link was made takes no decision of it.
 */
export function mountDecideLinks(app: Hono, options: LinkOptions): void {
  const { database, engine, clock, limits, addressOf } = options
  const guarded = async <T>(context: Context, look: () => Promise<T>): Promise<T> => {
    const address = addressOf(context)
    limits.refuseGuesses(address)
    try {
      return await look()
    } catch (error) {
      if (error instanceof ReeveError && error.code.startsWith('approval-link-')) limits.guessed(address)
      throw error
    }
  }
  app.get('/decide', async (context) => {
    const code = (context.req.query('code') ?? '').slice(0, 200)
    const page = await guarded(context, async () => {
      const link = await readLink(database, code, clock.now())
      const shown = await approvalPage(database, link.approval)
      return requestPage(shown, {
        code,
        principal: link.principal,
        isSame: shown.approval.hash === link.args_hash,
      })
    })
    context.header('cache-control', 'no-store')
    return context.html(page)
  })
  app.post('/decide', async (context) => {
    const form = new URLSearchParams(await readText(context.req.raw, mostFormBytes))
    const note = form.get('note') ?? ''
    const verdict = form.get('verdict')
    if (verdict !== 'approve' && verdict !== 'reject')
      throw new ReeveError('wrong-answer', 'A link takes approve or reject. Nothing was decided.')
    const decided = await guarded(context, async () => {
      const link = await readLink(database, form.get('code') ?? '', clock.now())
      const { approval } = await approvalPage(database, link.approval)
      if (verdict === 'approve' && isCutOnPage(approval.shown))
        throw new ReeveError(
          'approval-cut',
          `Approval ${link.approval} is more than this page shows. Nothing was decided. Decide it in the dashboard, or with: reeve approvals ${link.approval}`,
        )
      const by = { by: link.principal, proof: 'signed-link', hash: link.args_hash } as const
      const decision = { verdict, ...by, ...(note !== '' && { note }) } as const
      return engine.control.decide(link.approval, decision, (session) => useLink(session, link, clock.now()))
    })
    context.header('cache-control', 'no-store')
    return context.html(donePage(decided))
  })
}
