import { GoogleSignIn, googleError, googleRefuse } from '../google/google-stand-in.ts'
import type { SandboxOptions } from '../shape/sandbox.ts'
import { jsonOf, type StandInAnswer, type StandInRequest, type StandInRoute } from '../stand-in/exchange.ts'
import { KeptState } from '../stand-in/kept.ts'
import type { StandInLimit } from '../stand-in/rate-limit.ts'
import { type StandIn, type StandInServer, startStandIn } from '../stand-in/stand-in.ts'

interface CalendarEvent {
  id: string
  etag: string
  status: string
  updated: string
  /** The number of its last change. */
  change: number
  start?: { dateTime?: string; date?: string }
  end?: { dateTime?: string; date?: string }
  [field: string]: unknown
}

interface State {
  owner: string
  events: CalendarEvent[]
  changes: number
  /** Tokens of before this change are forgotten (410). */
  forgottenBefore: number
}

/** The stand-in of Google Calendar, with what it knows. */
export interface CalendarStandIn extends StandIn {
  state: State
  signIn: GoogleSignIn
}

/** Starts a stand-in that speaks Google Calendar's wire format: pages and sync tokens, ids of the caller, 410 for what is gone. */
export async function start(
  options: SandboxOptions & { limit?: StandInLimit } = {},
): Promise<CalendarStandIn> {
  const kept = new KeptState<State>(options.file, () => ({
    owner: 'desk@sandbox.test',
    events: [],
    changes: 0,
    forgottenBefore: 0,
  }))
  let signIn!: GoogleSignIn
  const standIn = await startStandIn(
    (server) => {
      signIn = new GoogleSignIn(server.now)
      return {
        name: 'google-calendar',
        admit: (request) => signIn.admit(request, 'https://www.googleapis.com/auth/calendar'),
        refuse: googleRefuse,
        routes: { 'POST /token': (request) => signIn.answer(request), ...routesOf(kept, server) },
      }
    },
    { port: options.port, now: options.now, limit: options.limit },
  )
  return Object.assign(standIn, { state: kept.state, signIn })
}

const notFound = googleError(404, 'notFound', 'Not Found', 'NOT_FOUND')
const gone = googleError(410, 'deleted', 'Resource has been deleted', 'GONE')

function routesOf(kept: KeptState<State>, server: StandInServer): Record<string, StandInRoute> {
  const { state } = kept
  const isKnown = (calendar: string | undefined) => calendar === 'primary' || calendar === state.owner
  const touch = (event: CalendarEvent) => {
    event.change = ++state.changes
    event.etag = `"${event.change}"`
    event.updated = new Date(server.now()).toISOString()
    kept.save()
  }
  const onEvent = (act: (event: CalendarEvent, request: StandInRequest) => StandInAnswer): StandInRoute => {
    return (request) => {
      const event = state.events.find(({ id }) => id === request.params.id)
      if (!isKnown(request.params.calendar) || !event) return notFound
      return event.status === 'cancelled' && request.method !== 'GET' ? gone : act(event, request)
    }
  }
  const ofCalendar = '/calendars/:calendar/events'
  return {
    'GET /': () => ({ body: 'Google Calendar on this machine\n' }),
    'HEAD /': () => ({}),
    'GET /calendars/:calendar': ({ params }) =>
      isKnown(params.calendar)
        ? { body: { id: state.owner, summary: state.owner, timeZone: 'UTC' } }
        : notFound,
    [`POST ${ofCalendar}`]: (request) => {
      const body = jsonOf(request) as Partial<CalendarEvent>
      if (!isKnown(request.params.calendar)) return notFound
      if (!body.start || !body.end)
        return googleError(400, 'required', 'Missing end time.', 'INVALID_ARGUMENT')
      const id = body.id ?? `made${state.changes}`
      if (!/^[0-9a-v]{5,1024}$/.test(id))
        return googleError(400, 'invalid', 'Invalid resource id value.', 'INVALID_ARGUMENT')
      if (state.events.some((each) => each.id === id))
        return googleError(409, 'duplicate', 'The requested identifier already exists.', 'ALREADY_EXISTS')
      const event = { ...body, id, status: 'confirmed' } as CalendarEvent
      state.events.push(event)
      server.books.record('event-created', { key: id, id })
      touch(event)
      return { body: shown(event) }
    },
    [`GET ${ofCalendar}/:id`]: onEvent((event) => ({ body: shown(event) })),
    [`PATCH ${ofCalendar}/:id`]: onEvent((event, request) => {
      Object.assign(event, jsonOf(request) as object, { id: event.id })
      touch(event)
      return { body: shown(event) }
    }),
    [`DELETE ${ofCalendar}/:id`]: onEvent((event) => {
      event.status = 'cancelled'
      server.books.record('event-deleted', { id: event.id })
      touch(event)
      return { status: 204 }
    }),
    [`GET ${ofCalendar}`]: ({ params, query }) => (isKnown(params.calendar) ? list(state, query) : notFound),
    'POST /freeBusy': (request) => {
      const { timeMin, timeMax, items } = jsonOf(request) as {
        timeMin: string
        timeMax: string
        items: { id: string }[]
      }
      const calendars = items.map(({ id }) => {
        if (!isKnown(id)) return [id, { busy: [], errors: [{ domain: 'global', reason: 'notFound' }] }]
        const busy = between(state, timeMin, timeMax).map((event) => ({
          start: startOf(event),
          end: endOf(event),
        }))
        return [id, { busy }]
      })
      return {
        body: { kind: 'calendar#freeBusy', timeMin, timeMax, calendars: Object.fromEntries(calendars) },
      }
    },
  }
}

function list(state: State, query: URLSearchParams): StandInAnswer {
  const since = query.get('syncToken')
  if (since !== null && Number(since) < state.forgottenBefore)
    return googleError(
      410,
      'fullSyncRequired',
      'Sync token is no longer valid, a full sync is required.',
      'GONE',
    )
  const chosen =
    since !== null
      ? state.events.filter(({ change }) => change > Number(since))
      : query.has('timeMin')
        ? between(state, query.get('timeMin')!, query.get('timeMax') ?? '9999')
        : state.events.filter(({ status }) => status !== 'cancelled' || query.get('showDeleted') === 'true')
  const words = query.get('q')?.toLowerCase()
  const all = chosen.filter((event) => !words || JSON.stringify(event).toLowerCase().includes(words))
  const from = Number(query.get('pageToken') ?? 0)
  const to = from + Number(query.get('maxResults') ?? 250)
  const next = to < all.length ? { nextPageToken: String(to) } : { nextSyncToken: String(state.changes) }
  return { body: { kind: 'calendar#events', items: all.slice(from, to).map(shown), ...next } }
}

function shown({ change: _change, ...event }: CalendarEvent): object {
  return event
}

function between(state: State, from: string, until: string): CalendarEvent[] {
  const [first, last] = [Date.parse(from), Date.parse(until)]
  return state.events
    .filter((event) => event.status !== 'cancelled' && Date.parse(endOf(event)) > first)
    .filter((event) => !(Date.parse(startOf(event)) >= last))
    .sort((one, other) => Date.parse(startOf(one)) - Date.parse(startOf(other)))
}

function startOf({ start }: CalendarEvent): string {
  return start?.dateTime ?? start?.date ?? ''
}

function endOf({ end }: CalendarEvent): string {
  return end?.dateTime ?? end?.date ?? ''
}
