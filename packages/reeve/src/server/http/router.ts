import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { misfit, validate } from '../../base/schema/schema.ts'
import { checkText } from '../../base/text/text.ts'
import { namedRun } from '../../inspect/lists/named-run.ts'
import { readApiRequest } from '../../store/identity/api-requests.ts'
import { reaches } from '../../store/identity/principals.ts'
import { keepingMarks } from '../../store/marks/open-kept.ts'
import type { CallerOf } from '../auth/caller.ts'
import type { Service } from '../service.ts'
import { packedJson } from './encodings.ts'
import { type Call, type Caller, type Endpoint, nothing, Reply, type WriteCall } from './endpoint.ts'
import { KeyTaken, recordingOnce, refuseOtherRequest } from './once.ts'
import { readJson } from './request-body.ts'

export interface RouterOptions {
  service: Service
  callerOf: CallerOf
  mostBodyBytes: number
}

type Read = Call<unknown, unknown, unknown>

/** Has Hono answer the endpoints. A method that a path does not have is told with those that it has. */
export function mount(app: Hono, endpoints: readonly Endpoint[], options: RouterOptions): void {
  const methods = new Map<string, string[]>()
  for (const endpoint of endpoints) {
    const { method, path } = endpoint
    app.on(method, path, (context) => answer(context, endpoint, options))
    methods.set(path, [...(methods.get(path) ?? []), method])
  }
  for (const [path, served] of methods) {
    app.all(path, (context) => {
      const allow = served.join(', ')
      context.header('allow', allow)
      throw new ReeveError(
        'method-not-served',
        `${path} is not served with ${context.req.method}; it is with ${allow}.`,
      )
    })
  }
}

async function answer(context: Context, endpoint: Endpoint, options: RouterOptions): Promise<Response> {
  const caller = await options.callerOf(context)
  refuseLowRole(context, endpoint, caller)
  const { call, text } = await readCall(context, endpoint, caller, options)
  const told = endpoint.act
    ? await write(context, endpoint, call, text)
    : await endpoint.tell(await withRunsId(endpoint, call), '', undefined)
  const reply = told instanceof Reply ? told : new Reply(told, 200)
  if (options.service.checksAnswers) checkAnswer(endpoint, reply.value)
  for (const [name, value] of Object.entries(reply.headers)) context.header(name, value)
  const isRaw = endpoint.isDecidedOn === true && reaches(caller.role, 'approver')
  return packedJson(context, reply.value as object, { status: reply.status, isRaw })
}

function refuseLowRole(context: Context, { role, hidden, method, path }: Endpoint, caller: Caller): void {
  if (reaches(caller.role, role)) return
  if (hidden) throw noSuchEndpoint(context)
  throw new ReeveError(
    'role-too-low',
    `${method} ${path} needs the role ${role}; ${caller.principal} is here as ${caller.role}. Ask an owner, or use another token.`,
  )
}

export function noSuchEndpoint(context: Context): ReeveError {
  return new ReeveError(
    'no-such-endpoint',
    `There is nothing at ${JSON.stringify(context.req.path.slice(0, 200))}. The reference of this API: /docs/api`,
  )
}

async function readCall(
  context: Context,
  endpoint: Endpoint,
  caller: Caller,
  { service, mostBodyBytes }: RouterOptions,
): Promise<{ call: Read; text: string }> {
  const { params = nothing, query = nothing, body } = endpoint
  const given = endpoint.act ? await readJson(context.req.raw, mostBodyBytes) : undefined
  const call = {
    service: serviceFor(caller, service),
    caller,
    params: checked(params, context.req.param(), 'bad-request', 'The path'),
    query: checked(query, queryOf(context), 'bad-request', 'The query'),
    body: checked(body ?? nothing, given?.value ?? {}, 'invalid-input', 'The body'),
    traceparent: context.req.header('traceparent'),
    signal: context.req.raw.signal,
  }
  return { call, text: given?.text ?? '' }
}

/** Marked texts are shown to those who decide, and to nobody else. */
function serviceFor({ role }: Caller, service: Service): Service {
  return reaches(role, 'approver') ? service : { ...service, database: keepingMarks(service.database) }
}

/** A parameter that stands once is a text, one that stands more than once a list. */
function queryOf(context: Context): Record<string, string | string[]> {
  const entries = Object.entries(context.req.queries())
  return Object.fromEntries(entries.map(([name, all]) => [name, all.length === 1 ? all[0]! : all]))
}

function checked(schema: z.ZodType, given: unknown, code: string, what: string): unknown {
  const result = validate(schema, given)
  if (result.ok) return result.value
  throw misfit(code, `${what} does not fit`, result.issues)
}

async function write(context: Context, endpoint: Endpoint, call: Read, text: string): Promise<unknown> {
  const { service, caller } = call
  const header = context.req.header('idempotency-key')
  const key = header === undefined ? undefined : checkText(header, 'The header Idempotency-Key')
  if (key === undefined || endpoint.keepsKey) {
    const { control } = service.engine
    const newSubject = service.newId
    const given = { ...call, database: service.database, control, idempotencyKey: key, newSubject }
    const { subject, made } = await endpoint.act!(await withRunsId(endpoint, given))
    return endpoint.tell(call, subject, made)
  }
  const digest = sha256(`${endpoint.method} ${context.req.url}\n${text}`)
  for (;;) {
    const known = await readApiRequest(service.database, caller.principal, key)
    if (known) {
      refuseOtherRequest(known, digest)
      context.header('idempotency-replayed', 'true')
      return endpoint.tell(call, known.subject ?? '', undefined)
    }
    try {
      return await writeOnce(endpoint, call, { key, digest })
    } catch (error) {
      // The same request was done at the same moment, and so cannot be done any more: it is told what became of it.
      if (error instanceof KeyTaken || (await readApiRequest(service.database, caller.principal, key)))
        continue
      throw error
    }
  }
}

/** A run in a path may be named by a key. What is done once is looked for before: later its key may mean another run. */
async function withRunsId<C extends Read>({ path }: Endpoint, call: C): Promise<C> {
  if (!path.includes('/:run')) return call
  const params = call.params as { run: string }
  const run = await namedRun(call.service.database, params.run, call.caller.principal)
  return { ...call, params: { ...params, run } }
}

async function writeOnce(
  endpoint: Endpoint,
  asked: Read,
  { key, digest }: { key: string; digest: string },
): Promise<unknown> {
  const call = await withRunsId(endpoint, asked)
  const { service, caller } = call
  let subject: string | null = endpoint.subjectOf?.(call) ?? null
  const { database, finish } = recordingOnce(service.database, () => ({
    principal: caller.principal,
    key,
    digest,
    subject,
    at: service.clock.now(),
  }))
  const given: WriteCall<unknown, unknown, unknown> = {
    ...call,
    database,
    control: service.engine.controlOn(database),
    idempotencyKey: key,
    newSubject: () => {
      subject = service.newId()
      return subject
    },
  }
  const acted = await endpoint.act!(given)
  await finish()
  return endpoint.tell(call, acted.subject, acted.made)
}

/** What is told must be what is documented, to the last field. */
function checkAnswer({ method, path, answer }: Endpoint, value: unknown): void {
  const plain = JSON.parse(JSON.stringify(value)) as Json
  const result = answer.safeParse(plain)
  if (!result.success)
    throw new Error(`The answer of ${method} ${path} is not as told: ${z.prettifyError(result.error)}`)
  const told = canonical(JSON.parse(JSON.stringify(result.data)) as Json)
  if (told !== canonical(plain)) {
    throw new Error(
      `The answer of ${method} ${path} has more than is told: ${canonical(plain)} against ${told}`,
    )
  }
}
