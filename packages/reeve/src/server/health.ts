import type { Hono } from 'hono'
import type { CallerOf } from './auth/caller.ts'
import { metricsText } from './metrics.ts'
import type { Service } from './service.ts'

const readyWithinMs = 2_000

/**
 * For whoever keeps the process up. `/healthz`: it answers. `/readyz`: its database does, too, and its worker beats.
 * Both tell nothing else, and need nobody signed in. `/metrics` does: names of workflows are nobody's business.
 */
export function mountHealth(
  app: Hono,
  { service, callerOf }: { service: Service; callerOf: CallerOf },
): void {
  const { database, engine, clock, log } = service
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', async (context) => {
    const { promise: late, resolve } = Promise.withResolvers<string>()
    const stop = clock.after(readyWithinMs, () => resolve('the database does not answer'))
    const looked = database
      .get('select id from workers where id = ?', [engine.worker.id])
      .then((row) => (row ? undefined : 'the worker is not signed on'))
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
