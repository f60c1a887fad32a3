import { bearerOf, type StandInAnswer, type StandInRequest } from '../../stand-in/exchange.ts'
import { failure } from './wire.ts'

/** The keys that it takes, and what each may do; absent permissions: everything. */
export type Keys = Map<string, { permissions?: string[] }>

export function admit(keys: Keys, request: StandInRequest): StandInAnswer | undefined {
  const key = bearerOf(request)
  if (keys.has(key)) return undefined
  return failure(
    401,
    'invalid_request_error',
    key === '' ? 'You did not provide an API key.' : `Invalid API Key provided: ${key.slice(0, 8)}****`,
  )
}

export function denies(keys: Keys, request: StandInRequest, permission: string): StandInAnswer | undefined {
  const { permissions } = keys.get(bearerOf(request)) ?? {}
  if (!permissions || permissions.includes(permission)) return undefined
  return failure(
    403,
    'invalid_request_error',
    `The provided key does not have the required permissions for this endpoint. Having the '${permission}' permission would allow this request to continue.`,
  )
}
