import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Clock } from '../../base/time/time.ts'
import type { Session } from '../../store/database.ts'
import { recogniseSession } from '../../store/identity/sessions.ts'
import { recogniseToken } from '../../store/identity/tokens.ts'
import type { Caller } from '../http/endpoint.ts'
import type { RateLimits } from './rate-limits.ts'

/** Finds out who asks. @throws `not-signed-in` `session-expired` `token-revoked` `token-expired` `csrf-token-missing` `too-many-requests` */
export type CallerOf = (context: Context) => Promise<Caller>

export const cookieName = 'reeve_session'
/** A browser sends this one only over TLS, and no other host of the domain can set it. */
export const secureCookieName = '__Host-reeve_session'
const csrfHeader = 'x-csrf-token'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])
/** What is handed out is far shorter: nothing longer is hashed. */
const longestCredential = 200

/**
 * What the pages of a session send with each write: whoever can only make a browser send its cookie does not know it. It is another
 * one each time: answers that hold it are packed, and the lengths of many would tell one that stays the same.
 */
export function csrfTokenOf(sessionSecret: string, nonce = randomBytes(16).toString('base64url')): string {
  const bound = createHmac('sha256', sessionSecret).update(`csrf:${nonce}`).digest('base64url')
  return `${nonce}.${bound}`
}

/** The credential of a request, as it stands there. */
export function credentialOf(context: Context): { via: 'token' | 'session'; secret: string } | undefined {
  const header = context.req.header('authorization')
  if (header !== undefined) {
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1]
    if (token === undefined || token.length > longestCredential) {
      throw new ReeveError(
        'not-signed-in',
        'The header Authorization is not "Bearer TOKEN". Send it so, or leave it out.',
      )
    }
    return { via: 'token', secret: token }
  }
  const cookie = getCookie(context, secureCookieName) ?? getCookie(context, cookieName)
  return cookie && cookie.length <= longestCredential ? { via: 'session', secret: cookie } : undefined
}

export function callerBy(options: {
  database: Session
  clock: Clock
  limits: RateLimits
  addressOf: (context: Context) => string
}): CallerOf {
  const { database, clock, limits, addressOf } = options
  return async (context) => {
    const address = addressOf(context)
    limits.refuseGuesses(address)
    try {
      const caller = await recognise(context, database, clock.now())
      limits.count(caller.principal)
      return caller
    } catch (error) {
      if (error instanceof ReeveError && guesses.has(error.code)) limits.guessed(address)
      throw error
    }
  }
}

const guesses = new Set(['not-signed-in', 'session-expired'])

async function recognise(context: Context, database: Session, now: number): Promise<Caller> {
  const credential = credentialOf(context)
  if (!credential) {
    throw new ReeveError(
      'not-signed-in',
      'Nobody is signed in. Open a sign-in link (reeve token sign-in), or send a token: Authorization: Bearer TOKEN (reeve token create).',
    )
  }
  if (credential.via === 'token') {
    const { token: _id, ...known } = await recogniseToken(database, credential.secret, now)
    return { ...known, via: 'token' }
  }
  const known = await recogniseSession(database, credential.secret, now)
  if (!safeMethods.has(context.req.method)) refuseWithoutCsrf(context, credential.secret)
  return { ...known, via: 'session' }
}

export function refuseWithoutCsrf(context: Context, sessionSecret: string): void {
  const given = context.req.header(csrfHeader) ?? ''
  const [nonce = ''] = given.split('.', 1)
  if (isSame(given, csrfTokenOf(sessionSecret, nonce))) return
  throw new ReeveError(
    'csrf-token-missing',
    `A write by a browser's session needs the header ${csrfHeader}, with what GET /api/session gives as csrfToken.`,
  )
}

/** In a time that tells nothing of where they differ. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(wanted)))
}
