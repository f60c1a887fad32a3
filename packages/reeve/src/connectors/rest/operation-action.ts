import { z } from 'zod'
import type { Json } from '../../base/json/json.ts'
import { bodyOf, usualEffect, usualRisk } from '../../tools/http/http.ts'
import { inputOf } from '../../tools/openapi/named-operations.ts'
import type { Operation } from '../../tools/openapi/operation.ts'
import { requestOf } from '../../tools/openapi/request.ts'
import type { RequestOptions, ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import { type Action, action } from '../shape/action.ts'
import { argumentsOf } from './arguments.ts'
import type { OperationRules, RestResult } from './operation-rules.ts'

type Args = Record<string, unknown>
export type OperationAction = Action<Args, RestResult, Args>

const output = z.object({ status: z.number().int(), body: z.unknown() })
const keyHeader = 'idempotency-key'

/** One operation as an action. What its method says of its effect holds, unless the project knows better. */
export function operationAction(operation: Operation, rules: OperationRules = {}): OperationAction {
  const { method, path, takesKey, description } = operation
  const { input, places, hasWholeBody, toOperation } = argumentsOf(operation)
  const { key = takesKey ? keyHeader : undefined, effect: given, ...said } = rules
  const effect = given ?? usualEffect(method, key !== undefined)
  const isRead = effect === 'read'
  return action({
    description,
    endpoint: `${method} ${path}`,
    risk: usualRisk(method),
    reads: 'private',
    // Whatever is posted may go on to anybody: the document does not say.
    sends: isRead ? 'none' : 'outside',
    answers: 'untrusted',
    directs: isRead ? namedIn(path, operation) : [...places, ...(hasWholeBody ? ['body'] : [])],
    ...said,
    ...(key !== undefined && { keyIn: `header ${key}` }),
    input: inputOf({ ...operation, input }) as z.ZodType<Args>,
    output,
    effect,
    run: async (args: Args, api: ServiceCall) => {
      const given = toOperation(args as { [name: string]: Json | undefined })
      return resultOf(await send(operation, given, api, { isRead, key }))
    },
  } as never) as OperationAction
}

function namedIn(path: string, { parameters }: Operation): string[] {
  return parameters.filter(({ name }) => path.includes(`{${name}}`)).map(({ key }) => key)
}

async function send(
  operation: Operation,
  args: { [name: string]: Json | undefined },
  api: ServiceCall,
  { isRead, key }: { isRead: boolean; key: string | undefined },
): Promise<ServiceAnswer> {
  const { url, headers, body } = requestOf(operation, new URL(await api.at()), args)
  const { 'content-type': contentType, ...others } = headers
  const options: RequestOptions = {
    headers: { ...others, ...(key !== undefined && { [key]: api.key }) },
    ...(contentType !== undefined && { contentType }),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(isRead && { reads: true }),
  }
  switch (operation.method) {
    case 'POST':
      return api.post(url, options)
    case 'PUT':
      return api.put(url, options)
    case 'PATCH':
      return api.patch(url, options)
    case 'DELETE':
      return api.delete(url, options)
    default:
      return api.get(url, options)
  }
}

function resultOf({ status, contentType, bytes, text }: ServiceAnswer): RestResult {
  return { status, body: bodyOf(contentType, bytes, text, 'the service') }
}
