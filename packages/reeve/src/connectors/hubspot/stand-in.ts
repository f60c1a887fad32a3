import { isRecord } from '../../base/json/record.ts'
import { bearerOf, jsonOf, type StandInAnswer, type StandInRequest } from '../stand-in/exchange.ts'
import {
  type StandIn,
  type StandInDefinition,
  type StandInOptions,
  type StandInServer,
  startStandIn,
} from '../stand-in/stand-in.ts'
import { StandInTokens } from '../stand-in/tokens.ts'
import { matchesGroup, type Properties } from './stand-in/filters.ts'
import { error, type Kind, kinds, missingScope, refuse, unauthorized, version } from './stand-in/refusals.ts'

const portalId = 4_242_001
interface CrmRecord {
  id: string
  properties: Properties
  createdAt: string
  updatedAt: string
  archived: boolean
}

/** For a stand-in of HubSpot. */
export interface HubSpotStandInOptions extends StandInOptions {
  /** The token of a private app. Default `pat-stand-in-0000-of-hubspot`. */
  token?: string
  /** What that token may do. Default: contacts, companies and deals. */
  scopes?: readonly string[]
  /** Properties that the account's owner made, with a value for one record alone. Default `reeve_key`. */
  uniqueProperties?: readonly string[]
  /** How long a change takes until a search sees it (ms). Default 0; the real one needs some seconds. */
  searchLagMs?: number
}

export interface HubSpotStandIn extends StandIn {
  tokens: StandInTokens
  /** Makes a record as a person would. */
  add(kind: Kind, properties: Properties): string
  record(kind: Kind, id: string): Readonly<Properties> | undefined
}

/**
 * HubSpot's CRM as it is on the wire: records with properties of text, unique properties, search with filters that may see the newest
 * changes late, scopes, and limits by ten seconds.
 */
export async function startHubSpot(options: HubSpotStandInOptions = {}): Promise<HubSpotStandIn> {
  const { token = 'pat-stand-in-0000-of-hubspot', uniqueProperties = ['reeve_key'] } = options
  const scopes =
    options.scopes ?? kinds.flatMap((kind) => ['read', 'write'].map((what) => `crm.objects.${kind}.${what}`))
  let tokens!: StandInTokens
  let crm!: Crm
  const standIn = await startStandIn((server) => {
    tokens = new StandInTokens({ now: server.now, rotates: false })
    crm = new Crm(server, ['hs_object_id', ...uniqueProperties], options.searchLagMs ?? 0)
    return {
      name: 'hubspot',
      refuse,
      admit: (request) => {
        if (request.path.startsWith('/oauth/')) return undefined
        const given = bearerOf(request)
        const standing = given === token ? 'good' : tokens.standing(given)
        if (standing === 'expired') return unauthorized('EXPIRED_AUTHENTICATION', 'The token is expired')
        if (standing !== 'good') return refuse({ why: 'unauthorized' })
        return missingScope(request, given === token ? scopes : tokens.scopesOf(given))
      },
      headers: (_request, rate) => ({
        'x-hubspot-ratelimit-max': String(rate?.limit ?? 190),
        'x-hubspot-ratelimit-remaining': String(rate?.remaining ?? 189),
        'x-hubspot-ratelimit-interval-milliseconds': '10000',
      }),
      state: crm.state,
      routes: { [`POST /oauth/${version}/token`]: (request) => tokens.answer(request), ...crm.routes() },
    } satisfies StandInDefinition
  }, options)
  return Object.assign(standIn, {
    tokens,
    add: (kind: Kind, properties: Properties) => crm.add(kind, properties).id,
    record: (kind: Kind, id: string) => crm.standing(kind, id)?.properties,
  })
}

class Crm {
  readonly #server: StandInServer
  readonly #unique: readonly string[]
  readonly #records = new Map<Kind, Map<string, CrmRecord>>(kinds.map((kind) => [kind, new Map()]))
  readonly #searchLagMs: number
  #lastId = 500

  constructor(server: StandInServer, unique: readonly string[], searchLagMs: number) {
    this.#server = server
    this.#unique = unique
    this.#searchLagMs = searchLagMs
  }

  get state() {
    return {
      save: () => kinds.map((kind) => [kind, [...this.#records.get(kind)!.values()]]),
      restore: (kept: [Kind, CrmRecord[]][]) => {
        for (const [kind, records] of kept)
          for (const record of records) {
            this.#records.get(kind)!.set(record.id, record)
            this.#lastId = Math.max(this.#lastId, Number(record.id))
          }
      },
    }
  }

  routes(): StandInDefinition['routes'] {
    const base = `/crm/objects/${version}`
    return {
      [`GET /account-info/${version}/details`]: () => ({
        body: { portalId, accountType: 'DEVELOPER_TEST', timeZone: 'Europe/Berlin', companyCurrency: 'EUR' },
      }),
      [`POST ${base}/:kind/search`]: (request) => this.#of(request, (kind) => this.#search(kind, request)),
      [`POST ${base}/:kind`]: (request) => this.#of(request, (kind) => this.#create(kind, request)),
      [`GET ${base}/:kind/:id`]: (request) => this.#with(request, (record) => shown(record, request)),
      [`PATCH ${base}/:kind/:id`]: (request) =>
        this.#with(request, (record, kind) => this.#update(kind, record, request)),
      [`DELETE ${base}/:kind/:id`]: (request) =>
        this.#with(request, (record, kind) => {
          record.archived = true
          this.#server.books.record(`${kind}-archived`, { id: record.id })
          return { status: 204 }
        }),
    }
  }

  add(kind: Kind, properties: Properties): CrmRecord {
    this.#lastId += 1
    const id = String(this.#lastId)
    const time = new Date(this.#server.now()).toISOString()
    const own = { hs_object_id: id, createdate: time, lastmodifieddate: time }
    const record = {
      id,
      properties: { ...properties, ...own },
      createdAt: time,
      updatedAt: time,
      archived: false,
    }
    this.#records.get(kind)!.set(id, record)
    return record
  }

  standing(kind: Kind, id: string, by = 'hs_object_id'): CrmRecord | undefined {
    return [...this.#records.get(kind)!.values()].find(
      ({ archived, properties }) => !archived && properties[by] === id,
    )
  }

  #of({ params }: StandInRequest, then: (kind: Kind) => StandInAnswer): StandInAnswer {
    const kind = kinds.find((each) => each === params.kind)
    return kind ? then(kind) : refuse({ why: 'not-found' })
  }

  #with(request: StandInRequest, then: (record: CrmRecord, kind: Kind) => StandInAnswer): StandInAnswer {
    return this.#of(request, (kind) => {
      const by = request.query.get('idProperty') ?? 'hs_object_id'
      const isKnown = by === 'email' ? kind === 'contacts' : this.#unique.includes(by)
      if (!isKnown) return error(400, 'VALIDATION_ERROR', `Property "${by}" is not a unique property`)
      const record = this.standing(kind, request.params.id!, by)
      return record ? then(record, kind) : refuse({ why: 'not-found' })
    })
  }

  #create(kind: Kind, request: StandInRequest): StandInAnswer {
    const properties = propertiesIn(request)
    if (!properties) return error(400, 'VALIDATION_ERROR', 'Invalid input JSON on line 1, column 1')
    const taken =
      kind === 'contacts' && properties.email ? this.standing(kind, properties.email, 'email') : undefined
    if (taken) return error(409, 'CONFLICT', `Contact already exists. Existing ID: ${taken.id}`)
    const refused = this.#takenUnique(kind, properties)
    if (refused) return refused
    const record = this.add(kind, properties)
    const key = properties.reeve_key
    this.#server.books.record(`${kind}-created`, { id: record.id, ...(key ? { key } : {}) })
    return { status: 201, body: record }
  }

  #update(kind: Kind, record: CrmRecord, request: StandInRequest): StandInAnswer {
    const properties = propertiesIn(request)
    if (!properties) return error(400, 'VALIDATION_ERROR', 'Invalid input JSON on line 1, column 1')
    const refused = this.#takenUnique(kind, properties, record.id)
    if (refused) return refused
    const time = new Date(this.#server.now()).toISOString()
    record.properties = { ...record.properties, ...properties, lastmodifieddate: time }
    record.updatedAt = time
    this.#server.books.record(`${kind}-updated`, { id: record.id })
    return { body: record }
  }

  #takenUnique(kind: Kind, properties: Properties, except?: string): StandInAnswer | undefined {
    for (const name of this.#unique) {
      const value = properties[name]
      const other = value ? this.standing(kind, value, name) : undefined
      if (other && other.id !== except)
        return error(
          400,
          'VALIDATION_ERROR',
          `Property values were not valid: ${other.id} already has that value.`,
        )
    }
    const unknown = Object.keys(properties).find(
      (name) => name.startsWith('reeve_') && !this.#unique.includes(name),
    )
    return unknown === undefined
      ? undefined
      : error(400, 'VALIDATION_ERROR', `Property values were not valid: Property "${unknown}" does not exist`)
  }

  #search(kind: Kind, request: StandInRequest): StandInAnswer {
    const given = jsonOf(request)
    if (!isRecord(given)) return error(400, 'VALIDATION_ERROR', 'Invalid input JSON on line 1, column 1')
    const groups = Array.isArray(given.filterGroups) ? given.filterGroups : []
    const words = typeof given.query === 'string' ? given.query.toLowerCase() : ''
    const found = [...this.#records.get(kind)!.values()].filter(
      ({ archived, properties, updatedAt }) =>
        !archived &&
        Date.parse(updatedAt) + this.#searchLagMs <= this.#server.now() &&
        (groups.length === 0 || groups.some((group) => matchesGroup(properties, group))) &&
        Object.values(properties).some((value) => value?.toLowerCase().includes(words)),
    )
    const limit = Math.min(Number(given.limit ?? 10), 200)
    const from = Number(given.after ?? 0)
    const more = from + limit < found.length
    const results = found
      .slice(from, from + limit)
      .map((record) => ({ ...record, ...picked(record, given.properties) }))
    const paging = more ? { paging: { next: { after: String(from + limit) } } } : {}
    return { body: { total: found.length, results, ...paging } }
  }
}

function shown(record: CrmRecord, { query }: StandInRequest): StandInAnswer {
  const names = query.getAll('properties').flatMap((value) => value.split(','))
  return { body: { ...record, ...picked(record, names.length > 0 ? names : undefined) } }
}

const usual = ['hs_object_id', 'createdate', 'lastmodifieddate', 'email', 'firstname', 'lastname', 'dealname']

function picked({ properties }: CrmRecord, names: unknown): { properties: Properties } {
  const wanted = Array.isArray(names)
    ? [...names.map(String), 'hs_object_id', 'createdate', 'lastmodifieddate']
    : usual
  return { properties: Object.fromEntries(wanted.map((name) => [name, properties[name] ?? null])) }
}

function propertiesIn(request: StandInRequest): Properties | undefined {
  const given = jsonOf(request)
  if (!isRecord(given) || !isRecord(given.properties)) return undefined
  const texts = Object.entries(given.properties).map(([name, value]) => [
    name,
    value === null ? null : String(value),
  ])
  return Object.fromEntries(texts) as Properties
}
