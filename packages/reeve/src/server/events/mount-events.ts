import type { Hono } from 'hono'
import { z } from 'zod'
import { misfit, validate } from '../../base/schema/schema.ts'
import type { CallerOf } from '../auth/caller.ts'
import type { Service } from '../service.ts'
import { eventStream } from './event-stream.ts'

const texts = z.array(z.string().min(1).max(200)).max(50).optional()
const filter = z.strictObject({
  run: texts,
  workflow: texts,
  kind: texts,
  after: z.array(z.string()).max(1).optional(),
})

/** `GET /api/events`: the journal as it is written. */
export function mountEvents(
  app: Hono,
  { service, callerOf }: { service: Service; callerOf: CallerOf },
): void {
  const { hub, clock } = service
  app.get('/api/events', async (context) => {
    await callerOf(context)
    const asked = validate(filter, context.req.queries())
    if (!asked.ok) throw misfit('bad-request', 'The query does not fit', asked.issues)
    const { run: runs, workflow: workflows, kind: kinds, after } = asked.value
    const cursor = context.req.header('last-event-id') || after?.[0]
    const watcher = await hub.watch({ runs, workflows, kinds }, cursor)
    const { signal } = context.req.raw
    // A stream of events outlives many roles: whoever was signed out hears no more.
    const mayWatch = () =>
      callerOf(context).then(
        () => true,
        () => false,
      )
    const stream = eventStream({ watcher, clock, signal, mayWatch })
    return context.body(stream, 200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
  })
}
