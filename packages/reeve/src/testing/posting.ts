import { Hono } from 'hono'
import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import type { Moment } from '../base/time/time.ts'
import { internalsOf, type Runtime } from '../runtime/runtime.ts'
import { mountHooks } from '../server/hooks.ts'
import { problemOf } from '../server/http/problem.ts'
import { type HookSecrets, secretsOfHook } from '../triggers/hook-door.ts'
import { hookOf, hookPath } from '../triggers/named-triggers.ts'
import { unknownTrigger, untestable } from '../triggers/sample.ts'
import { schemeOf } from '../triggers/signatures/schemes.ts'
import type { Hook } from '../triggers/webhook.ts'
import type { Starting } from './life/life.ts'
import { startOf } from './test-options.ts'
import type { TestRun } from './test-run.ts'

/** Signs what is posted. `sentAt` is in seconds since 1970, `id` names the delivery. */
export type SignPost = (
  body: Buffer,
  by: { secret: string; sentAt: number; id: string },
) => Readonly<Record<string, string>>

/** For `post` of a test. */
export interface PostOptions {
  /** Names the delivery, where the sender's way of signing has a name for it. Default: a new one for each post. */
  id?: string | undefined
  /** When it was signed. Default: now. */
  sentAt?: Moment | undefined
  /** What it is signed with. Default: the secret of the trigger, as the test has it. */
  secret?: string | undefined
  /** The headers that prove it, in the place of those that the trigger's `signature` makes: as the sender's documentation says. */
  sign?: SignPost | undefined
  /** In the place of those that the signature makes, or beside them; null leaves one out. */
  headers?: Readonly<Record<string, string | null>> | undefined
}

/**
 * What the server answered to a post.
 * @example
 * import { testRuntime } from 'reeve/testing'
 *
 * await using test = await testRuntime({ project: '.' })
 * const { status, answer, run } = await test.post('tickets.created', { ticket: { id: 't1' } }, { id: 'delivery-1' })
 * console.log(status, answer, await run?.output())
 */
export interface PostAnswer<Output = unknown> {
  /** 202: a run was started. 200: none was now. 401: not signed as it must be. 422: it does not fit. */
  status: number
  /** `{ runId, isRepeat, reason }`, or the problem with its `code` and `detail`; null: nothing. */
  answer: Json
  /** The run that was started for it, now or when it came first; undefined: none was. */
  run: TestRun<Output> | undefined
}

/** Of no use anywhere else: signs what a test posts to a trigger whose secret the test does not have. */
const testSecrets = [
  `whsec_${Buffer.from('nothing but tests is signed by it').toString('base64')}`,
  '74686973207369676e73206e6f7468696e6720627574207465737473',
]

/**
 * Posts to a trigger, as its sender would, through the server's own door. Whoever gets no answer, as the process died, posts again.
 * @throws `unknown-trigger` `untestable-trigger` `bad-moment`, and what the project's own code threw, which a server answers with 500
 */
export async function posted(
  { life, runtime, settle }: Starting,
  trigger: string,
  body: unknown,
  { id, sentAt, secret, sign, headers: own = {} }: PostOptions,
): Promise<{ status: number; answer: Json; runId: string | undefined }> {
  const { isMail, hook } = doorOf(runtime(), trigger)
  const { clock, engine } = internalsOf(runtime())
  const now = secretsIn(runtime(), hook)
  const signedAt = Math.floor((startOf(sentAt) ?? clock.now()) / 1000)
  const name = id ?? engine.services.newId()
  const bytes = bytesOf(body)
  const key = secret ?? ('open' in now ? now.open[0]! : '')
  const given: Record<string, string | null> = {
    'content-type': 'application/json',
    ...(sign
      ? lowered(sign(bytes, { secret: key, sentAt: signedAt, id: name }))
      : schemeOf(hook.signature).sign(key, bytes, signedAt, name)),
    ...(isMail && { 'content-type': 'message/rfc822' }),
    ...lowered(own),
  }
  const headers = Object.fromEntries(Object.entries(given).filter((each) => each[1] !== null)) as never
  for (;;) {
    const request = new Request(`http://127.0.0.1${hookPath(trigger)}`, {
      method: 'POST',
      headers,
      body: new Uint8Array(bytes),
    })
    const response = await life().orOver(Promise.resolve(doors(runtime()).fetch(request)))
    await settle()
    if (!response) continue
    const text = await response.text()
    const answer = (text === '' ? null : JSON.parse(text)) as Json
    const { runId } = (answer ?? {}) as { runId?: string | null }
    return { status: response.status, answer, runId: runId ?? undefined }
  }
}

/** The doors of the server, without the rest of it. */
function doors(runtime: Runtime): Hono {
  const internals = internalsOf(runtime)
  const { engine, clock, log, triggers: named, letters } = internals
  const { variables = {} } = runtime.environment
  const hono = new Hono()
  hono.onError((error, context) => {
    if (!(error instanceof ReeveError)) throw error
    const problem = problemOf(error)
    return context.json(problem, problem.status as 400)
  })
  mountHooks(hono, {
    service: { internals, engine, clock, log, variables },
    named,
    letters,
    secretsOf: (hook) => secretsIn(runtime, hook),
  })
  return hono
}

/** A test has no secret of a project: one of its own stands in for it. */
function secretsIn(runtime: Runtime, hook: Hook): HookSecrets {
  const { vault } = internalsOf(runtime)
  const kept = secretsOfHook(hook, { vault, variables: runtime.environment.variables ?? {} })
  if ('open' in kept) return kept
  const fit = testSecrets.find((each) => schemeOf(hook.signature).problemOf(each) === undefined)
  return fit === undefined ? kept : { open: [fit] }
}

function doorOf(runtime: Runtime, trigger: string): { hook: Hook; isMail: boolean } {
  const { triggers, pressDoors } = internalsOf(runtime)
  const named = triggers.get(trigger)
  const hook = (named && hookOf(named.trigger)) ?? pressDoors.find(({ name }) => name === trigger)?.hook
  if (hook) return { hook, isMail: named?.trigger.on === 'mail' }
  throw named ? untestable(trigger, named.trigger.on) : unknownTrigger(triggers, trigger)
}

function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function lowered<Value>(headers: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
