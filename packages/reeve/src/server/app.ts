import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { ReeveError } from '../base/errors.ts'
import { schemaVersion, schemaVersionHeader } from '../base/json/schema-version.ts'
import { serverTimeHeader } from '../base/time/server-time.ts'
import { internalsOf, type Runtime } from '../runtime/runtime.ts'
import { endpoints } from './api/index.ts'
import { mountSession } from './api/session.ts'
import { callerBy } from './auth/caller.ts'
import { type Doors, isSecure, lastOf, refuseForeign } from './auth/doors.ts'
import { type RateLimitOptions, RateLimits } from './auth/rate-limits.ts'
import { addSecurityHeaders } from './auth/security-headers.ts'
import { mountSignIn } from './auth/sign-in.ts'
import { BulkActions } from './bulk-actions.ts'
import { mountDecideLinks } from './decide-links/decide-links.ts'
import { EventHub } from './events/event-hub.ts'
import { mountEvents } from './events/mount-events.ts'
import { mountHealth } from './health.ts'
import { mountHooks } from './hooks.ts'
import { problemMediaType, problemOf } from './http/problem.ts'
import { mount, noSuchEndpoint } from './http/router.ts'
import { mountMcp } from './mcp/mount-mcp.ts'
import { mountReference } from './openapi/mount-reference.ts'
import type { AskApi } from './pages/first-answers.ts'
import { lostPage, mountPages, wantsPage } from './pages/mount-pages.ts'
import type { Service } from './service.ts'

export interface AppOptions {
  doors: Doors
  limits?: RateLimitOptions
  /** How people reach it, where that is not the address that a request names. */
  publicUrl?: string | undefined
  /** Of one request's body. Default 4 MiB. */
  mostBodyBytes?: number
  /** Holds every answer against what is told of it: for tests. */
  checksAnswers?: boolean
}

/** Requests that are answered at one time, but for those that only watch. */
const mostAtOnce = 1000

export interface App {
  hono: Hono
  /** Begins what the API does by itself: bulk actions that a process before left. */
  begin(): void
  /** Ends those who watch, and what is under way by itself. */
  close(): Promise<void>
}

/** The API of a project that runs in this process. */
export function createApp(runtime: Runtime, options: AppOptions): App {
  const { doors, limits: limitOptions, mostBodyBytes = 4 * 1024 * 1024, checksAnswers = false } = options
  const internals = internalsOf(runtime)
  const { database, engine, clock, log } = internals
  const { newId } = engine.services
  const { database: at } = runtime.environment
  const hub = new EventHub(database, clock, log)
  const bulk = new BulkActions({ engine, database, clock, log })
  const bulkStarted = () => bulk.wake()
  const service: Service = {
    project: runtime.project,
    internals,
    engine,
    database,
    sqliteFile: at.kind === 'sqlite' ? at.file : undefined,
    keyPlace: runtime.environment,
    variables: runtime.environment.variables ?? {},
    clock,
    log,
    newId,
    hub,
    bulkStarted,
    checksAnswers,
  }
  const limits = new RateLimits(clock, limitOptions)
  const addressOf = (context: Context) => clientAddress(context, doors)
  const callerOf = callerBy({ database, clock, limits, addressOf })
  const hono = new Hono()
  let atOnce = 0
  hono.use(async (context, next) => {
    addSecurityHeaders(context, isSecure(context, doors))
    if (atOnce >= mostAtOnce) {
      throw new ReeveError('server-busy', `${mostAtOnce} requests are being answered. Ask again in a second.`)
    }
    atOnce++
    try {
      refuseForeign(context, doors)
      if (context.req.path.startsWith('/api/')) {
        context.header('cache-control', 'no-store')
        context.header(schemaVersionHeader, String(schemaVersion))
        context.header(serverTimeHeader, String(clock.now()))
      }
      await next()
    } finally {
      atOnce--
    }
  })
  hono.onError((error, context) => {
    const problem = problemOf(error)
    if (problem.status === 500) {
      const { method, path } = context.req
      log.error('a request failed', { method, path, error: error.stack ?? String(error) })
    }
    const wait = problem.details?.retryAfterSeconds
    if (typeof wait === 'number') context.header('retry-after', String(wait))
    if (problem.status === 401) context.header('www-authenticate', 'Bearer')
    return context.body(JSON.stringify(problem), problem.status as 400, { 'content-type': problemMediaType })
  })
  hono.notFound((context) => {
    if (wantsPage(context)) return lostPage(context)
    throw noSuchEndpoint(context)
  })
  mountHooks(hono, { service, named: internals.triggers, letters: internals.letters })
  mountHealth(hono, { service, callerOf })
  mountSignIn(hono, { database, clock, doors, limits, addressOf })
  mountDecideLinks(hono, { database, engine, clock, limits, addressOf })
  mountSession(hono, { callerOf, isSandbox: service.internals.connections.isSandbox })
  const pageUrlOf = (context: Context) =>
    options.publicUrl?.replace(/\/+$/, '') ?? new URL(context.req.url).origin
  const endMcp = mountMcp(hono, { runtime, callerOf, pageUrlOf })
  mountReference(hono)
  const cursorFor = (context: Context) =>
    callerOf(context).then(
      () => hub.now(),
      () => undefined,
    )
  mountPages(hono, { cursorFor, apiFor: (context) => askAs(hono, context) })
  mountEvents(hono, { service, callerOf })
  mount(hono, endpoints, { service, callerOf, mostBodyBytes })
  return {
    hono,
    begin: bulkStarted,
    async close() {
      hub.close()
      await endMcp()
      await bulk.close()
    },
  }
}

/** The API in this process, asked by whoever asked for something else: with their cookie, from their address, by all its rules. */
function askAs(hono: Hono, context: Context): AskApi {
  const headers = new Headers(context.req.raw.headers)
  headers.delete('accept-encoding')
  return async (url) => hono.fetch(new Request(new URL(url, context.req.url), { headers }), context.env)
}

/** Behind a trusted proxy: what the nearest one says. */
function clientAddress(context: Context, { trustProxy }: Doors): string {
  const forwarded = trustProxy ? lastOf(context.req.header('x-forwarded-for')) : undefined
  if (forwarded !== undefined) return forwarded.slice(0, 100)
  const { incoming } = context.env as Partial<HttpBindings>
  return incoming?.socket.remoteAddress ?? 'unknown'
}
