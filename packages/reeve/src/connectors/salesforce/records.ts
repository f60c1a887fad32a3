import { z } from 'zod'
import { isRecord } from '../../base/json/record.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { pathPart } from '../door/request.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { isSame, knownBefore, refuseChanged } from '../door/undo-change.ts'
import { action } from '../shape/action.ts'
import { apiVersion, type SalesforceSettings } from './settings.ts'
import { datePattern, namePattern, soql } from './soql.ts'

const object = z
  .enum(['Contact', 'Account', 'Lead', 'Opportunity', 'Case'])
  .describe('Of which object the record is')
const id = z
  .string()
  .regex(/^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?$/, 'an id of Salesforce has 15 or 18 letters and digits')
const name = z.string().regex(namePattern, 'a name of a field has letters, digits and _')
const fieldNames = z.array(name).min(1).max(50).describe('Which fields come back')
const value = z.union([z.string().max(131_072), z.number(), z.boolean(), z.null()])
const fields = z.record(name, value).describe('By the API names of fields')

/** The fields that were asked for, and the id. */
export const Row = z.object({ Id: z.string(), fields: z.record(z.string(), z.unknown()) })

const base = `/services/data/${apiVersion}`

export const getRecord = action({
  description: 'Read a record of Salesforce, such as a contact or an opportunity (a deal)',
  endpoint: `GET ${base}/sobjects/{object}/{id}`,
  scopes: ['api'],
  input: z.object({ object, id, fields: fieldNames }),
  output: Row,
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['object', 'id'],
  answers: 'untrusted',
  place: 'a record of the CRM',
  run: async (args, api) => {
    const query = { fields: args.fields.join(',') }
    return rowOf(
      { Id: args.id, ...(await api.get(`${base}/sobjects/${args.object}/${args.id}`, { query })).json },
      args.fields,
    )
  },
})

const condition = z.object({
  field: name,
  operator: z.enum(['=', '!=', '<', '<=', '>', '>=', 'LIKE']).default('='),
  value: z.union([
    z.string().max(1000),
    z.number(),
    z.boolean(),
    z.null(),
    z.object({ date: z.string().regex(datePattern, 'write 2026-07-01, or 2026-07-01T09:00:00Z') }),
  ]),
})

export const searchRecords = action({
  description: 'Search records of Salesforce by their fields',
  endpoint: `GET ${base}/query`,
  scopes: ['api'],
  input: z.object({
    object,
    fields: fieldNames,
    where: z.array(condition).max(10).default([]).describe('All of them must hold'),
    limit: z.number().int().min(1).max(2000).default(50),
  }),
  output: z.object({ records: z.array(Row), total: z.number().int() }),
  effect: 'read',
  reads: 'private',
  sends: 'none',
  directs: ['object'],
  roles: { fields: 'plain', where: 'query', limit: 'count' },
  answers: 'untrusted',
  place: 'records of the CRM',
  run: async (args, api) => {
    const fields = [...new Set(['Id', ...args.fields])]
    const query = { q: soql({ ...args, fields }) }
    const records: unknown[] = []
    let total = 0
    for await (const { json } of api.pages(
      `${base}/query`,
      { query },
      (answer) => answer.json.nextRecordsUrl,
    )) {
      total = json.totalSize
      records.push(...json.records)
    }
    return { records: records.map((record) => rowOf(record, args.fields)), total }
  },
})

/**
 * The record is made by an upsert under the effect's key in an external id: a repeat finds the same one.
 */
export const createRecord = action({
  description: 'Create a record of Salesforce, such as a contact or an opportunity (a deal)',
  endpoint: [
    `PATCH ${base}/sobjects/{object}/{keyField}/{key}`,
    `GET ${base}/sobjects/{object}/{keyField}/{key}`,
    `DELETE ${base}/sobjects/{object}/{id}`,
  ],
  scopes: ['api'],
  input: z.object({ object, fields }),
  output: z.object({ id: z.string() }),
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['object'],
  roles: { fields: 'content' },
  place: 'a record of the CRM',
  run: async (args, api) => {
    const { json } = await api.patch(keyPath(api, args.object), { json: args.fields })
    return { id: json.id }
  },
  verify: async (args, api) => {
    const { status, json } = await api.get(keyPath(api, args.object), {
      query: { fields: 'Id' },
      accept: [404],
    })
    return status === 404 ? { outcome: 'not-applied' } : { outcome: 'applied', result: { id: json.Id } }
  },
  undo: {
    effect: 'idempotent',
    run: async ({ args, result }, api) => {
      await api.delete(`${base}/sobjects/${args.object}/${result.id}`, { accept: [404] })
    },
  },
})

const Updated = z.object({
  id: z.string(),
  /** What stood there before. Null: the outcome of the first attempt was not known, and so this is not known. */
  before: z.record(z.string(), z.unknown()).nullable(),
})

export const updateRecord = action({
  description:
    'Change fields of a record of Salesforce. Refused if somebody else changes it at the same time',
  endpoint: [`PATCH ${base}/sobjects/{object}/{id}`, `GET ${base}/sobjects/{object}/{id}`],
  scopes: ['api'],
  input: z.object({ object, id, fields }),
  output: Updated,
  effect: 'verifiable',
  reads: 'none',
  sends: 'inside',
  directs: ['object', 'id'],
  roles: { fields: 'content' },
  run: async (args, api) => {
    const before = await valuesOf(api, args)
    await set(api, args, args.fields, before.changedAt)
    return { id: args.id, before: before.values }
  },
  verify: async (args, api) => {
    const { values } = await valuesOf(api, args)
    const isSet = Object.entries(args.fields).every(([field, wanted]) => isSame(values[field], wanted))
    return isSet ? { outcome: 'applied', result: { id: args.id, before: null } } : { outcome: 'not-applied' }
  },
  undo: {
    effect: 'verifiable',
    run: async ({ args, result }, api) => {
      const place = placeOf(args)
      const before = knownBefore(result.before as Fields | null, `record ${place.id}`)
      const { values, changedAt } = await valuesOf(api, place)
      const changes = Object.entries(place.fields).map(([field, to]) => ({ field, to }))
      refuseChanged(changes, values, `Record ${place.id}`)
      await set(api, place, before, changedAt)
    },
    verify: async ({ args, result }, api) => {
      const { values } = await valuesOf(api, placeOf(args))
      const isBack = Object.entries(result.before ?? {}).every(([field, wanted]) =>
        isSame(values[field], wanted),
      )
      return isBack ? { outcome: 'applied', result: null } : { outcome: 'not-applied' }
    },
  },
})

type Fields = Record<string, unknown>
type Place = { object: string; id: string; fields: Fields }

const placeOf = (args: unknown) => args as Place

function keyPath({ settings, key }: ServiceCall, its: string): string {
  return `${base}/sobjects/${its}/${(settings as SalesforceSettings).keyField}/${pathPart(key)}`
}

async function valuesOf(api: ServiceCall, place: Place): Promise<{ values: Fields; changedAt: string }> {
  const names = Object.keys(place.fields)
  const query = { fields: [...names, 'LastModifiedDate'].join(',') }
  const { json } = await api.get(`${base}/sobjects/${place.object}/${place.id}`, { query })
  const values = Object.fromEntries(names.map((field) => [field, json[field] ?? null]))
  return { values, changedAt: String(json.LastModifiedDate) }
}

async function set(
  api: ServiceCall,
  { object: its, id: which }: Place,
  values: Fields,
  changedAt: string,
): Promise<void> {
  const unmodifiedSince = new Date(changedAt).toUTCString()
  const headers = { 'if-unmodified-since': unmodifiedSince }
  await api.patch(`${base}/sobjects/${its}/${which}`, { json: values, headers })
}

/** @throws `not-applied` where a field is gone that was asked for: nothing is made of half a record */
function rowOf(json: unknown, names: readonly string[]): z.input<typeof Row> {
  const row = isRecord(json) ? json : {}
  const fields = names.map((field) => [field, valueAt(row, field)] as const)
  const gone = fields.find(([, value]) => value === undefined)
  if (gone) throw new NotApplied(`Salesforce gave no field "${gone[0]}", which was asked for.`)
  return { Id: row.Id as string, fields: Object.fromEntries(fields) }
}

/** `Account.Name` is a field of the account that a record names. */
function valueAt(row: Record<string, unknown>, field: string): unknown {
  const [first = '', second] = field.split('.')
  const value = row[first]
  if (second === undefined) return value
  return isRecord(value) ? value[second] : value === null ? null : undefined
}
