import type { Hono } from 'hono'
import { isSignedOn } from '../store/dispatch/workers.ts'
import type { CallerOf } from './auth/caller.ts'
import { metricsText } from './metrics.ts'
import type { Service } from './service.ts'

const readyWithinMs = 2_000

/**
 * For whoever keeps the process up. `/healthz`: it answers, and tells in the header `reeve-heartbeats` how often its worker has
 * shown that it lives. Each time is a write to the database, so a number that stands still is a worker that does no work.
 * `/readyz`: its database answers, too, and its worker is signed on. Neither tells anything else, and both need nobody signed in.
 * `/metrics` does: names of workflows are nobody's business.
 */
export function mountHealth(
  app: Hono,
  { service, callerOf }: { service: Service; callerOf: CallerOf },
): void {
  const { database, engine, clock, log } = service
  let beats = 0
  engine.services.notices.on('heartbeat', () => beats++)
  app.get('/healthz', (context) => context.text('ok\n', 200, { 'reeve-heartbeats': String(beats) }))
  app.get('/readyz', async (context) => {
    const { promise: late, resolve } = Promise.withResolvers<string>()
    const stop = clock.after(readyWithinMs, () => resolve('the database does not answer'))
    const looked = isSignedOn(database, engine.worker.id)
      .then((isOn) => (isOn ? undefined : 'the worker is not signed on'))
      .catch((error: unknown) => {
        log.warn('the database does not answer', { error: String(error) })
        return 'the database does not answer'
      })
    const problem = await Promise.race([looked, late])
    stop()
    return problem === undefined ? context.text('ready\n') : context.text(`${problem}\n`, 503)
  })
  app.get('/metrics', async (context) => {
    await callerOf(context)
    const text = await metricsText(service)
    return context.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
}
