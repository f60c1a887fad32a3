import { messageOf, ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { shownId } from '../base/text/text.ts'
import type { Clock } from '../base/time/time.ts'
import type { Acting } from '../store/authority/acting.ts'
import type { Database, Session } from '../store/database.ts'
import { type Role, reaches } from '../store/identity/principals.ts'
import {
  decideProposal,
  noteCarriedOut,
  type ProposalDecision,
  type ProposalKind,
  type ProposalRow,
  requireProposal,
  unfinishedProposals,
} from '../store/proposals/proposals.ts'

/** What the proposals of one kind come to. All of it may be called again after a death: it must be idempotent. */
export interface ProposalEffects {
  /** Who may decide: this role, or one above it. */
  role: Role
  /** In the transaction of the decision: whoever throws lets nothing be decided. */
  adopt?(session: Session, proposal: ProposalRow, acting: Acting): Promise<void>
  /** The same when it is rejected. */
  reject?(session: Session, proposal: ProposalRow, acting: Acting): Promise<void>
  /** The same when what was adopted is taken back. */
  withdraw?(session: Session, proposal: ProposalRow, acting: Acting): Promise<void>
  /**
   * What an adoption, or its withdrawal (`proposal.status`), changes outside of the database: files. Called once the decision
   * is durable, and again until it returned.
   */
  carryOut?(proposal: ProposalRow): Promise<void>
}

export interface ProposalVerdict {
  decision: ProposalDecision
  /** Of what was seen; absent: whatever it says. */
  hash?: string | undefined
  /** What whoever decides may. */
  role: Role
  acting: Acting
}

/** A decision that nobody carried out for so long was left by a process that died. */
const abandonedMs = 60_000

/** What is decided of what machines propose, and what comes of it. */
export class Proposals {
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  readonly #effects: ReadonlyMap<ProposalKind, ProposalEffects>
  #round: Promise<void> = Promise.resolve()
  #isEnded = false
  #cancel = () => {}

  constructor(
    { database, clock, log }: { database: Database; clock: Clock; log: Log },
    effects: Readonly<Record<ProposalKind, ProposalEffects>>,
  ) {
    this.#database = database
    this.#clock = clock
    this.#log = log
    this.#effects = new Map(Object.entries(effects) as [ProposalKind, ProposalEffects][])
  }

  /**
   * Decides a proposal in the name of a person, and does what it says. The same decision again only finishes what is still to
   * be done. Answers the proposal as it stands then. `database`: whose first commit records the request.
   * @throws `unknown-proposal` `proposal-changed` `proposal-decided` `role-too-low`, and what its kind throws
   */
  async decide(
    id: string,
    { decision, hash, role, acting }: ProposalVerdict,
    database: Database = this.#database,
  ): Promise<ProposalRow> {
    const { proposal } = await database.transaction(async (session) => {
      const effects = this.#effectsOf((await requireProposal(session, id, true)).kind)
      refuseRole(role, effects.role, id, acting.by)
      const isOutside = effects.carryOut !== undefined
      const decided = await decideProposal(session, id, decision, { acting, hash, isOutside })
      if (decided.isNew) {
        if (decision === 'adopted') await effects.adopt?.(session, decided.proposal, acting)
        else if (decision === 'rejected') await effects.reject?.(session, decided.proposal, acting)
        else if (decided.was === 'adopted') await effects.withdraw?.(session, decided.proposal, acting)
      }
      return decided
    })
    if (proposal.carried_out_at === null) await this.#carryOut(proposal)
    return requireProposal(this.#database, id)
  }

  /** Finishes, now and every minute, what processes that died had decided and not done. */
  begin(): void {
    this.#round = this.finishAbandoned().then(() => {
      if (!this.#isEnded) this.#cancel = this.#clock.after(abandonedMs, () => this.begin(), 'upkeep')
    })
  }

  async end(): Promise<void> {
    this.#isEnded = true
    this.#cancel()
    await this.#round
  }

  async finishAbandoned(): Promise<void> {
    try {
      // What could not be done is for a person, who decides the same again.
      for (const proposal of await unfinishedProposals(this.#database, this.#clock.now() - abandonedMs))
        if (proposal.problem === null && !this.#isEnded) await this.#carryOut(proposal)
    } catch (error) {
      if (!this.#isEnded)
        this.#log.warn('what was decided of proposals could not be finished; it is tried again in a minute', {
          error: String(error),
        })
    }
  }

  async #carryOut(proposal: ProposalRow): Promise<void> {
    const { id, kind } = proposal
    const carryOut = this.#effects.get(kind)?.carryOut
    if (!carryOut) return
    try {
      await carryOut(proposal)
      await noteCarriedOut(this.#database, id, { at: this.#clock.now() })
    } catch (error) {
      await noteCarriedOut(this.#database, id, { problem: messageOf(error).slice(0, 2000) })
      this.#log.warn(`proposal ${id} (${kind}) is ${proposal.status}, and could not be carried out`, {
        error: messageOf(error),
      })
    }
  }

  #effectsOf(kind: ProposalKind): ProposalEffects {
    const effects = this.#effects.get(kind)
    if (effects) return effects
    throw new ReeveError(
      'unknown-proposal',
      `Nothing in this project knows what a proposal of the kind ${shownId(kind)} comes to. Decide it where its code is.`,
    )
  }
}

/** @throws `role-too-low` */
function refuseRole(role: Role, wanted: Role, id: string, by: string): void {
  if (reaches(role, wanted)) return
  throw new ReeveError(
    'role-too-low',
    `To decide proposal ${shownId(id)} needs the role ${wanted}; ${shownId(by)} is here as ${role}. Nothing was changed.`,
    { details: { role, wanted } },
  )
}
