import { isoText } from '../base/time/time.ts'
import type { Session } from '../store/database.ts'
import { type DeliveryRow, listDeliveries } from '../store/dispatch/deliveries.ts'
import { type SecretPlaces, secretsOfHook } from './hook-door.ts'
import { folderOf, hookOf, hookPath, type NamedTrigger } from './named-triggers.ts'
import { signatureWords } from './signatures/schemes.ts'

/** What became of something that came to a trigger. Times are ISO 8601. */
export interface DeliveryView {
  id: string
  at: string
  outcome: DeliveryRow['outcome']
  /** Why nothing was started. */
  reason: string | null
  runId: string | null
}

/** A trigger, how it is reached, whether it can be, and what came last. */
export interface TriggerView {
  name: string
  on: NamedTrigger['trigger']['on']
  workflow: string
  /** Where others post to; null: nowhere. */
  path: string | null
  /** How they sign. */
  signature: string | null
  /** The folder that is watched, with the pattern. */
  folder: string | null
  /** The cron pattern with its zone. */
  cron: string | null
  /** The event, and whose. */
  event: string | null
  /** The connection that is asked again and again, and for what. */
  service: string | null
  /** Why nothing can come; null: it can. */
  closed: string | null
  last: DeliveryView | null
}

export async function triggersView(
  session: Session,
  named: Iterable<NamedTrigger>,
  places: SecretPlaces,
): Promise<TriggerView[]> {
  const sorted = [...named].sort((one, other) => (one.name < other.name ? -1 : 1))
  return Promise.all(sorted.map((each) => triggerView(session, each, places)))
}

async function triggerView(
  session: Session,
  named: NamedTrigger,
  places: SecretPlaces,
): Promise<TriggerView> {
  const { name, workflow, trigger } = named
  const hook = hookOf(trigger)
  const folder = folderOf(trigger)
  const secrets = hook && secretsOfHook(hook, places)
  const [last] = await listDeliveries(session, name, 1)
  return {
    name,
    on: trigger.on,
    workflow,
    path: hook ? hookPath(name) : null,
    signature: hook ? signatureWords(hook.signature) : null,
    folder: folder ? `${folder.folder}/${folder.pattern}` : null,
    cron:
      trigger.on === 'schedule' ? `${trigger.definition.cron} (${trigger.definition.zone ?? 'UTC'})` : null,
    event:
      trigger.on === 'event'
        ? `${trigger.event} of ${trigger.workflows?.join(', ') ?? 'every workflow'}`
        : null,
    service: trigger.on === 'service' ? `${trigger.connection}: ${trigger.source}` : null,
    closed: secrets && 'closed' in secrets ? secrets.closed : null,
    last: last ? deliveryView(last) : null,
  }
}

export function deliveryView({ delivery, at, outcome, reason, run }: DeliveryRow): DeliveryView {
  return { id: delivery, at: isoText(at), outcome, reason, runId: run }
}
