import { z } from 'zod'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { checkOptions } from '../../base/options.ts'
import { type Secret, secretNamesIn } from '../../base/secrets/secret-handle.ts'
import { retryAfterMs } from '../../base/time/retry-after.ts'
import { toMs } from '../../base/time/time.ts'
import type { EffectAttempt } from '../../engine/calls/effect/definition.ts'
import {
  changesNothing,
  type EffectClass,
  type PlainEffectClass,
} from '../../store/journal/vocabulary/effect-class.ts'
import { parseForeignJson } from '../bounded-json.ts'
import type { ToolRate } from '../call-rate.ts'
import { type Risk, type Tool, tool } from '../tool.ts'
import { asNotApplied, HttpClient, type HttpPolicy, type HttpResponse } from './http-client.ts'
import type { HttpMethod } from './http-method.ts'

/** For `httpTool`. */
export interface HttpToolOptions extends HttpPolicy {
  /** What workflows, agents and journals call it. */
  name: string
  /** What it is for, for models. Default: what it may reach. */
  description?: string
  /**
   * Of all calls that are not GET or HEAD, or of all calls when only those are allowed. Default, by the method of each
   * call: GET and HEAD `read`, PUT and DELETE `idempotent`, as HTTP has it; POST and PATCH `idempotent` when
   * `idempotencyHeader` is named, else `once`: not every receiver knows that header.
   */
  effect?: PlainEffectClass
  /** Of all calls. Default, by the method of each call: low for reading, high for DELETE, else medium. */
  risk?: Risk
  /** Which calls a person must approve. Default: all but GET and HEAD, unless the risk is low. */
  approval?: 'always' | 'never' | ((args: HttpToolInput) => boolean)
  /** How often it may be called, over all workers. Default: as often as asked. */
  rate?: ToolRate<HttpToolInput>
  /** The secrets that a function `credentials` names; those of credentials by origin are known without it. */
  secrets?: readonly (string | Secret)[]
  /** The header that carries the effect's key with every method but GET and HEAD; false: none. Default `Idempotency-Key`. */
  idempotencyHeader?: string | false
}

/** What `httpTool` is asked. */
export interface HttpToolInput {
  url: string
  method?: HttpMethod
  headers?: Record<string, string>
  /** A text goes out as it is, everything else as JSON. */
  body?: unknown
}

/** What `httpTool` gives. */
export interface HttpToolOutput {
  status: number
  url: string
  headers: Record<string, string>
  /** Parsed when the answer is JSON, base64 when it is neither text nor JSON. */
  body: unknown
}

const output = z.object({
  status: z.number().int(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
})

/**
 * A tool that calls the hosts of an allow-list through the guarded client. Answers of 408, 425, 429 and 5xx are
 * retryable errors, which wait for as long as `Retry-After` says; all others, 4xx included, are results.
 * @throws `bad-tool` `bad-host`
 * @example
 * import { httpTool } from 'reeve/tools'
 *
 * export default httpTool({ name: 'shop.request', allow: ['shop.example'], methods: ['GET', 'POST'] })
 */
export function httpTool(options: HttpToolOptions): Tool<HttpToolInput, HttpToolOutput> {
  checkOptions(
    options,
    'an HTTP tool',
    { name: 'text!', methods: 'texts', idempotencyHeader: ['text', 'flag'] },
    'bad-tool',
  )
  const {
    name,
    description,
    effect,
    risk,
    approval,
    rate,
    secrets = [],
    idempotencyHeader,
    ...policy
  } = options
  const methods = policy.methods ?? ['GET', 'HEAD']
  if (methods.length === 0)
    throw new ReeveError(
      'bad-tool',
      `\`methods\` of tool "${name}" is empty. Name one at least, such as GET.`,
    )
  const client = new HttpClient(policy)
  const onlyReads = methods.every(isRead)
  if (changesNothing(effect) && !onlyReads) {
    const changing = methods.filter((method) => !isRead(method)).join(', ')
    throw new ReeveError(
      'bad-tool',
      `Tool "${name}" cannot be a read: it allows ${changing}, which may change something. Say idempotent or once.`,
    )
  }
  const methodOf = (args: HttpToolInput) => args.method ?? methods[0]!
  const effectOf = (method: HttpMethod): EffectClass => {
    if (isRead(method) && !onlyReads) return 'read'
    return effect ?? usualEffect(method, typeof idempotencyHeader === 'string')
  }
  const riskOf = (method: HttpMethod) => risk ?? usualRisk(method)
  const hosts =
    policy.allow === 'public'
      ? 'any public host'
      : [...policy.allow, ...(policy.allowPrivate ?? [])].join(', ')
  return tool({
    name,
    description: description ?? `Send an HTTP request (${methods.join(', ')}) to ${hosts}`,
    input: z.object({
      url: z.string().max(8192),
      method: z.enum(methods as [HttpMethod, ...HttpMethod[]]).optional(),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
    }),
    output,
    effect: gravest(methods.map(effectOf), ['once', 'idempotent', 'read']),
    reads: 'public',
    sends: 'outside',
    directs: ['url', 'headers', 'body'],
    answers: 'untrusted',
    place: `an answer of ${name}`,
    effectOf: (args) => effectOf(methodOf(args)),
    risk: gravest<Risk>(methods.map(riskOf), ['high', 'medium', 'low']),
    riskOf: (args) => riskOf(methodOf(args)),
    // Of low risk it is the tool's own default.
    approval: approval ?? (risk === 'low' ? undefined : (args) => !isRead(methodOf(args))),
    ...(rate && { rate }),
    secrets: [...secrets, ...secretNamesIn(policy.credentials)],
    timeout: toMs(policy.timeout ?? '20s', `\`timeout\` of tool "${name}"`) + 5000,
    run: async (args, attempt) => {
      const request = { ...args, method: methodOf(args) }
      return resultOf(await callHttp(client, request, attempt, idempotencyHeader ?? 'Idempotency-Key'))
    },
  })
}

/** @throws `http-status` for answers that may change when asked again, and all of the client's */
export async function callHttp(
  client: HttpClient,
  { url, method, headers = {}, body }: HttpToolInput & { method: HttpMethod },
  attempt: Pick<EffectAttempt, 'key' | 'signal' | 'secrets' | 'traceparent' | 'reveal'>,
  idempotencyHeader: string | false,
): Promise<HttpResponse> {
  const ownHeaders: Record<string, string> = {}
  if (attempt.traceparent !== undefined) ownHeaders.traceparent = attempt.traceparent
  if (!isRead(method) && idempotencyHeader !== false) ownHeaders[idempotencyHeader] = attempt.key
  const isJson = body !== undefined && typeof body !== 'string'
  const typed = Object.keys(headers).some((header) => header.toLowerCase() === 'content-type')
  if (isJson && !typed) ownHeaders['content-type'] = 'application/json'
  let answer: HttpResponse
  try {
    answer = await client.request({
      url,
      method,
      headers,
      ownHeaders,
      signal: attempt.signal,
      secrets: attempt.secrets,
      reveal: attempt.reveal,
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
    })
  } catch (error) {
    throw asNotApplied(error)
  }
  if (![408, 425, 429].includes(answer.status) && answer.status < 500) return answer
  const waitMs = retryAfterMs(answer.headers)
  throw new ReeveError('http-status', `${new URL(answer.url).origin} answered with ${answer.status}.`, {
    retryable: true,
    details: { status: answer.status, sent: true, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) },
  })
}

function resultOf({ status, url, headers, contentType, bytes, text }: HttpResponse): HttpToolOutput {
  return { status, url, headers, body: bodyOf(contentType, bytes, text, new URL(url).origin) }
}

/** @throws `not-json` `json-too-deep` `inexact-json` */
export function bodyOf(contentType: string, bytes: Buffer, text: string, origin: string): Json {
  if (bytes.length === 0) return null
  if (/^application\/(.+\+)?json$/.test(contentType)) return parseForeignJson(text, `The answer of ${origin}`)
  if (/^text\/|^application\/(.+\+)?xml$/.test(contentType)) return text
  return bytes.toString('base64')
}

function isRead(method: HttpMethod): boolean {
  return method === 'GET' || method === 'HEAD'
}

export function usualEffect(method: HttpMethod, keyed: boolean): PlainEffectClass {
  if (isRead(method)) return 'read'
  return keyed || method === 'PUT' || method === 'DELETE' ? 'idempotent' : 'once'
}

export function usualRisk(method: HttpMethod): Risk {
  return isRead(method) ? 'low' : method === 'DELETE' ? 'high' : 'medium'
}

function gravest<Rating extends string>(ratings: readonly Rating[], order: readonly Rating[]): Rating {
  return order.find((each) => ratings.includes(each))!
}
