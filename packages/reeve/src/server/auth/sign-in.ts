import type { Context, Hono } from 'hono'
import { deleteCookie, setCookie } from 'hono/cookie'
import type { Clock } from '../../base/time/time.ts'
import type { Database } from '../../store/database.ts'
import { beginSession, endSession, idleMs } from '../../store/identity/sessions.ts'
import { expiredSignIn, useSignIn } from '../../store/identity/tokens.ts'
import { readText } from '../http/request-body.ts'
import { cookieName, credentialOf, refuseWithoutCsrf, secureCookieName } from './caller.ts'
import { type Doors, isSecure } from './doors.ts'
import type { RateLimits } from './rate-limits.ts'

interface SignInOptions {
  database: Database
  clock: Clock
  doors: Doors
  limits: RateLimits
  addressOf: (context: Context) => string
}

const mostFormBytes = 10_000

/**
 * A sign-in link opens a page with one button; only the button signs in. What looks links up by itself, such as a mail
 * scanner or a browser that fetches ahead, uses nothing up.
 */
export function mountSignIn(app: Hono, options: SignInOptions): void {
  const { database, clock, doors, limits, addressOf } = options
  app.get('/sign-in', (context) => context.html(signInPage(context.req.query('code') ?? '')))
  app.post('/sign-in', async (context) => {
    const address = addressOf(context)
    limits.refuseGuesses(address)
    const form = new URLSearchParams(await readText(context.req.raw, mostFormBytes))
    const now = clock.now()
    try {
      const secret = await database.transaction(async (session) => {
        const principal = await useSignIn(session, form.get('code') ?? '', now)
        return principal === undefined ? undefined : beginSession(session, principal, now)
      })
      // Thrown within, it would take back that it is noted.
      if (secret === undefined) throw expiredSignIn()
      setSessionCookie(context, secret, doors)
      return context.redirect('/', 303)
    } catch (error) {
      limits.guessed(address)
      throw error
    }
  })
  app.post('/sign-out', async (context) => {
    const credential = credentialOf(context)
    if (credential?.via === 'session') {
      refuseWithoutCsrf(context, credential.secret)
      await database.transaction((session) => endSession(session, credential.secret))
    }
    for (const name of [cookieName, secureCookieName])
      deleteCookie(context, name, { path: '/', secure: name === secureCookieName })
    return context.body(null, 204)
  })
}

function setSessionCookie(context: Context, secret: string, doors: Doors): void {
  const secure = isSecure(context, doors)
  setCookie(context, secure ? secureCookieName : cookieName, secret, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    secure,
    maxAge: idleMs / 1000,
  })
}

function signInPage(code: string): string {
  const value = code.slice(0, 200).replace(/[^\w-]/g, '')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Reeve</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 26rem; margin: 20vh auto 0; padding: 0 1rem }
  button { font: inherit; padding: .5rem 1.25rem }
</style>
<h1>Sign in to Reeve</h1>
<p>This link is good for one use.</p>
<form method="post" action="/sign-in">
  <input type="hidden" name="code" value="${value}">
  <button autofocus>Sign in</button>
</form>
</html>
`
}
