import { z } from 'zod'
import { formatMs, toMs } from '../../../base/time/time.ts'
import { type StorageView, storageView } from '../../../inspect/health/storage.ts'
import { keptByDefault } from '../../../project/prune.ts'
import { read } from '../../http/endpoint.ts'

const kept = z.string().nullable().describe('Such as `30 d`; null: for ever')

const one = read({
  path: '/api/storage',
  role: 'operator',
  summary: 'Get the state of storage: where everything is kept, how much there is, and for how long',
  answer: z.object({
    kind: z.enum(['sqlite', 'postgres']),
    place: z.string().describe('The file; of Postgres the address, without its password'),
    schemaVersion: z.number(),
    bytes: z.number().nullable(),
    runs: z.number().describe('Counted to 100,000'),
    events: z.number().describe('Written so far; those that were deleted since are among them'),
    items: z.number().describe('Items of memory that hold now'),
    retention: z.object({
      succeeded: kept,
      failed: kept,
      cancelled: kept,
      chapters: kept,
      ledger: kept,
      occurrences: kept,
      deliveries: kept,
    }),
  }) satisfies z.ZodType<StorageView>,
  async tell({ service: { database, project } }) {
    const declared = { ...keptByDefault, ...project.config.retention }
    const { succeeded, failed, cancelled, chapters = succeeded, ledger, occurrences, deliveries } = declared
    const told = { succeeded, failed, cancelled, chapters, ledger, occurrences, deliveries }
    const retention = Object.fromEntries(
      Object.entries(told).map(([name, age]) => [name, age === undefined ? null : formatMs(toMs(age))]),
    ) as { [K in keyof typeof told]: string | null }
    return { ...(await storageView(database)), retention }
  },
})

export const storage = { one }
