import type { Context, Hono } from 'hono'
import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { isRecord } from '../base/json/record.ts'
import { isTraceparent } from '../base/trace-context.ts'
import type { PressDoor } from '../connectors/asking/approval-presses.ts'
import { Arrivals, type Arrived } from '../triggers/arrivals.ts'
import { HookRequest, type HookSecrets, readHookBody, secretsOfHook } from '../triggers/hook-door.ts'
import { inputOfDelivery, inputOfLetter, readDelivery } from '../triggers/inputs.ts'
import type { LetterReader } from '../triggers/letters/read-letter.ts'
import { hookOf, type NamedTrigger } from '../triggers/named-triggers.ts'
import { schemeOf } from '../triggers/signatures/schemes.ts'
import type { Hook } from '../triggers/webhook.ts'
import { readBytes } from './http/request-body.ts'
import type { Service } from './service.ts'

interface Door {
  /** What it starts; undefined: nothing. */
  named: NamedTrigger | undefined
  /** Takes what is said to requests; what is about something else goes on. */
  press?: PressDoor['take']
  hook: Hook
  /** As they are now. */
  secrets: () => HookSecrets
}

/** What the doors need of the service. */
type HookService = Pick<Service, 'internals' | 'variables' | 'engine' | 'clock' | 'log'>

/** Of a letter that is posted. */
const letterType = 'message/rfc822'
const form = 'application/x-www-form-urlencoded'
/** Not for mappings: who holds one of these could act. */
const credentials = /^(?:authorization|cookie|proxy-authorization)$|signature/

/**
 * The doors that services post to: `POST /hooks/NAME`. What proves a request is its signature alone; it is answered with 202
 * when the run is durable, and a repeat with the same run and 200.
 */
export function mountHooks(
  hono: Hono,
  options: {
    service: HookService
    named: ReadonlyMap<string, NamedTrigger>
    letters: LetterReader
    /** Default: those that the project has sealed, or has in its environment. */
    secretsOf?: (hook: Hook) => HookSecrets
  },
): void {
  const { service, named, letters } = options
  const { internals, variables } = service
  const secretsOf =
    options.secretsOf ?? ((hook) => secretsOfHook(hook, { vault: internals.vault, variables }))
  const doors = new Map<string, Door>()
  for (const each of named.values()) {
    const hook = hookOf(each.trigger)
    if (!hook) continue
    doors.set(each.name, { named: each, hook, secrets: () => secretsOf(hook) })
  }
  for (const { name, hook, secrets, take } of internals.pressDoors)
    doors.set(name, { named: doors.get(name)?.named, press: take, hook, secrets })
  for (const [trigger, { hook, secrets }] of doors) {
    const now = secrets()
    if ('closed' in now) {
      const set = hook.secrets[0] && `reeve secrets set ${hook.secrets[0].name}`
      service.log.warn(`the webhook "${trigger}" is closed: it has no secret, and every request is refused`, {
        why: now.closed,
        ...(set && { set }),
      })
    }
  }
  const arrivals = new Arrivals(service.engine)
  hono.post('/hooks/:name', async (context) => {
    context.header('cache-control', 'no-store')
    const door = doors.get(context.req.param('name'))
    if (!door) {
      throw new ReeveError('no-such-endpoint', 'There is no such door. See what there is: reeve trigger list')
    }
    const told = await receive(context, door, { service, arrivals, letters })
    if (told instanceof Response) return told
    return context.json(told, told.runId === null || told.isRepeat ? 200 : 202)
  })
}

interface Receiving {
  service: HookService
  arrivals: Arrivals
  letters: LetterReader
}

async function receive(context: Context, door: Door, by: Receiving): Promise<Arrived | Response> {
  const { named, press, hook, secrets } = door
  const header = (wanted: string) => context.req.header(wanted)
  const request = new HookRequest(hook, secrets(), header, by.service.clock.now())
  const isMail = named?.trigger.on === 'mail'
  const type = contentTypeOf(context, isMail ? [letterType] : schemeOf(hook.signature).contentTypes)
  const body = await readBytes(context.req.raw, hook.maxBytes)
  const { delivery, by: secret } = request.prove(body)
  if (secret !== undefined) by.service.internals.vault.used(secret)
  const isTaken = press !== undefined && (await press(readHookBody(body, type === form)))
  if (isTaken || !named) return context.body(null, 200)
  const { trigger, name } = named
  const known = await by.arrivals.already(named, delivery)
  if (known) return known
  const traceparent = header('traceparent')
  const arrival = {
    delivery,
    channel: trigger.on === 'mail' ? ('mail' as const) : (`webhook:${name}` as const),
    ...(isTraceparent(traceparent) ? { traceparent } : {}),
  }
  if (trigger.on === 'mail') {
    const input = await inputOfLetter(trigger, name, body, by.letters)
    return by.arrivals.take(named, { ...arrival, input })
  }
  if (trigger.on !== 'webhook') throw new ReeveError('no-such-endpoint', 'There is no such door.')
  const value = readHookBody(body, type === form)
  const greeting = greetingOf(hook, header, value)
  if (greeting) return context.json(greeting, 200)
  const read = readDelivery(trigger, name, value)
  const { connections } = by.service.internals
  const foreign = trigger.service && (await connections.owners.foreignTo(trigger.service, read))
  if (foreign !== undefined) return by.arrivals.turnAway(named, delivery, foreign)
  const input = inputOfDelivery(trigger, name, {
    body: read,
    id: delivery,
    headers: headersOf(context, hook),
  })
  return by.arrivals.take(named, { ...arrival, input })
}

/** What services send to see whether somebody is there; undefined: it is a delivery. */
function greetingOf(
  { signature }: Hook,
  header: (name: string) => string | undefined,
  body: Json,
): Record<string, Json> | undefined {
  if (signature === 'slack' && isRecord(body) && body.type === 'url_verification') {
    return { challenge: String(body.challenge).slice(0, 1000) }
  }
  if (signature === 'github' && header('x-github-event') === 'ping') return { pong: true }
  return undefined
}

/** @throws `bad-media-type` */
function contentTypeOf(context: Context, taken: readonly string[]): string {
  const given = context.req.header('content-type') ?? ''
  const [type = ''] = given.toLowerCase().split(';')
  const encoding = context.req.header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ReeveError(
      'bad-media-type',
      `The body is encoded (${JSON.stringify(encoding.slice(0, 100))}); this door reads it as it was signed.`,
    )
  }
  if (taken.includes(type.trim())) return type.trim()
  throw new ReeveError(
    'bad-media-type',
    `The content type is ${JSON.stringify(given.slice(0, 100))}; this door reads ${taken.join(' or ')}.`,
  )
}

function headersOf(context: Context, { signature }: Hook): Record<string, string> {
  const own = typeof signature === 'string' ? undefined : signature.header.toLowerCase()
  return Object.fromEntries(
    Object.entries(context.req.header()).filter(([name]) => !credentials.test(name) && name !== own),
  )
}
