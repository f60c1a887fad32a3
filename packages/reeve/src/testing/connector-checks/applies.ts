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
  /** Checks of tokens that are renewed. */
  tokens: ({ oauth }: ConnectorCase) =>
    oauth ? undefined : 'it signs in with a key that is never renewed, or with nothing',
}
