import { isRecord } from '../../base/json/record.ts'
import type { EffectVerdict } from '../../engine/calls/effect/definition.ts'
import type { ServiceCall } from '../door/service-call.ts'

/** One update of a ticket, as Zendesk keeps it. */
export interface Audit {
  id: number
  metadata?: { custom?: Record<string, unknown> }
  events: { type: string; id?: number; field_name?: string; value?: unknown; previous_value?: unknown }[]
}

/** The name under which an update carries its effect's key; customers do not see it. */
const keyName = 'reeve_key'

/** For the body of an update. */
export function keyed({ key }: Pick<ServiceCall, 'key'>): { metadata: Record<string, string> } {
  return { metadata: { [keyName]: key } }
}

const mostPages = 5

/** Whether one of the newest 500 updates of a ticket carries the key. */
export async function verdictByAudits(
  api: ServiceCall,
  ticket: number,
  resultOf: (audit: Audit) => Record<string, unknown>,
): Promise<EffectVerdict> {
  const query = { 'page[size]': 100, sort: '-created_at' }
  let page = 0
  for await (const { json } of api.pages(`/api/v2/tickets/${ticket}/audits`, { query }, nextByCursor)) {
    const audits: Audit[] = json.audits
    const found = audits.find(({ metadata }) => metadata?.custom?.[keyName] === api.key)
    if (found) return { outcome: 'applied', result: resultOf(found) as never }
    page += 1
    if (page === mostPages && json.meta.has_more)
      return { outcome: 'unknown', reason: `ticket ${ticket} had more than ${mostPages * 100} updates since` }
  }
  return { outcome: 'not-applied' }
}

export function nextByCursor({ json }: { json: unknown }): Record<string, string> | undefined {
  const meta = isRecord(json) && isRecord(json.meta) ? json.meta : {}
  return meta.has_more === true ? { 'page[after]': String(meta.after_cursor) } : undefined
}

/** What an update changed of a ticket's fields. */
export function changesOf({ events }: Audit): { field: string; from: unknown; to: unknown }[] {
  return events
    .filter(({ type, field_name: field }) => type === 'Change' && field !== undefined)
    .map(({ field_name: field, previous_value: from, value: to }) => ({
      field: field!,
      from: from ?? null,
      to: to ?? null,
    }))
}

/** The comment that came with an update; null: none did. */
export function commentIdOf({ events }: Audit): number | null {
  return events.find(({ type }) => type === 'Comment')?.id ?? null
}
