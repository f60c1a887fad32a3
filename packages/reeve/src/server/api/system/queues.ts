import { z } from 'zod'
import { ReeveError } from '../../../base/errors.ts'
import { shownId } from '../../../base/text/text.ts'
import { queuesView } from '../../../inspect/lists/queues.ts'
import { pauseQueue } from '../../../store/dispatch/queues/queues.ts'
import { read, type WriteCall, write } from '../../http/endpoint.ts'
import type { Service } from '../../service.ts'
import { actingOf } from '../acting.ts'
import { name } from '../parts.ts'
import { queueView } from '../today-shapes.ts'

const list = read({
  path: '/api/queues',
  role: 'viewer',
  summary: 'List the queues, with what waits in each',
  answer: z.object({ items: z.array(queueView) }),
  tell: async ({ service: { database } }) => ({ items: await queuesView(database) }),
})

const aQueue = z.strictObject({ queue: name })

const pause = write({
  method: 'POST',
  path: '/api/queues/:queue/pause',
  role: 'operator',
  summary: 'Pause a queue: none of its runs begins or goes on',
  params: aQueue,
  answer: queueView,
  subjectOf: ({ params }) => params.queue,
  act: (call) => setPaused(call, true),
  tell: ({ service }, its) => oneView(service, its),
})

const resume = write({
  method: 'POST',
  path: '/api/queues/:queue/resume',
  role: 'operator',
  summary: 'Resume a queue: its runs go on',
  params: aQueue,
  answer: queueView,
  subjectOf: ({ params }) => params.queue,
  act: (call) => setPaused(call, false),
  tell: ({ service }, its) => oneView(service, its),
})

type QueueCall = WriteCall<z.output<typeof aQueue>, unknown, unknown>

/** This process goes by it when it answers. @throws `unknown-queue` */
async function setPaused(
  { service, database, caller, params: { queue } }: QueueCall,
  paused: boolean,
): Promise<{ subject: string }> {
  await database.transaction(async (session) => {
    if (!(await pauseQueue(session, queue, paused, actingOf(service, caller)))) throw unknownQueue(queue)
  })
  service.engine.worker.queuePaused(queue, paused)
  return { subject: queue }
}

function unknownQueue(its: string): ReeveError {
  return new ReeveError('unknown-queue', `There is no queue ${shownId(its)}. See them at /api/queues.`)
}

async function oneView({ database }: Service, its: string): Promise<z.input<typeof queueView>> {
  const found = (await queuesView(database)).find((each) => each.name === its)
  if (found) return found
  throw unknownQueue(its)
}

export const queues = { list, pause, resume }
