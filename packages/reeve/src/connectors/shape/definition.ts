import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Json } from '../../base/json/json.ts'
import type { Duration } from '../../base/time/time.ts'
import type { ApprovalsOfService } from '../asking/approvals-of-service.ts'
import type { LettersOfService } from '../asking/letters-of-service.ts'
import type { AuthScheme } from '../auth/scheme.ts'
import type { ServiceAnswer, ServiceCall } from '../door/service-call.ts'
import type { AnyAction } from './action.ts'
import type { Mode, Settings } from './mode.ts'
import type { Refusal } from './refusal.ts'
import type { SandboxStandIn } from './sandbox.ts'
import type { TriggerDefinition } from './trigger.ts'

/** How many requests of one class may begin. */
export interface ServiceRate {
  count: number
  per: Duration
}

/** The headers by which a service tells of its rate, in lower case. */
export interface RateHeaders {
  limit?: string
  remaining?: string
  reset?: string
  /** What `reset` counts: seconds that are left (default), or seconds or milliseconds since 1970. */
  resetIs?: 'seconds-left' | 'epoch-seconds' | 'epoch-ms'
  /** The stretch of time that `limit` is for. Absent: the limit itself is not learnt. */
  per?: Duration
}

/** What a service said about its rate. */
export interface RateSaid {
  /** It takes nothing for so long (ms). */
  waitMs?: number | undefined
  limit?: { count: number; perMs: number } | undefined
}

/** Whose account a credential is for, as the service says it. */
export interface AccountFacts {
  /** The service's id of it: it must stay the same. */
  identity?: string
  /** What a person calls it. */
  name?: string
  /** What the credential may do, where the service tells. */
  scopes?: readonly string[]
  /** Where the service says which it is. */
  mode?: Mode
}

/** What a vendor's file declares. It has no business logic: what to do with it is for workflows. */
export interface ConnectorDefinition<
  Actions extends Readonly<Record<string, AnyAction>>,
  Triggers extends Readonly<Record<string, TriggerDefinition>>,
  Own extends Settings,
> {
  /** Such as `stripe`; the first part of the names of its tools. */
  name: string
  /** As people write it: `Stripe`. */
  title: string
  /** Of this connector: `1.0.0`. Its major number grows when an action changes so that callers must. */
  version: string
  /** The vendor's version that each request asks for; `header`: in which; absent: it stands in `url`, or the service has none. */
  vendorApi: { version: string; header?: string }
  /** What it was made from, by its fingerprint, such as a document: from another one it is another connector, which an owner accepts. */
  source?: string
  /** Reads what a project says of a connection beside what all have. Default: nothing more. */
  settings?: StandardSchemaV1<unknown, Own>
  /** Where it answers: the beginning of every address. A function where that depends on the settings, or on what its token came with. */
  url: string | ((facts: { settings: Own; token: Readonly<Record<string, Json>> }) => string)
  /** Further addresses by name, for `api.at(name)`: an upload host, `smtp`. */
  endpoints?: Readonly<Record<string, string | ((facts: { settings: Own }) => string)>>
  /** How it signs in; a list: the first is what is offered, the others are taken too. */
  auth: AuthScheme | readonly AuthScheme[]
  /** A cheap read that shows whether the credential works, and whose it is. `every`: default `5m`. */
  health: { probe(api: ServiceCall<Own>): Promise<AccountFacts>; every?: Duration }
  /** How many requests it takes, by class; an action names its class. */
  rate: {
    default: ServiceRate
    classes?: Readonly<Record<string, ServiceRate>>
    learn?: RateHeaders | ((answer: ServiceAnswer) => RateSaid | undefined)
  }
  /** The test environment of the service, where it has one (`url`; the same as `url` above where only the key differs), and its stand-in. */
  sandbox: {
    url?: string | ((facts: { settings: Own }) => string)
    /** In words for a person: how to get a credential of the test environment. */
    how?: string
    standIn: SandboxStandIn
  }
  /** The header that carries an effect's key with every request that changes something. Absent: the service takes none. */
  idempotencyHeader?: string
  /** What an answer means. Default, by its status: see `refusalOf`. Asked of every answer; undefined: it is a success. */
  refusal?(answer: ServiceAnswer): Refusal | undefined
  /** Headers of answers that actions read, beside the usual ones. */
  responseHeaders?: readonly string[]
  /** Types of answers beside text and JSON. */
  contentTypes?: readonly string[]
  /** Of one answer (bytes). Default 5 MiB. */
  maxBytes?: number
  /** By their names: each is a tool `NAME.action`. */
  actions: Actions
  /** How it brings requests to people who talk there, or by letter. Default: it does not. */
  approvals?: ApprovalsOfService | LettersOfService
  /** What starts runs, by name. Default: nothing. */
  triggers?: Triggers
}

/** A connector, whatever it does. */
// biome-ignore lint/suspicious/noExplicitAny: any connector
export type AnyDefinition = ConnectorDefinition<any, any, any>
