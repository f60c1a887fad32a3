import type { Log } from '../base/log.ts'
import type { Secrets } from '../base/secrets/secrets.ts'
import type { LookWatch } from '../base/time/looks.ts'
import type { LoopStretch } from '../base/time/loop-stretch.ts'
import type { Clock } from '../base/time/time.ts'
import type { AuditKeys } from '../store/audit/key/audit-keys.ts'
import type { GroupCommit } from '../store/journal/group-commit.ts'
import type { RunNumbers } from '../store/numbers.ts'
import type { Vault } from '../store/secrets/vault.ts'
import type { EffectHost } from './calls/effect/definition.ts'
import type { BusinessKeys } from './calls/effect/keys/business-keys.ts'
import type { CallRates } from './calls/effect/rate/call-rates.ts'
import type { Claim } from './execution/claim.ts'
import type { Notices } from './notices.ts'
import type { RunRecords } from './run-records.ts'
import type { Substitutes } from './substitutes.ts'
import type { Workflow } from './workflow.ts'

/** What the engine gets from outside: nothing in it reads a clock, an environment or a global. */
export interface EngineServices {
  clock: Clock
  commits: Pick<GroupCommit, 'submit' | 'settled'>
  numbers: RunNumbers
  callRates: CallRates
  businessKeys: BusinessKeys
  records: RunRecords
  newId: () => string
  log: Log
  /** What must not reach a journal. */
  secrets: Secrets
  /** Opens secrets for tools; absent: there are none. */
  vault?: Pick<Vault, 'read' | 'noteUse'> | undefined
  /** What items for other runs are sealed with. */
  auditKeys?: AuditKeys | 'missing' | undefined
  /** The database's own name in effect keys, so that two databases never share one. */
  identity: string
  /** 0..1, for spreading retries only. */
  random: () => number
  /** How long the event loop has not turned. */
  stretch: LoopStretch
  /** A run whose next timer is due within this time stays in memory. */
  lingerMs: number
  claims: ClaimCheck
  notices: Notices
  /** In evals: what stands in for the outside. */
  substitutes?: Substitutes | undefined
  /** Lent to effects that reach a service by a connector; absent: there is none. */
  host?: EffectHost | undefined
  /** Whether spans are made of what runs do: what they send then says to which trace it belongs. */
  isTraced: boolean
  /** For tests: what is put in the way of bodies. */
  bodies?: Bodies | undefined
  /** By what runs are drawn that a person looks at afterwards, and what asks the person; absent: none is drawn. */
  reviews?: Reviews | undefined
}

/** `key`: a secret of the database, so that nobody can tell which runs are drawn. */
export interface Reviews {
  key: string
  workflow: Workflow
}

/** What a call does in this process until it is settled or parks. */
export type Act = () => Promise<void> | void

/** Runs what steps, tools and solvers do, in the place of the engine, and what looks for work beside the runs. */
export interface Bodies extends LookWatch {
  /** What is run in place of this act. */
  act(act: Act): Act
  /** @param what whose body it is: `step "pack"`, `tool "mail.send"` */
  run<T>(what: string, body: () => T): T
}

/** Whether runs that this process drives are still its own. */
export interface ClaimCheck {
  /** True at once while its heartbeats come in time; otherwise what the database says, when it answers. */
  confirm(claim: Claim): true | Promise<boolean>
}
