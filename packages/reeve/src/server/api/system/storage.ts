import { z } from 'zod'
import { formatMs, toMs } from '../../../base/time/time.ts'
import { type StorageView, storageView } from '../../../inspect/health/storage.ts'
import { type RetentionConfig, retentionWords } from '../../../project/config.ts'
import { keptFor } from '../../../project/prune.ts'
import { read } from '../../http/endpoint.ts'

type Kept<T> = { [Key in keyof RetentionConfig]-?: T }

/** The same of each key of a project's `retention`. */
function ofEach<T>(tell: (key: keyof RetentionConfig) => T): Kept<T> {
  const keys = Object.keys(retentionWords) as (keyof RetentionConfig)[]
  return Object.fromEntries(keys.map((key) => [key, tell(key)])) as Kept<T>
}

const kept = (words: string) =>
  z.string().nullable().describe(`${words}: such as \`30 d\`; null: for ever, or as long as the run`)

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
    retention: z.object(ofEach((key) => kept(retentionWords[key]))),
  }) satisfies z.ZodType<StorageView>,
  async tell({ service: { database, project } }) {
    const ages = keptFor(project.config.retention)
    const retention = ofEach((key) => {
      const age = ages[key]
      return age === null ? null : formatMs(toMs(age))
    })
    return { ...(await storageView(database)), retention }
  },
})

export const storage = { one }
