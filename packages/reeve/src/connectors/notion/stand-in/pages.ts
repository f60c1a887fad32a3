import { randomUUID } from 'node:crypto'
import { isRecord } from '../../../base/json/record.ts'
import { jsonOf, type StandInAnswer, type StandInRequest } from '../../stand-in/exchange.ts'
import type { StandInDefinition, StandInServer } from '../../stand-in/stand-in.ts'
import { empty, matchesFilter, plainOf, type Values, written } from './properties.ts'
import { error, refuse } from './refusals.ts'

/** The schemas of data sources, by their ids. */
export type Sources = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface Page {
  id: string
  dataSource: string | undefined
  properties: Values
  children: Record<string, unknown>[]
  comments: Record<string, unknown>[]
  createdTime: string
  editedTime: string
  inTrash: boolean
}

export class Pages {
  readonly #server: StandInServer
  readonly #sources: Sources
  readonly #pages = new Map<string, Page>()

  /** What each data source has that is not named; undefined: there is none. */
  readonly #anyOther: Readonly<Record<string, string>> | undefined

  constructor(server: StandInServer, sources: Sources, anyOther?: Readonly<Record<string, string>>) {
    this.#server = server
    this.#anyOther = anyOther
    this.#sources = sources
  }

  get state() {
    return {
      save: () => [...this.#pages],
      restore: (kept: [string, Page][]) => {
        for (const [id, page] of kept) this.#pages.set(id, page)
      },
    }
  }

  routes(): StandInDefinition['routes'] {
    return {
      'GET /v1/users/me': () => ({
        body: {
          object: 'user',
          id: 'bot-1',
          type: 'bot',
          name: 'Reeve',
          bot: { workspace_id: 'ws-1', workspace_name: 'Stand-in' },
        },
      }),
      'POST /v1/search': (request) => this.#search(request),
      'GET /v1/data_sources/:id': ({ params }) => {
        const schema = this.#schemaOf(params.id!)
        return schema ? { body: sourceBody(params.id!, schema) } : refuse({ why: 'not-found' })
      },
      'POST /v1/data_sources/:id/query': (request) => this.#query(request),
      'POST /v1/pages': (request) => this.#create(request),
      'GET /v1/pages/:id': (request) => this.#with(request, (page) => ({ body: this.#shown(page) })),
      'PATCH /v1/pages/:id': (request) => this.#with(request, (page) => this.#update(page, request)),
      'GET /v1/blocks/:id/children': (request) =>
        this.#with(request, (page) => listOf(request, page.children, 'block')),
      'PATCH /v1/blocks/:id/children': (request) =>
        this.#with(request, (page) => this.#append(page, request)),
      'GET /v1/comments': (request) => {
        const page = this.standing(request.query.get('block_id') ?? '')
        return page ? listOf(request, page.comments, 'comment') : refuse({ why: 'not-found' })
      },
      'POST /v1/comments': (request) => this.#comment(request),
    }
  }

  make(dataSource: string | undefined, properties: Record<string, unknown>, children: unknown = []): Page {
    const time = this.#time()
    const schema = dataSource === undefined ? { title: 'title' } : this.#schemaOf(dataSource)!
    const page: Page = {
      id: randomUUID(),
      dataSource,
      properties: { ...empty(schema), ...written(properties, schema) },
      children: Array.isArray(children) ? children.map(asBlock) : [],
      comments: [],
      createdTime: time,
      editedTime: time,
      inTrash: false,
    }
    this.#pages.set(page.id, page)
    return page
  }

  standing(id: string): Page | undefined {
    return this.#pages.get(id)
  }

  #schemaOf(id: string): Readonly<Record<string, string>> | undefined {
    return this.#sources[id] ?? this.#anyOther
  }

  #time(): string {
    return new Date(this.#server.now()).toISOString()
  }

  #with({ params }: StandInRequest, then: (page: Page) => StandInAnswer): StandInAnswer {
    const page = this.standing(params.id!)
    return page ? then(page) : refuse({ why: 'not-found' })
  }

  #create(request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    if (!isRecord(given) || !isRecord(given.parent) || !isRecord(given.properties))
      return error(400, 'validation_error', 'body failed validation: body.properties should be defined.')
    const source = given.parent.data_source_id
    const parent = given.parent.page_id
    if (typeof source === 'string' ? !this.#schemaOf(source) : !this.standing(String(parent)))
      return refuse({ why: 'not-found' })
    const schema = typeof source === 'string' ? this.#schemaOf(source)! : { title: 'title' }
    const unknown = Object.keys(given.properties).find((name) => !Object.hasOwn(schema, name))
    if (unknown !== undefined)
      return error(400, 'validation_error', `${unknown} is not a property that exists.`)
    const page = this.make(typeof source === 'string' ? source : undefined, given.properties, given.children)
    const key = plainOf(page.properties['Reeve key'])
    this.#server.books.record('page-created', { id: page.id, ...(key !== '' && { key }) })
    return { body: this.#shown(page) }
  }

  #update(page: Page, request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    if (!isRecord(given)) return error(400, 'invalid_json', 'Error parsing JSON body.')
    if ('archived' in given) return error(400, 'validation_error', 'body.archived should be not present.')
    if (page.inTrash && given.in_trash !== false)
      return error(400, 'validation_error', "Can't edit a page that is in the trash.")
    if (isRecord(given.properties)) {
      const schema = page.dataSource === undefined ? { title: 'title' } : this.#schemaOf(page.dataSource)!
      const unknown = Object.keys(given.properties).find((name) => !Object.hasOwn(schema, name))
      if (unknown !== undefined)
        return error(400, 'validation_error', `${unknown} is not a property that exists.`)
      page.properties = { ...page.properties, ...written(given.properties, schema) }
      this.#server.books.record('page-updated', { id: page.id })
    }
    if (typeof given.in_trash === 'boolean' && given.in_trash !== page.inTrash) {
      page.inTrash = given.in_trash
      this.#server.books.record(given.in_trash ? 'page-trashed' : 'page-restored', { id: page.id })
    }
    page.editedTime = this.#time()
    return { body: this.#shown(page) }
  }

  #append(page: Page, request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    const children = isRecord(given) && Array.isArray(given.children) ? given.children : []
    if (children.length === 0 || children.length > 100)
      return error(400, 'validation_error', 'body.children should have 1 to 100 items.')
    const blocks = children.map(asBlock)
    page.children.push(...blocks)
    page.editedTime = this.#time()
    this.#server.books.record('blocks-appended', { id: page.id })
    return { body: { object: 'list', type: 'block', results: blocks, has_more: false, next_cursor: null } }
  }

  #comment(request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    const parent =
      isRecord(given) && isRecord(given.parent) ? this.standing(String(given.parent.page_id)) : undefined
    if (!isRecord(given) || !parent) return refuse({ why: 'not-found' })
    const comment = {
      object: 'comment',
      id: randomUUID(),
      parent: { type: 'page_id', page_id: parent.id },
      discussion_id: randomUUID(),
      created_time: this.#time(),
      created_by: { object: 'user', id: 'bot-1' },
      rich_text: withPlain(given.rich_text),
    }
    parent.comments.push(comment)
    this.#server.books.record('comment-added', { id: parent.id })
    return { body: comment }
  }

  #query(request: StandInRequest): StandInAnswer {
    const { id } = request.params as { id: string }
    if (!this.#schemaOf(id)) return refuse({ why: 'not-found' })
    const given = jsonOf(request)
    const filter = isRecord(given) ? given.filter : undefined
    const found = [...this.#pages.values()].filter(
      (page) => page.dataSource === id && !page.inTrash && matchesFilter(page.properties, filter),
    )
    return listOf(
      request,
      found.map((page) => this.#shown(page)),
      'page_or_data_source',
    )
  }

  #search(request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    const words = isRecord(given) && typeof given.query === 'string' ? given.query.toLowerCase() : ''
    const kind = isRecord(given) && isRecord(given.filter) ? given.filter.value : undefined
    const pages = [...this.#pages.values()]
      .filter(({ inTrash, properties }) => !inTrash && titleOf(properties).toLowerCase().includes(words))
      .map((page) => this.#shown(page))
    const sources = Object.entries(this.#sources).map(([id, schema]) => sourceBody(id, schema))
    const found = [...(kind === 'data_source' ? [] : pages), ...(kind === 'page' ? [] : sources)]
    return listOf(request, found, 'page_or_data_source')
  }

  #shown(page: Page): Record<string, unknown> {
    const parent =
      page.dataSource === undefined
        ? { type: 'workspace', workspace: true }
        : { type: 'data_source_id', data_source_id: page.dataSource }
    return {
      object: 'page',
      id: page.id,
      created_time: page.createdTime,
      last_edited_time: page.editedTime,
      in_trash: page.inTrash,
      parent,
      properties: page.properties,
      url: `https://www.notion.so/${page.id.replaceAll('-', '')}`,
    }
  }
}

function sourceBody(id: string, schema: Readonly<Record<string, string>>): Record<string, unknown> {
  const properties = Object.entries(schema).map(([name, type]) => [
    name,
    { id: name, name, type, [type]: {} },
  ])
  return { object: 'data_source', id, title: [], in_trash: false, properties: Object.fromEntries(properties) }
}

function titleOf(properties: Values): string {
  return plainOf(Object.values(properties).find((value) => value.type === 'title'))
}

function asBlock(given: unknown): Record<string, unknown> {
  const block = isRecord(given) ? given : {}
  return { object: 'block', id: randomUUID(), has_children: false, in_trash: false, ...block }
}

function withPlain(given: unknown): unknown[] {
  return (Array.isArray(given) ? given : []).filter(isRecord).map((part) => {
    const text = isRecord(part.text) ? String(part.text.content ?? '') : ''
    return { type: 'text', ...part, plain_text: text, annotations: {}, href: null }
  })
}

/** One page of a list, by `start_cursor` and `page_size`, which stand in the body of a POST and else in the query. */
function listOf(request: StandInRequest, items: readonly unknown[], type: string): StandInAnswer {
  const given = request.method === 'POST' ? jsonOf(request) : Object.fromEntries(request.query)
  const { page_size: size, start_cursor: cursor } = isRecord(given) ? given : {}
  const from = cursor === undefined ? 0 : Number(Buffer.from(String(cursor), 'base64url').toString())
  if (!Number.isInteger(from) || from > items.length)
    return error(400, 'validation_error', 'The start_cursor provided is invalid.')
  const end = from + Math.min(Number(size ?? 100), 100)
  const more = end < items.length
  const next = more ? Buffer.from(String(end)).toString('base64url') : null
  return {
    body: { object: 'list', type, results: items.slice(from, end), has_more: more, next_cursor: next },
  }
}
