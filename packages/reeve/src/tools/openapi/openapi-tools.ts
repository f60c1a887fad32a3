import { z } from 'zod'
import type { Json } from '../../base/json/json.ts'
import { checkOptions } from '../../base/options.ts'
import { type Secret, secretNamesIn } from '../../base/secrets/secret-handle.ts'
import { toMs } from '../../base/time/time.ts'
import type { ToolRate } from '../call-rate.ts'
import { bodyOf, callHttp, usualEffect, usualRisk } from '../http/http.ts'
import { asNotApplied, HttpClient, type HttpPolicy } from '../http/http-client.ts'
import { type Risk, type Tool, tool } from '../tool.ts'
import { readDocument } from './document.ts'
import { inputOf, namedOperations } from './named-operations.ts'
import type { Operation, OperationName } from './operation.ts'
import { requestOf } from './request.ts'
import { refuseOtherServers, serverOf } from './server.ts'

/** For `openApiTools`. */
export interface OpenApiOptions extends Omit<HttpPolicy, 'allow' | 'methods' | 'requestHeaders'> {
  /** The first part of every tool's name, such as `shop` for `shop.listOrders`. */
  name: string
  /** An OpenAPI 3 document, parsed. */
  document: unknown
  /** Where the calls go. Default: the document's first server. Nothing else is reached. */
  server?: string
  /** Which operations become tools. Default: all; one that cannot be read is an error. */
  operations?: (operation: OperationName) => boolean
  /** In the place of the risk that the method gives. */
  risk?: (operation: OperationName) => Risk
  /** How often an operation may be called, over all workers; counted by operation. Default: as often as asked. */
  rate?: (operation: OperationName) => ToolRate<Record<string, unknown>> | undefined
  /** The secrets that a function `credentials` names; those of credentials by origin are known without it. */
  secrets?: readonly (string | Secret)[]
}

/** What a tool of `openApiTools` gives. */
export interface OpenApiResult {
  status: number
  /** Parsed when the answer is JSON. */
  body: unknown
}

const output = z.object({ status: z.number().int(), body: z.unknown() })

const shape = {
  name: 'text!',
  server: 'text',
  operations: 'function',
  risk: 'function',
  rate: 'function',
} as const

/**
 * One tool for each operation of a document. GET and HEAD read, at low risk. PUT and DELETE may be repeated, as HTTP
 * has it; POST and PATCH only when the operation takes an Idempotency-Key: else an unknown outcome goes to a person.
 * DELETE is of high risk. Refusals (4xx) are results.
 * @throws `bad-openapi` (with the path in the document) `bad-schema` (what cannot be checked, by name) `bad-tool` `bad-host`
 * @example
 * import { readFileSync } from 'node:fs'
 * import { openApiTools } from 'reeve/tools'
 *
 * const document: unknown = JSON.parse(readFileSync('shop.openapi.json', 'utf8'))
 * export const shop = openApiTools({ name: 'shop', document, operations: ({ method }) => method === 'GET' })
 */
export function openApiTools(options: OpenApiOptions): Tool<Record<string, unknown>, OpenApiResult>[] {
  checkOptions(options, 'OpenAPI tools', shape, 'bad-openapi')
  const { name, document, server, operations, risk, rate, secrets = [], ...policy } = options
  const declared = [...secrets, ...secretNamesIn(policy.credentials)]
  const root = readDocument(document)
  const target = serverOf(root, server)
  const chosen = namedOperations(root, operations ?? (() => true), (its) => `${name}.${its}`)
  if (server === undefined) for (const { operation } of chosen) refuseOtherServers(operation.holders, target)
  return chosen.map(({ name: its, operation }) => {
    const client = new HttpClient({
      ...policy,
      allow: [hostOf(target)],
      methods: [operation.method],
      requestHeaders: headersOf(operation),
    })
    const level = risk?.(operation) ?? usualRisk(operation.method)
    return operationTool(
      `${name}.${its}`,
      operation,
      { risk: level, rate: rate?.(operation), secrets: declared },
      target,
      client,
      toMs(policy.timeout ?? '20s', '`timeout` of OpenAPI tools'),
    )
  })
}

function operationTool(
  name: string,
  operation: Operation,
  {
    risk,
    rate,
    secrets,
  }: {
    risk: Risk
    rate: ToolRate<Record<string, unknown>> | undefined
    secrets: readonly (string | Secret)[]
  },
  server: URL,
  client: HttpClient,
  timeoutMs: number,
): Tool<Record<string, unknown>, OpenApiResult> {
  return tool({
    name,
    description: operation.description,
    input: inputOf(operation),
    output,
    effect: usualEffect(operation.method, operation.takesKey),
    answers: 'untrusted',
    risk,
    ...(rate && { rate: rate as ToolRate }),
    secrets,
    timeout: timeoutMs + 5000,
    run: async (args, attempt) => {
      const { method, takesKey } = operation
      const { url, headers, body } = request(operation, server, args)
      const sent = { url, method, headers, ...(body !== undefined && { body }) }
      const answer = await callHttp(client, sent, attempt, takesKey ? 'Idempotency-Key' : false)
      return {
        status: answer.status,
        body: bodyOf(answer.contentType, answer.bytes, answer.text, server.origin),
      }
    },
  }) as Tool<Record<string, unknown>, OpenApiResult>
}

function request(operation: Operation, server: URL, args: Json) {
  try {
    return requestOf(operation, server, args as { [key: string]: Json | undefined })
  } catch (error) {
    throw asNotApplied(error)
  }
}

function headersOf({ parameters }: Operation): string[] {
  return parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name)
}

function hostOf(url: URL): string {
  return url.port === '' ? url.hostname : url.host
}
