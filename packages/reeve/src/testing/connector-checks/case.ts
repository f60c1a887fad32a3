import type { AnyDefinition } from '../../connectors/shape/definition.ts'
import type { SandboxOptions } from '../../connectors/shape/sandbox.ts'
import type { Fault } from '../../connectors/stand-in/faults.ts'
import type { StandIn } from '../../connectors/stand-in/stand-in.ts'
import type { SignPost } from '../posting.ts'

/** What `connectorChecks` needs to know of a connector. */
export interface ConnectorCase {
  // biome-ignore lint/suspicious/noExplicitAny: any connector
  connector: { (options?: any): any; readonly definition: AnyDefinition }
  /** Its own settings, where it has some. */
  settings?: Record<string, unknown>
  /** Settings that send it to this host (`127.0.0.1:4000`) when it is live. Default: its `url`. */
  elsewhere?(host: string): Record<string, unknown>
  /** Default true: it can be shown a page of HTML. */
  isHttp?: boolean
  /** It works on this machine alone: no faults of a service, no account, no books. */
  isLocal?: boolean
  /** Starts its stand-in by this clock. Default: as the connector's `sandbox` does, which must then be one of `startStandIn`. */
  start?(options: SandboxOptions & { now: () => number }): Promise<StandIn>
  /** Something cheap to read. */
  read: { action: string; args: Record<string, unknown> }
  /**
   * Something that it changes: `args` of the number of the call, and what the books of the stand-in call it. `lost`: which answer
   * tells that it was done (default: the first that is not of a GET), and whether a person must say so when that is lost. `leavesNoTrace`:
   * nothing can be found of it later, so that a person must also say what became of it when its worker died behind it.
   */
  write: {
    action: string
    args(index: number): Record<string, unknown>
    deed: string
    lost?: Pick<Fault, 'on'> & { asksPerson?: boolean }
    leavesNoTrace?: boolean
  }
  /** What the service posts, by the names of the connector's webhook triggers: one for each of them. */
  events?: Readonly<Record<string, EventCase>>
  /** Of one that signs in by OAuth 2: the tokens of its stand-in, and a credential of them as it would be sealed. */
  oauth?: { tokens(standIn: StandIn): RenewedTokens; credential(standIn: StandIn): string }
}

/** The events that a service posts to one trigger. */
export interface EventCase {
  /** The body of an event of the stand-in's account, of its number. A text goes out as it is, all else as JSON. */
  ours(index: number): unknown
  /** The same of another account. Needed where the trigger has `foreign`. */
  theirs?(index: number): unknown
  /**
   * The headers that the service sends with it, written from its documentation. Default: as the trigger's `signature` says, so that a
   * mistake in that is not found.
   */
  sign?: SignPost
  /** False: what the service sends again is signed as it was the first time. Default true: it is signed anew. */
  isSignedAnew?: boolean
}

/** The tokens of a stand-in that signs in by OAuth 2. */
export interface RenewedTokens {
  /** None of the access tokens is good any more. */
  expireAll(): void
  /** How often one was renewed. */
  readonly refreshes: number
  /** A refresh token is spent by its use. */
  readonly rotates: boolean
}

/** One thing that every connector promises. */
export interface ConnectorCheck {
  name: string
  /** Why it is not for this connector; absent: it is. */
  doesNotApply?: string
  /** It takes some seconds. */
  isLong?: boolean
  /** @throws an `AssertionError` where the promise is not kept */
  run(): Promise<void>
}
