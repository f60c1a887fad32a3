import { z } from 'zod'
import { pauseAll, readPausedAll, resumeAll } from '../../../store/dispatch/queues/pause-all.ts'
import { read, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf } from '../acting.ts'
import { iso, time } from '../parts.ts'

const state = z.object({
  paused: z.object({ by: z.string(), why: z.string().nullable(), at: time }).nullable(),
  queues: z
    .array(z.string())
    .optional()
    .describe('Of a change: the queues that it paused, or that go on; absent where the request is repeated'),
})

const one = read({
  path: '/api/pause',
  role: 'viewer',
  summary: 'Get the pause of everything: whether it is set, by whom and why',
  answer: state,
  tell: ({ service }) => tellPaused(service),
})

const set = write({
  method: 'PUT',
  path: '/api/pause',
  role: 'operator',
  summary: 'Pause everything: no run of any queue begins or goes on; what acts now finishes',
  body: z.strictObject({ why: z.string().max(1000).optional() }),
  answer: state,
  async act({ service, database, body, caller }) {
    const acting = actingOf(service, caller, body.why)
    const queues = await database.transaction((session) => pauseAll(session, acting))
    for (const queue of queues) service.engine.worker.queuePaused(queue, true)
    return { subject: '', made: queues }
  },
  tell: async ({ service }, _subject, queues) => ({
    ...(await tellPaused(service)),
    ...(queues && { queues }),
  }),
})

const end = write({
  method: 'DELETE',
  path: '/api/pause',
  role: 'operator',
  summary: 'Resume everything, but for queues that were paused before',
  answer: state,
  async act({ service, database, caller }) {
    const acting = actingOf(service, caller)
    const queues = await database.transaction((session) => resumeAll(session, acting))
    for (const queue of queues) service.engine.worker.queuePaused(queue, false)
    return { subject: '', made: queues }
  },
  tell: async ({ service }, _subject, queues) => ({
    ...(await tellPaused(service)),
    ...(queues && { queues }),
  }),
})

async function tellPaused({ database }: Service): Promise<z.input<typeof state>> {
  const paused = await readPausedAll(database)
  return { paused: paused ? { ...paused, at: iso(paused.at) } : null }
}

export const pause = { one, set, end }
