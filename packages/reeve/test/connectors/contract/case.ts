import type { AnyDefinition } from '../../../src/connectors/shape/definition.ts'
import type { StandIn } from '../../../src/connectors/stand-in/stand-in.ts'
import type { StandInTokens } from '../../../src/connectors/stand-in/tokens.ts'

/** What the contract suite needs to know of a connector. */
export interface ContractCase {
  // biome-ignore lint/suspicious/noExplicitAny: any connector
  connector: { (options?: any): any; readonly definition: AnyDefinition }
  /** Its own settings, where it has some. */
  settings?: Record<string, unknown>
  /** Starts its stand-in by this clock, with this limit. */
  start(options: { now: () => number; limit?: { count: number; perMs: number } }): Promise<StandIn>
  /** Something cheap to read. */
  read: { action: string; args: Record<string, unknown> }
  /** Something that it changes: `args` of the number of the call, and what the books of the stand-in call it. */
  write: { action: string; args(index: number): Record<string, unknown>; deed: string }
  /** Of one that signs in by OAuth 2: the tokens of its stand-in, and a credential of them as it would be sealed. */
  oauth?: { tokens(standIn: StandIn): StandInTokens; credential(standIn: StandIn): string }
}
