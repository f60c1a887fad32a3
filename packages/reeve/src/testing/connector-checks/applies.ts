import type { TriggerDefinition, WebhookOfService } from '../../connectors/shape/trigger.ts'
import type { ConnectorCase } from './case.ts'

/** Why some checks are not for a connector; undefined: they are. */
export const notFor = {
  /** Checks of what a service does wrong. */
  services: ({ isLocal }: ConnectorCase) =>
    isLocal
      ? 'it works on this machine alone: there is no service between that loses answers, refuses or is down'
      : undefined,
  /** Checks of what HTTP alone has. */
  http: (its: ConnectorCase) =>
    notFor.services(its) ??
    (its.isHttp === false
      ? 'it speaks no HTTP: there is no page of HTML, and no header or refusal that states a rate'
      : undefined),
  /** Checks of events that are posted. */
  events: (its: ConnectorCase) =>
    hooksOf(its).length > 0 ? undefined : 'it has no trigger that its service posts to',
  /** Checks of what is another account's. */
  foreign: (its: ConnectorCase) =>
    notFor.events(its) ??
    (hooksOf(its).some(([name, { foreign }]) => foreign || its.events?.[name]?.theirs)
      ? undefined
      : 'its events do not say whose they are: no trigger has `foreign`'),
  /** Checks of tokens that are renewed. */
  tokens: ({ oauth }: ConnectorCase) =>
    oauth ? undefined : 'it signs in with a key that is never renewed, or with nothing',
}

/** Its triggers that the service posts to. */
export function hooksOf({ connector }: ConnectorCase): [name: string, WebhookOfService][] {
  const all: Record<string, TriggerDefinition> = connector.definition.triggers ?? {}
  return Object.entries(all).flatMap(([name, its]) => (its.by === 'webhook' ? [[name, its]] : []))
}
