import { z } from 'zod'
import { isRecord } from '../../base/json/record.ts'
import { picked } from '../door/picked.ts'
import { pathPart } from '../door/request.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { isSame, knownBefore, refuseChanged } from '../door/undo-change.ts'
import { action } from '../shape/action.ts'
import type { HubSpotSettings } from './settings.ts'
import { apiVersion } from './settings.ts'

const object = z.enum(['contacts', 'companies', 'deals']).describe('Of which kind the record is')
const id = z.string().regex(/^\d{1,20}$/, 'the id of a record has digits alone')
const propertyName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,99}$/, 'internal names of properties are small letters, digits and _')
const propertyNames = z
  .array(propertyName)
  .max(50)
  .describe('Which properties come back; absent: the usual ones')
  .optional()
const properties = z
  .record(propertyName, z.string().max(65_536).nullable())
  .describe('By internal name; every value is a text, as HubSpot has it; null empties')

/** Values are texts, as HubSpot has them on the wire. */
const CrmRecord = z.object({
  id: z.string(),
  properties: z.record(z.string(), z.string().nullable()),
  createdAt: z.string(),
  updatedAt: z.string(),
})

const base = `/crm/objects/${apiVersion}`

/** Scopes are by kind; the service names the one that is missing. */
const scopes = (what: 'read' | 'write') =>
  ['contacts', 'companies', 'deals'].map((kind) => `crm.objects.${kind}.${what}`)

export const getRecord = action({
  description: 'Read a contact, company or deal',
  endpoint: `GET ${base}/{object}/{id}`,
  scopes: scopes('read'),
  input: z.object({ object, id, properties: propertyNames }),
  output: CrmRecord,
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['object', 'id'],
  answers: 'untrusted',
  place: 'a record of the CRM',
  run: async (args, api) => {
    const query = args.properties && { properties: args.properties.join(',') }
    return picked(CrmRecord, (await api.get(`${base}/${args.object}/${args.id}`, { query })).json)
  },
})

const filter = z.object({
  property: propertyName,
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'CONTAINS_TOKEN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'IN',
  ]),
  value: z.string().max(1000).optional(),
  values: z.array(z.string().max(1000)).max(100).optional(),
})

export const searchRecords = action({
  description: 'Search contacts, companies or deals. What changed in the last seconds may be missing',
  endpoint: `POST ${base}/{object}/search`,
  class: 'search',
  scopes: scopes('read'),
  input: z.object({
    object,
    query: z.string().max(3000).describe('Words in the usual properties').optional(),
    filters: z.array(filter).max(6).describe('All of them must hold').optional(),
    properties: propertyNames,
    limit: z.number().int().min(1).max(1000).default(50),
  }),
  output: z.object({ records: z.array(CrmRecord), total: z.number().int() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['object'],
  roles: { query: 'query', filters: 'query', properties: 'plain', limit: 'count' },
  answers: 'untrusted',
  place: 'records of the CRM',
  run: async (args, api) => {
    const filters = args.filters?.map(({ property, ...its }) => ({ propertyName: property, ...its }))
    const records: unknown[] = []
    let total = 0
    for (let after: string | undefined = '0'; after !== undefined && records.length < args.limit; ) {
      const json: unknown = {
        ...(args.query !== undefined && { query: args.query }),
        ...(filters && { filterGroups: [{ filters }] }),
        ...(args.properties && { properties: args.properties }),
        limit: Math.min(args.limit - records.length, 200),
        after,
      }
      const answer = await api.post(`${base}/${args.object}/search`, { json, reads: true, class: 'search' })
      total = answer.json.total
      records.push(...answer.json.results)
      after = answer.json.paging?.next?.after
    }
    return { records: records.map((record) => picked(CrmRecord, record)), total }
  },
})

/**
 * The record carries the effect's key in a property that has one record alone for each value: a second one cannot come to be, and the
 * first is found by it at once.
 */
export const createRecord = action({
  description: 'Create a contact, company or deal',
  endpoint: [
    `POST ${base}/{object}`,
    `GET ${base}/{object}/{key}?idProperty={keyProperty}`,
    `DELETE ${base}/{object}/{id}`,
  ],
  scopes: scopes('write'),
  input: z.object({ object, properties }),
  output: CrmRecord,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['object'],
  roles: { properties: 'content' },
  place: 'a record of the CRM',
  run: async (args, api) => {
    const given = { ...args.properties, [keyPropertyOf(api)]: api.key }
    return picked(CrmRecord, (await api.post(`${base}/${args.object}`, { json: { properties: given } })).json)
  },
  verify: async (args, api) => {
    const path = `${base}/${args.object}/${pathPart(api.key)}`
    const query = { idProperty: keyPropertyOf(api), properties: Object.keys(args.properties).join(',') }
    const { status, json } = await api.get(path, { query, accept: [404] })
    return status === 404
      ? { outcome: 'not-applied' }
      : { outcome: 'applied', result: picked(CrmRecord, json) }
  },
  undo: {
    effect: 'idempotent',
    run: async ({ args, result }, api) => {
      await api.delete(`${base}/${args.object}/${result.id}`, { accept: [404] })
    },
  },
})

const Updated = z.object({
  id: z.string(),
  /** What stood there before. Null: the outcome of the first attempt was not known, and so this is not known. */
  before: z.record(z.string(), z.string().nullable()).nullable(),
})

export const updateRecord = action({
  description: 'Change properties of a contact, company or deal',
  endpoint: [`PATCH ${base}/{object}/{id}`, `GET ${base}/{object}/{id}`],
  scopes: scopes('write'),
  input: z.object({ object, id, properties }),
  output: Updated,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['object', 'id'],
  roles: { properties: 'content' },
  run: async (args, api) => {
    const before = await valuesOf(api, args)
    await api.patch(`${base}/${args.object}/${args.id}`, { json: { properties: args.properties } })
    return { id: args.id, before }
  },
  verify: async (args, api) => {
    const now = await valuesOf(api, args)
    const isSet = Object.entries(args.properties).every(([name, value]) => isSame(now[name], value))
    return isSet ? { outcome: 'applied', result: { id: args.id, before: null } } : { outcome: 'not-applied' }
  },
  undo: {
    effect: 'verifiable',
    run: async ({ args, result }, api) => {
      const set = args.properties as Record<string, string | null>
      const before = knownBefore(result.before as Record<string, string | null> | null, `Record ${args.id}`)
      const changes = Object.entries(set).map(([field, to]) => ({ field, to }))
      const place = { object: args.object as string, id: args.id as string, properties: set }
      refuseChanged(changes, await valuesOf(api, place), `Record ${args.id}`)
      await api.patch(`${base}/${args.object}/${args.id}`, { json: { properties: before } })
    },
    verify: async ({ args, result }, api) => {
      const set = args.properties as Record<string, string | null>
      const now = await valuesOf(api, {
        object: args.object as string,
        id: args.id as string,
        properties: set,
      })
      const isBack = Object.entries(result.before ?? {}).every(([name, value]) => isSame(now[name], value))
      return isBack ? { outcome: 'applied', result: null } : { outcome: 'not-applied' }
    },
  },
})

function keyPropertyOf({ settings }: ServiceCall): string {
  return (settings as HubSpotSettings).keyProperty
}

async function valuesOf(
  api: ServiceCall,
  place: { object: string; id: string; properties: Record<string, string | null> },
): Promise<Record<string, string | null>> {
  const names = Object.keys(place.properties)
  const { json } = await api.get(`${base}/${place.object}/${place.id}`, {
    query: { properties: names.join(',') },
  })
  const values = isRecord(json.properties) ? json.properties : {}
  return Object.fromEntries(names.map((name) => [name, (values[name] ?? null) as string | null]))
}
