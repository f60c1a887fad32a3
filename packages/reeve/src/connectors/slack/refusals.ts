import { isRecord } from '../../base/json/record.ts'
import type { ServiceAnswer } from '../door/service-call.ts'
import type { Refusal } from '../shape/refusal.ts'

const ofCredential = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
])
const ofService = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
])

/** Slack says no with 200 and `ok: false`; the error's name says what it means. */
export function refusalOf({ status, json, headers }: ServiceAnswer): Refusal | undefined {
  if (!isRecord(json) || json.ok !== false || typeof json.error !== 'string') return undefined
  const code = json.error
  if (code === 'ratelimited' || code === 'rate_limited' || status === 429) {
    const waitMs = Number(headers['retry-after']) * 1000
    return { kind: 'rate', code, waitMs: waitMs > 0 ? waitMs : undefined }
  }
  if (ofCredential.has(code)) return { kind: 'credential', code }
  if (code === 'missing_scope' || code === 'no_permission') {
    const scopes = typeof json.needed === 'string' ? json.needed.split(',').map((scope) => scope.trim()) : []
    return { kind: 'scope', code, scopes }
  }
  if (ofService.has(code)) return { kind: 'failed', code }
  return { kind: 'refused', code, message: wordsFor(code) }
}

function wordsFor(code: string): string | undefined {
  if (code === 'not_in_channel') return 'the app is not in this channel; invite it there'
  if (code === 'channel_not_found') return 'there is no such channel, or the app may not see it'
  return undefined
}
