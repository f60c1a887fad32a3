import { z } from 'zod'
import { write } from '../../http/endpoint.ts'
import { runQuery } from '../../sql/run-query.ts'
import { sqlViews } from '../../sql/views.ts'

const ask = write({
  method: 'POST',
  path: '/api/sql',
  role: 'operator',
  summary: 'Run one read-only SQL query over the views',
  description: `There are ${sqlViews.map(({ name, columns }) => `\`${name}\` (${columns.join(', ')})`).join('; ')}. Times are milliseconds since 1970. A query takes 5 seconds at most, and gives 1,000 rows at most.`,
  body: z.strictObject({
    sql: z.string().min(1).max(20_000),
    limit: z.number().int().min(1).max(1000).default(100),
  }),
  answer: z.object({
    columns: z.array(z.string()),
    rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
    more: z.boolean(),
  }),
  keepsKey: true,
  act: async () => ({ subject: '' }),
  tell({ service: { database, sqliteFile }, body, signal }) {
    return runQuery(database, body.sql, { limit: body.limit, file: sqliteFile, signal })
  },
})

export const sql = { ask }
