import { z } from 'zod'
import { isRecord } from '../../base/json/record.ts'
import { picked } from '../door/picked.ts'
import { action } from '../shape/action.ts'
import { posted } from './lists.ts'
import { id, Page, plainText, wordsOf } from './schemas.ts'

const most = z.number().int().min(1).max(500).default(50).describe('The most that come back')

export const search = action({
  description: 'Find pages or data sources (tables) by their titles. What is new may be missing',
  endpoint: 'POST /v1/search',
  scopes: ['Read content'],
  input: z.object({
    query: z.string().max(200),
    kind: z.enum(['page', 'data_source']).default('page'),
    limit: most,
  }),
  output: z.object({ found: z.array(z.object({ id: z.string(), title: z.string() })) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  roles: { query: 'query', kind: 'plain', limit: 'count' },
  answers: 'untrusted',
  place: 'pages of Notion',
  run: async ({ query, kind, limit }, api) => {
    const json = { query, filter: { property: 'object', value: kind } }
    const found = await posted(api, '/v1/search', json, limit)
    return { found: found.map((each) => ({ id: String(each.id), title: titleOf(each) })) }
  },
})

export const queryDataSource = action({
  description: 'Read pages of a data source (a table), by a filter of the Notion API',
  endpoint: 'POST /v1/data_sources/{id}/query',
  scopes: ['Read content'],
  input: z.object({ id, filter: z.record(z.string(), z.unknown()).optional(), limit: most }),
  output: z.object({ pages: z.array(Page) }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['id'],
  roles: { filter: 'query', limit: 'count' },
  answers: 'untrusted',
  place: 'pages of Notion',
  run: async (args, api) => {
    const json = args.filter ? { filter: args.filter } : {}
    const pages = await posted(api, `/v1/data_sources/${args.id}/query`, json, args.limit)
    return { pages: pages.map((page) => picked(Page, page)) }
  },
})

export const getPage = action({
  description: 'Read the properties of a page',
  endpoint: 'GET /v1/pages/{id}',
  scopes: ['Read content'],
  input: z.object({ id }),
  output: Page,
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['id'],
  answers: 'untrusted',
  place: 'a page of Notion',
  run: async (args, api) => picked(Page, (await api.get(`/v1/pages/${args.id}`)).json),
})

export const readPage = action({
  description: 'Read the text of a page, a line for each of its blocks',
  endpoint: 'GET /v1/blocks/{id}/children',
  scopes: ['Read content'],
  input: z.object({ id, limit: z.number().int().min(1).max(1000).default(300) }),
  output: z.object({
    lines: z.array(z.object({ id: z.string(), type: z.string(), text: z.string() })),
    hasMore: z.boolean(),
  }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['id'],
  roles: { limit: 'count' },
  answers: 'untrusted',
  isProse: true,
  place: 'a page of Notion',
  run: async (args, api) => {
    const blocks: Record<string, unknown>[] = []
    let hasMore = false
    const query = { page_size: 100 }
    for await (const { json } of api.pages(`/v1/blocks/${args.id}/children`, { query }, (answer) => {
      const isEnough = blocks.length >= args.limit
      return isEnough || !answer.json.has_more ? undefined : { start_cursor: answer.json.next_cursor }
    })) {
      blocks.push(...json.results)
      hasMore = json.has_more || blocks.length > args.limit
    }
    const lines = blocks.slice(0, args.limit).map((block) => ({
      id: String(block.id),
      type: String(block.type),
      text: wordsOf(block),
    }))
    return { lines, hasMore }
  },
})

function titleOf(found: Record<string, unknown>): string {
  if (found.object === 'data_source') return plainText(found.title)
  const values = isRecord(found.properties) ? Object.values(found.properties) : []
  const title = values.find((value) => isRecord(value) && value.type === 'title')
  return isRecord(title) ? plainText(title.title) : ''
}
