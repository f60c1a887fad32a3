import { z } from 'zod'
import { liveWorkers } from '../../../store/dispatch/workers.ts'
import { read } from '../../http/endpoint.ts'
import { id, iso, time } from '../parts.ts'

const worker = z.object({
  id,
  host: z.string(),
  pid: z.number(),
  startedAt: time,
  heartbeatAt: time,
  drives: z.array(z.string()).describe('The workflows that it has, each with its version'),
  isHere: z.boolean().describe('It is the process that answers'),
})

const list = read({
  path: '/api/workers',
  role: 'viewer',
  summary: 'List the workers that may be alive',
  answer: z.object({ items: z.array(worker) }),
  async tell({ service: { database, engine } }) {
    const rows = await liveWorkers(database)
    return {
      items: rows.map((row) => ({
        id: row.id,
        host: row.host,
        pid: row.pid,
        startedAt: iso(row.started_at),
        heartbeatAt: iso(row.heartbeat_at),
        drives: JSON.parse(row.drives) as string[],
        isHere: row.id === engine.worker.id,
      })),
    }
  },
})

export const workers = { list }
