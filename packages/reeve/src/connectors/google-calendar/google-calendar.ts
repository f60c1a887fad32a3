import { createHash } from 'node:crypto'
import { z } from 'zod'
import { connector } from '../connector.ts'
import { pathPart } from '../door/request.ts'
import type { ServiceCall } from '../door/service-call.ts'
import { googleAuth, googleRefusal } from '../google/google.ts'
import { googleStandInCredential } from '../google/google-stand-in.ts'
import { action } from '../shape/action.ts'
import { fromPoll } from '../shape/trigger.ts'

const scopes = ['https://www.googleapis.com/auth/calendar']
const calendar = z.string().min(1).max(200).default('primary')
const eventId = z.string().regex(/^[\w-]{5,1024}$/, 'the id of an event')
/** A moment with its offset, or a whole day. */
const moment = z.union([
  z.object({ dateTime: z.iso.datetime({ offset: true }), timeZone: z.string().max(60).optional() }),
  z.object({ date: z.iso.date() }),
])
const attendees = z.array(z.email().max(320)).max(100)
const notify = z.enum(['none', 'externalOnly', 'all']).default('none')

const CalendarEvent = z.looseObject({
  id: z.string(),
  etag: z.string().optional(),
  status: z.string().optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  location: z.string().optional(),
  start: z.looseObject({}).optional(),
  end: z.looseObject({}).optional(),
  attendees: z
    .array(z.looseObject({ email: z.string().optional(), responseStatus: z.string().optional() }))
    .optional(),
  updated: z.string().optional(),
  htmlLink: z.string().optional(),
})

const content = {
  summary: z.string().min(1).max(1_000),
  description: z.string().max(8_000).optional(),
  location: z.string().max(1_000).optional(),
  start: moment,
  end: moment,
  attendees: attendees.optional(),
}

const placeSchema = z.object({ syncToken: z.string(), at: z.number() })
const dayMs = 86_400_000
const pageSize = 250

/**
 * Google Calendar: events, free and busy times, what changes. Declared here and not by the vendor's library: that retries and renews
 * tokens by itself, which the one door of connectors does for all workers.
 * @example
 * import { googleCalendar } from 'reeve/connectors/google-calendar'
 *
 * export const calendar = googleCalendar({ mode: 'sandbox' })
 */
export const googleCalendar = connector({
  name: 'google-calendar',
  title: 'Google Calendar',
  version: '1.0.0',
  vendorApi: { version: 'v3' },
  url: 'https://www.googleapis.com/calendar/v3',
  auth: googleAuth(scopes),
  health: {
    probe: async (api) => {
      const { json } = await api.get('/calendars/primary')
      return { identity: json.id, name: json.summary ?? json.id }
    },
  },
  rate: { default: { count: 300, per: '1m' } },
  sandbox: {
    standIn: {
      credential: googleStandInCredential,
      load: () => import('./stand-in.ts').then(({ start }) => start),
    },
  },
  refusal: googleRefusal(scopes),
  actions: {
    createEvent: action({
      description: 'Put an event into a calendar',
      endpoint: 'POST /calendars/{calendar}/events',
      // Google takes the id of an event from whoever makes it: the same call again is the same event.
      keyIn: 'body.id',
      scopes,
      input: z.object({ calendar, ...content, notify }),
      output: CalendarEvent,
      effect: 'idempotent',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['calendar', 'attendees', 'notify'],
      run: async ({ calendar, attendees: people, notify: sendUpdates, ...its }, api) => {
        const id = idOf(api.key)
        const path = `/calendars/${pathPart(calendar)}/events`
        const body = { id, ...its, ...(people && { attendees: people.map((email) => ({ email })) }) }
        const made = await api.post(path, { query: { sendUpdates }, json: body, accept: [409] })
        return made.status === 409 ? (await api.get(`${path}/${id}`)).json : made.json
      },
      undo: {
        effect: 'idempotent',
        run: async ({ args, result }, api) => {
          await remove(api, args.calendar ?? 'primary', result.id, args.notify ?? 'none')
        },
      },
    }),
    updateEvent: action({
      description: 'Change an event',
      endpoint: 'PATCH /calendars/{calendar}/events/{id}',
      keyIn: 'path.id',
      scopes,
      input: z.object({
        calendar,
        id: eventId,
        ...(Object.fromEntries(
          Object.entries(content).map(([name, schema]) => [name, z.optional(schema)]),
        ) as {
          [Name in keyof typeof content]: z.ZodOptional<(typeof content)[Name]>
        }),
        notify,
      }),
      output: CalendarEvent,
      effect: 'idempotent',
      risk: 'medium',
      reads: 'none',
      sends: 'outside',
      directs: ['calendar', 'id', 'attendees', 'notify'],
      run: async ({ calendar, id, attendees: people, notify: sendUpdates, ...its }, api) => {
        const json = { ...its, ...(people && { attendees: people.map((email) => ({ email })) }) }
        return (
          await api.patch(`/calendars/${pathPart(calendar)}/events/${id}`, { query: { sendUpdates }, json })
        ).json
      },
    }),
    deleteEvent: action({
      description: 'Take an event out of a calendar',
      endpoint: 'DELETE /calendars/{calendar}/events/{id}',
      scopes,
      input: z.object({ calendar, id: eventId, notify }),
      output: z.object({ id: z.string() }),
      effect: 'idempotent',
      risk: 'high',
      reads: 'none',
      sends: 'outside',
      directs: ['calendar', 'id', 'notify'],
      run: async ({ calendar, id, notify }, api) => {
        await remove(api, calendar, id, notify)
        return { id }
      },
    }),
    events: action({
      description: 'List the events of a calendar between two moments, in their order',
      endpoint: 'GET /calendars/{calendar}/events',
      scopes,
      input: z.object({
        calendar,
        from: z.iso.datetime({ offset: true }),
        until: z.iso.datetime({ offset: true }),
        query: z.string().max(200).optional(),
        limit: z.number().int().min(1).max(2_500).default(100),
      }),
      output: z.array(CalendarEvent),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      answers: 'untrusted',
      directs: ['calendar'],
      run: async ({ calendar, from, until, query: q, limit }, api) => {
        const query = { timeMin: from, timeMax: until, q, singleEvents: true, orderBy: 'startTime' }
        const { items } = await listed(api, calendar, query, limit)
        return items.slice(0, limit)
      },
    }),
    freeBusy: action({
      description: 'When calendars are busy between two moments',
      endpoint: 'POST /freeBusy',
      scopes,
      input: z.object({
        calendars: z.array(z.string().max(200)).min(1).max(50).default(['primary']),
        from: z.iso.datetime({ offset: true }),
        until: z.iso.datetime({ offset: true }),
      }),
      output: z.record(
        z.string(),
        z.object({
          busy: z.array(z.object({ start: z.string(), end: z.string() })),
          /** Why it cannot be told, such as `notFound`. */
          problem: z.string().optional(),
        }),
      ),
      effect: 'read',
      reads: 'private',
      sends: 'none',
      answers: 'trusted',
      directs: ['calendars'],
      run: async ({ calendars, from, until }, api) => {
        const asked = { timeMin: from, timeMax: until, items: calendars.map((id) => ({ id })) }
        const { json } = await api.post('/freeBusy', { json: asked, reads: true })
        const said = Object.entries<{ busy?: []; errors?: { reason: string }[] }>(json.calendars)
        return Object.fromEntries(
          said.map(([id, { busy = [], errors }]) => [
            id,
            { busy, ...(errors?.[0] && { problem: errors[0].reason }) },
          ]),
        )
      },
    }),
  },
  triggers: {
    changed: fromPoll({
      description: 'An event of the primary calendar was made, changed or cancelled',
      schema: CalendarEvent,
      endpoint: 'GET /calendars/primary/events',
      look: async (api, cursor) => {
        const at = api.now()
        const place = cursor === null ? undefined : placeSchema.parse(cursor)
        const { items, syncToken, isAnew } = await changes(api, place)
        // Told everything anew, what had changed before is left out; what is told twice is known by its tag.
        const since = isAnew ? (place === undefined ? Number.POSITIVE_INFINITY : place.at - dayMs) : 0
        const found = items
          .filter(({ updated }) => Date.parse(updated ?? '') >= since || since === 0)
          .map((item) => ({ id: `${item.id}:${item.etag ?? item.updated}`, item: item as never }))
        return { found, cursor: { syncToken, at } }
      },
    }),
  },
})

/** Google takes letters of base32hex: 0 to 9 and a to v. */
function idOf(key: string): string {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 40)
  return `reeve${digest}`
}

async function remove(api: ServiceCall, calendar: string, id: string, sendUpdates: string): Promise<void> {
  const path = `/calendars/${pathPart(calendar)}/events/${pathPart(id)}`
  await api.delete(path, { query: { sendUpdates }, accept: [404, 410] })
}

type Item = z.output<typeof CalendarEvent>

async function listed(
  api: ServiceCall,
  calendar: string,
  query: Record<string, string | boolean | undefined>,
  most: number,
): Promise<{ items: Item[]; syncToken: string | undefined; isGone: boolean }> {
  const items: Item[] = []
  let syncToken: string | undefined
  const path = `/calendars/${pathPart(calendar)}/events`
  const asked = { query: { ...query, maxResults: Math.min(pageSize, most) }, accept: [410] }
  for await (const { status, json } of api.pages(path, asked, (page) =>
    page.json?.nextPageToken === undefined ? undefined : { pageToken: page.json.nextPageToken },
  )) {
    if (status === 410) return { items: [], syncToken: undefined, isGone: true }
    items.push(...json.items)
    syncToken = json.nextSyncToken
    if (items.length >= most) break
  }
  return { items, syncToken, isGone: false }
}

/** What changed since a place; `isAnew`: Google forgot the place (410), or there was none, and all events are told. */
async function changes(
  api: ServiceCall,
  place: z.output<typeof placeSchema> | undefined,
): Promise<{ items: Item[]; syncToken: string; isAnew: boolean }> {
  if (place) {
    const { items, syncToken, isGone } = await listed(api, 'primary', { syncToken: place.syncToken }, 100_000)
    if (!isGone && syncToken !== undefined) return { items, syncToken, isAnew: false }
  }
  const { items, syncToken } = await listed(api, 'primary', { showDeleted: true }, 100_000)
  if (syncToken === undefined) throw new Error('Google gave no token to go on from')
  return { items, syncToken, isAnew: true }
}
