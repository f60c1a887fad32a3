import { z } from 'zod'
import type { EffectVerdict } from '../../engine/calls/effect/definition.ts'
import { picked } from '../door/picked.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { isSame, knownBefore, refuseChanged } from '../door/undo-change.ts'
import { action } from '../shape/action.ts'
import { posted } from './lists.ts'
import { id, Page, properties, richText } from './schemas.ts'
import type { NotionSettings } from './settings.ts'
import { bare, type Values, valuesOf } from './values.ts'

const linesOf = (text: string) => text.split(/\r?\n/)
const paragraphsText = z
  .string()
  .min(1)
  .max(100_000)
  .refine((text) => linesOf(text).length <= 100, 'Notion takes 100 paragraphs at once')
  .describe('A paragraph for each line')

/** Notion takes no key; in a data source, the page carries it in a property. */
export const createPage = action({
  description: 'Create a page in a data source (a table), or below another page',
  endpoint: ['POST /v1/pages', 'POST /v1/data_sources/{id}/query', 'PATCH /v1/pages/{id}'],
  scopes: ['Insert content'],
  input: z.object({
    parent: z.union([z.object({ data_source_id: id }), z.object({ page_id: id })]),
    properties,
    text: paragraphsText.optional(),
  }),
  output: Page,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['parent'],
  roles: { properties: 'content', text: 'content' },
  place: 'a page of Notion',
  run: async ({ parent, properties: given, text }, api) => {
    const key = 'data_source_id' in parent ? { [keyPropertyOf(api)]: { rich_text: richText(api.key) } } : {}
    const children = text === undefined ? {} : { children: paragraphs(text) }
    const json = { parent, properties: { ...given, ...key }, ...children }
    return picked(Page, (await api.post('/v1/pages', { json })).json)
  },
  verify: async ({ parent }, api): Promise<EffectVerdict> => {
    if (!('data_source_id' in parent))
      return {
        outcome: 'unknown',
        reason: 'a page below another page carries no key by which it could be found',
      }
    const filter = { property: keyPropertyOf(api), rich_text: { equals: api.key } }
    const [page] = await posted(api, `/v1/data_sources/${parent.data_source_id}/query`, { filter }, 1)
    return page === undefined
      ? { outcome: 'not-applied' }
      : { outcome: 'applied', result: picked(Page, page) as never }
  },
  undo: {
    effect: 'verifiable',
    run: async ({ result }, api) => {
      await api.patch(`/v1/pages/${result.id}`, { json: { in_trash: true } })
    },
    verify: async ({ result }, api) =>
      verdictOf((await api.get(`/v1/pages/${result.id}`)).json.in_trash === true),
  },
})

const Updated = z.object({
  id: z.string(),
  /** What stood there before. Null: the outcome of the first attempt was not known, and so this is not known. */
  before: z.record(z.string(), z.record(z.string(), z.unknown())).nullable(),
})

export const updatePage = action({
  description: 'Set properties of a page',
  endpoint: ['PATCH /v1/pages/{id}', 'GET /v1/pages/{id}'],
  scopes: ['Update content'],
  input: z.object({ id, properties }),
  output: Updated,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['id'],
  roles: { properties: 'content' },
  run: async (args, api) => {
    const before = await valuesOf(api, args.id, Object.keys(args.properties))
    await api.patch(`/v1/pages/${args.id}`, { json: { properties: args.properties } })
    return { id: args.id, before }
  },
  verify: async (args, api) => {
    const now = await valuesOf(api, args.id, Object.keys(args.properties))
    const isSet = Object.entries(args.properties).every(([name, value]) => isSame(now[name], bare(value)))
    return isSet ? { outcome: 'applied', result: { id: args.id, before: null } } : { outcome: 'not-applied' }
  },
  undo: {
    effect: 'verifiable',
    run: async ({ args, result }, api) => {
      const set = args.properties as Values
      const before = knownBefore(result.before as Values | null, `page ${result.id}`)
      const changes = Object.entries(set).map(([field, value]) => ({ field, to: bare(value) }))
      refuseChanged(changes, await valuesOf(api, result.id, Object.keys(set)), `Page ${result.id}`)
      await api.patch(`/v1/pages/${result.id}`, { json: { properties: before } })
    },
    verify: async ({ result }, api) => {
      const before = (result.before ?? {}) as Values
      const now = await valuesOf(api, result.id, Object.keys(before))
      return verdictOf(Object.entries(before).every(([name, value]) => isSame(now[name], value)))
    },
  },
})

export const trashPage = action({
  description: 'Move a page to the trash, from which it can be taken again for 30 days',
  endpoint: ['PATCH /v1/pages/{id}', 'GET /v1/pages/{id}'],
  scopes: ['Update content'],
  input: z.object({ id }),
  output: z.object({ id: z.string(), in_trash: z.boolean() }),
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['id'],
  run: async (args, api) =>
    inTrash((await api.patch(`/v1/pages/${args.id}`, { json: { in_trash: true } })).json),
  verify: async (args, api) => {
    const { json } = await api.get(`/v1/pages/${args.id}`)
    return json.in_trash === true ? { outcome: 'applied', result: inTrash(json) } : { outcome: 'not-applied' }
  },
  undo: {
    within: '30d',
    effect: 'verifiable',
    run: async ({ result }, api) => {
      await api.patch(`/v1/pages/${result.id}`, { json: { in_trash: false } })
    },
    verify: async ({ result }, api) =>
      verdictOf((await api.get(`/v1/pages/${result.id}`)).json.in_trash === false),
  },
})

/** Nothing of Notion's tells whose blocks these are: after a lost answer, a person must look. */
export const appendText = action({
  description: 'Add paragraphs at the end of a page',
  endpoint: 'PATCH /v1/blocks/{id}/children',
  scopes: ['Insert content'],
  input: z.object({ id, text: paragraphsText }),
  output: z.object({ blocks: z.array(z.string()) }),
  effect: 'once',
  reads: 'none',
  sends: 'inside',
  directs: ['id'],
  run: async (args, api) => {
    const { json } = await api.patch(`/v1/blocks/${args.id}/children`, {
      json: { children: paragraphs(args.text) },
    })
    return { blocks: json.results.map((block: { id: string }) => block.id) }
  },
})

/** As for `appendText`: a comment carries no key. */
export const addComment = action({
  description: 'Comment on a page. Whoever follows it is told',
  endpoint: 'POST /v1/comments',
  scopes: ['Insert comments'],
  input: z.object({ page: id, text: z.string().min(1).max(10_000) }),
  output: z.object({ id: z.string() }),
  effect: 'once',
  reads: 'none',
  sends: 'inside',
  directs: ['page'],
  kinds: ['message'],
  run: async ({ page, text }, api) => {
    const json = { parent: { page_id: page }, rich_text: richText(text) }
    return { id: (await api.post('/v1/comments', { json })).json.id }
  },
})

function keyPropertyOf({ settings }: ServiceCall): string {
  return (settings as NotionSettings).keyProperty
}

function verdictOf(isDone: boolean): EffectVerdict {
  return isDone ? { outcome: 'applied', result: null } : { outcome: 'not-applied' }
}

function inTrash(json: { id: string; in_trash: boolean }): { id: string; in_trash: boolean } {
  return { id: json.id, in_trash: json.in_trash }
}

function paragraphs(text: string): object[] {
  return linesOf(text).map((line) => ({
    object: 'block',
    type: 'paragraph',
    paragraph: { rich_text: richText(line) },
  }))
}
