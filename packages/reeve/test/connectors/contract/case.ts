import type { AnyDefinition } from '../../../src/connectors/shape/definition.ts'
import type { Fault } from '../../../src/connectors/stand-in/faults.ts'
import type { StandIn } from '../../../src/connectors/stand-in/stand-in.ts'
import type { StandInTokens } from '../../../src/connectors/stand-in/tokens.ts'

/** What the contract suite needs to know of a connector. */
export interface ContractCase {
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
  /** Starts its stand-in by this clock, with this limit. */
  start(options: { now: () => number; limit?: { count: number; perMs: number } }): Promise<StandIn>
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
  /** Of one that signs in by OAuth 2: the tokens of its stand-in, and a credential of them as it would be sealed. */
  oauth?: { tokens(standIn: StandIn): StandInTokens; credential(standIn: StandIn): string }
}
