import { isRecord } from '../../base/json/record.ts'
import { bearerOf, jsonOf, type StandInAnswer, type StandInRequest } from '../stand-in/exchange.ts'
import {
  type Refusal,
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  type StandInServer,
  startStandIn,
} from '../stand-in/stand-in.ts'
import { StandInTokens } from '../stand-in/tokens.ts'
import { readQuery, selected } from './stand-in/query.ts'

const version = 'v67.0'
const organizationId = '00D000000000001EAA'
/** The first characters of an id say of which object it is. */
const prefixes: Record<string, string> = {
  Contact: '003',
  Account: '001',
  Lead: '00Q',
  Opportunity: '006',
  Case: '500',
}

/** Those of the connector's sandbox. */
const sandboxTokens = {
  accessToken: 'stand-in-access-of-salesforce',
  refreshToken: 'stand-in-refresh-of-salesforce',
}

export type SalesforceFields = Record<string, unknown>

interface Row {
  object: string
  fields: SalesforceFields & { Id: string; LastModifiedDate: string }
  isDeleted: boolean
}

/** For a stand-in of Salesforce. */
export interface SalesforceStandInOptions extends StandInOptions {
  clientId?: string
  clientSecret?: string
  /** Fields that the organization's owner made as external ids. Default `Reeve_Key__c`. */
  externalIds?: readonly string[]
  /** Rows of one page of a query. Default 2000. */
  pageSize?: number
}

export interface SalesforceStandIn extends StandIn {
  tokens: StandInTokens
  add(object: string, fields: SalesforceFields): string
  row(id: string): Readonly<SalesforceFields> | undefined
}

/**
 * Salesforce's REST API as it is on the wire: rows of objects, SOQL queries in pages, upserts by external ids, conditional updates,
 * refused sessions, and the limit of a day.
 */
export async function startSalesforce(options: SalesforceStandInOptions = {}): Promise<SalesforceStandIn> {
  const { clientId = 'stand-in-client', clientSecret = 'stand-in-secret' } = options
  let tokens!: StandInTokens
  let rows!: Rows
  const standIn = await startStandIn((server) => {
    tokens = new StandInTokens({ now: server.now, clientId, clientSecret, rotates: false })
    tokens.adopt(sandboxTokens)
    rows = new Rows(server, options)
    return {
      name: 'salesforce',
      refuse,
      admit: (request) => {
        if (request.path === '/services/oauth2/token') return undefined
        return tokens.standing(bearerOf(request)) === 'good' ? undefined : refuse({ why: 'unauthorized' })
      },
      headers: (_request, rate) => ({
        'sforce-limit-info': `api-usage=${rate ? rate.limit - rate.remaining : 1}/${rate?.limit ?? 100_000}`,
      }),
      state: rows.state,
      routes: {
        'POST /services/oauth2/token': (request) => {
          const answer = tokens.answer(request)
          if (!isRecord(answer.body) || typeof answer.body.access_token !== 'string') return answer
          // Salesforce does not say how long a session lasts.
          const { expires_in: _, ...body } = answer.body
          return { ...answer, body: { ...body, instance_url: standIn.url, issued_at: String(server.now()) } }
        },
        ...rows.routes(),
      },
    } satisfies StandInDefinition
  }, options)
  return Object.assign(standIn, {
    tokens,
    add: (object: string, fields: SalesforceFields) => rows.add(object, fields).fields.Id,
    row: (id: string) => rows.standing(id)?.fields,
  })
}

function error(
  status: number,
  errorCode: string,
  message: string,
  fields?: readonly string[],
): StandInAnswer {
  return { status, body: [{ message, errorCode, ...(fields && { fields }) }] }
}

function refuse(refusal: Refusal, request?: StandInRequest): StandInAnswer {
  // The token's end speaks OAuth, and not the API's own errors.
  if (refusal.why === 'unauthorized' && request?.path === '/services/oauth2/token')
    return {
      status: 400,
      body: { error: 'invalid_grant', error_description: 'expired access/refresh token' },
    }
  switch (refusal.why) {
    case 'unauthorized':
      return error(401, 'INVALID_SESSION_ID', 'Session expired or invalid')
    case 'rate-limited': {
      const answer = error(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
      return { ...answer, headers: { 'retry-after': String(refusal.retryAfterS) } }
    }
    case 'unavailable':
      return error(refusal.status, 'SERVER_UNAVAILABLE', 'The server is unavailable')
    default:
      return error(404, 'NOT_FOUND', 'The requested resource does not exist')
  }
}

class Rows {
  readonly #server: StandInServer
  readonly #externalIds: readonly string[]
  readonly #pageSize: number
  readonly #rows = new Map<string, Row>()
  readonly #cursors = new Map<string, SalesforceFields[]>()

  constructor(
    server: StandInServer,
    { externalIds = ['Reeve_Key__c'], pageSize = 2000 }: SalesforceStandInOptions,
  ) {
    this.#server = server
    this.#externalIds = externalIds
    this.#pageSize = pageSize
  }

  get state() {
    return {
      save: () => [...this.#rows],
      restore: (kept: [string, Row][]) => {
        for (const [id, row] of kept) this.#rows.set(id, row)
      },
    }
  }

  routes(): StandInDefinition['routes'] {
    const base = `/services/data/${version}`
    return {
      'GET /services/oauth2/userinfo': () => ({
        body: {
          user_id: '005000000000001AAA',
          organization_id: organizationId,
          preferred_username: 'agent@example.com',
          is_sandbox: true,
        },
      }),
      [`GET ${base}/query`]: (request) => this.#query(request),
      [`GET ${base}/query/:cursor`]: ({ params }) => this.#nextPage(params.cursor!),
      [`GET ${base}/sobjects/:object/:field/:value`]: (request) =>
        this.#byExternalId(request, (row) => (row ? shown(row, request) : refuse({ why: 'not-found' }))),
      [`PATCH ${base}/sobjects/:object/:field/:value`]: (request) =>
        this.#byExternalId(request, (row) => this.#upsert(row, request)),
      [`GET ${base}/sobjects/:object/:id`]: (request) => this.#with(request, (row) => shown(row, request)),
      [`PATCH ${base}/sobjects/:object/:id`]: (request) =>
        this.#with(request, (row) => this.#update(row, request)),
      [`DELETE ${base}/sobjects/:object/:id`]: (request) =>
        this.#with(request, (row) => {
          row.isDeleted = true
          this.#server.books.record(`${row.object}-deleted`, { id: row.fields.Id })
          return { status: 204 }
        }),
    }
  }

  add(object: string, fields: SalesforceFields): Row {
    const number = String(this.#rows.size + 1).padStart(12, '0')
    const Id = `${prefixes[object] ?? '0XX'}${number}AAA`
    const time = this.#time()
    const row = {
      object,
      fields: { ...fields, Id, CreatedDate: time, LastModifiedDate: time },
      isDeleted: false,
    }
    this.#rows.set(Id, row)
    return row
  }

  standing(id: string): Row | undefined {
    const row = this.#rows.get(id)
    return row?.isDeleted ? undefined : row
  }

  #time(): string {
    return new Date(this.#server.now()).toISOString().replace('Z', '+0000')
  }

  #with({ params }: StandInRequest, then: (row: Row) => StandInAnswer): StandInAnswer {
    if (!/^[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?$/.test(params.id!))
      return error(400, 'MALFORMED_ID', `malformed id ${params.id}`)
    const row = this.standing(params.id!)
    return row && row.object === params.object ? then(row) : refuse({ why: 'not-found' })
  }

  #byExternalId({ params }: StandInRequest, then: (row: Row | undefined) => StandInAnswer): StandInAnswer {
    const { object, field, value } = params as { object: string; field: string; value: string }
    if (!this.#externalIds.includes(field))
      return error(
        404,
        'NOT_FOUND',
        `Provided external ID field does not exist or is not accessible: ${field}`,
      )
    const found = [...this.#rows.values()].filter(
      (row) => !row.isDeleted && row.object === object && row.fields[field] === value,
    )
    return then(found[0])
  }

  #upsert(row: Row | undefined, request: StandInRequest): StandInAnswer {
    const { object, field, value } = request.params as { object: string; field: string; value: string }
    const fields = fieldsIn(request)
    if (!fields) return error(400, 'JSON_PARSER_ERROR', 'Unexpected character')
    if (row) {
      Object.assign(row.fields, fields, { LastModifiedDate: this.#time() })
      this.#server.books.record(`${object}-updated`, { id: row.fields.Id })
      return { body: { id: row.fields.Id, success: true, errors: [], created: false } }
    }
    if (object === 'Contact' && typeof fields.LastName !== 'string')
      return error(400, 'REQUIRED_FIELD_MISSING', 'Required fields are missing: [LastName]', ['LastName'])
    const made = this.add(object, { ...fields, [field]: value })
    this.#server.books.record(`${object}-created`, { id: made.fields.Id, key: value })
    return { status: 201, body: { id: made.fields.Id, success: true, errors: [], created: true } }
  }

  #update(row: Row, request: StandInRequest): StandInAnswer {
    const fields = fieldsIn(request)
    if (!fields) return error(400, 'JSON_PARSER_ERROR', 'Unexpected character')
    const since = Date.parse(request.headers['if-unmodified-since'] ?? '')
    // By the second, as HTTP has it.
    const changedAt = Math.floor(Date.parse(row.fields.LastModifiedDate) / 1000) * 1000
    if (since < changedAt) return { status: 412 }
    Object.assign(row.fields, fields, { LastModifiedDate: this.#time() })
    this.#server.books.record(`${row.object}-updated`, { id: row.fields.Id })
    return { status: 204 }
  }

  #query({ query }: StandInRequest): StandInAnswer {
    const read = readQuery(query.get('q') ?? '')
    if ('problem' in read) return error(400, 'MALFORMED_QUERY', read.problem)
    const found = [...this.#rows.values()]
      .filter((row) => !row.isDeleted && row.object === read.object && read.matches(row.fields))
      .slice(0, read.limit)
      .map(({ object, fields }) => ({
        attributes: { type: object, url: `/services/data/${version}/sobjects/${object}/${fields.Id}` },
        ...selected(fields, read.fields),
      }))
    return this.#page(found, found.length, 0)
  }

  #nextPage(cursor: string): StandInAnswer {
    const [id = '', from = ''] = cursor.split('-')
    const rows = this.#cursors.get(id)
    if (!rows) return error(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator')
    return this.#page(rows, rows.length, Number(from), id)
  }

  #page(rows: SalesforceFields[], totalSize: number, from: number, known?: string): StandInAnswer {
    const end = from + this.#pageSize
    const records = rows.slice(from, end)
    if (end >= rows.length) return { body: { totalSize, done: true, records } }
    const id = known ?? `01g${String(this.#cursors.size + 1).padStart(12, '0')}AAA`
    this.#cursors.set(id, rows)
    const nextRecordsUrl = `/services/data/${version}/query/${id}-${end}`
    return { body: { totalSize, done: false, nextRecordsUrl, records } }
  }
}

function shown({ object, fields }: Row, { query }: StandInRequest): StandInAnswer {
  const wanted = query.get('fields')?.split(',')
  const attributes = { type: object, url: `/services/data/${version}/sobjects/${object}/${fields.Id}` }
  return { body: { attributes, ...(wanted ? selected(fields, wanted) : fields) } }
}

function fieldsIn(request: StandInRequest): SalesforceFields | undefined {
  const given = jsonOf(request)
  return isRecord(given) ? given : undefined
}
