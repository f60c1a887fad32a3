import { ReeveError } from '../../../base/errors.ts'
import { shownId } from '../../../base/text/text.ts'
import { visibleBrief } from '../../../base/text/visible-text.ts'
import { answerFromText } from '../../../engine/deciding/answer.ts'
import { type ApprovalDecision, refuseDecided } from '../../../engine/deciding/decision.ts'
import type { Engine } from '../../../engine/engine.ts'
import { type ApprovalOfRun, requireApproval } from '../../../store/approvals/approvals.ts'
import { listAccounts } from '../../../store/connectors/accounts.ts'
import {
  type ApprovalMessageRow,
  messageNamed,
  refuseAskedAnew,
  useMessage,
} from '../../../store/connectors/approval-messages.ts'
import {
  type ApprovalReplyRow,
  countRefusals,
  isReplyKnown,
  recordReply,
} from '../../../store/connectors/approval-replies.ts'
import type { Session } from '../../../store/database.ts'
import type { Letter } from '../../../triggers/letters/letter.ts'
import { type AskingLetters, keyOfAsking } from '../asking-connections.ts'
import { lower, personAt } from '../letters-of-service.ts'
import { shownRequest } from '../request-text.ts'
import { unprovedBecause } from './authentication-results.ts'
import { namesIn } from './letter-names.ts'
import { repliesClosed } from './replies-closed.ts'
import { type ReplyWords, readReply } from './reply-words.ts'
import { requestLetter, whereElse } from './request-letter.ts'

/** So many letters of one sender that decide nothing are answered in an hour. */
const mostRefusals = 10
const hourMs = 3_600_000

/**
 * Takes what people reply to the letters that requests were brought with. A letter is proved to be a person's by two things that a
 * stranger does not have: the name of the letter that this one person got (256 random bits, of which the database has the hash), and
 * what the receiving server says of the domain that it came from. The name travels in `In-Reply-To` and `References`, which every mail
 * program sets: an address of its own (`desk+…@`) takes a server that delivers such, and a subject is edited and forwarded.
 *
 *   came → answers no request of ours: not taken
 *        → by a machine, or a stranger: written down, and nobody is told
 *        → decided, and what its sender is told: one commit with the decision
 *        → nothing decided: written down with why, which its sender is told, some times an hour
 *
 * After a death the same letter comes again and is known by its bytes: nothing is decided twice, and what was to be told is told.
 */
export class ReplyTaker {
  readonly #engine: Engine
  readonly #asking: AskingLetters

  constructor(engine: Engine, asking: AskingLetters) {
    this.#engine = engine
    this.#asking = asking
  }

  /** Resolves when what became of it is durable. @throws what is not about this letter */
  async take(id: string, letter: Letter): Promise<void> {
    const { database } = this.#engine
    const key = keyOfAsking(this.#asking)
    const message = await messageNamed(database, key, namesIn(letter))
    if (!message || (await isReplyKnown(database, key, id))) return
    const row = this.#rowOf(id, letter, message)
    if (letter.isAutomatic || letter.bounce) return this.#keep(row, 'a machine wrote it', true)
    if (!this.#isKnown(lower(letter.from.address), message))
      return this.#keep(row, `${shownId(letter.from.address)} decides nothing here`, true)
    try {
      await this.#decide(letter, message, row)
    } catch (error) {
      if (!(error instanceof ReeveError) || (error.retryable && error.code !== 'second-look')) throw error
      await this.#keep(row, error.message, false)
    }
  }

  async #decide(letter: Letter, message: ApprovalMessageRow, row: ApprovalReplyRow): Promise<void> {
    const { database, control, services } = this.#engine
    const by = await this.#personOf(letter, message)
    const approval = await requireApproval(database, message.approval)
    refuseAskedAnew(message, approval)
    refuseDecided(approval, services.clock.now())
    const said = readReply(letter.text)
    const decision = await this.#decisionOf(said, approval, by)
    await control.decide(approval.id, { ...decision, hash: message.hash }, async (session) => {
      refuseAskedAnew(message, await requireApproval(session, approval.id))
      await useMessage(session, message, services.clock.now())
      const { subject, status } = await requireApproval(session, approval.id)
      const words =
        status === 'pending'
          ? `You approved ${subject}; others must approve it too.`
          : `${subject} is ${status} now.`
      const isNew = await recordReply(session, { ...row, words, is_refused: 0 })
      if (!isNew) throw new ReeveError('already-decided', 'This letter was taken already.')
    })
    services.log.info('a reply decided a request', { approval: approval.id, by, verdict: decision.verdict })
  }

  /** As whom a letter decides. @throws `may-not-decide` */
  async #personOf(letter: Letter, message: ApprovalMessageRow): Promise<string> {
    const { settings } = this.#asking
    const from = lower(letter.from.address)
    const closed = repliesClosed(this.#asking)
    if (closed !== undefined) throw noPerson(`Nothing is decided by reply here: ${closed}`)
    if (from !== message.recipient)
      throw noPerson('This letter was written to somebody else, and takes a reply of theirs only')
    const unproved = unprovedBecause(letter.authentication, settings.authservId ?? '', from)
    if (unproved !== undefined)
      throw noPerson(`It is not certain that this reply is from ${from}: ${unproved}`)
    if (await this.#isOwn(from))
      throw noPerson(`The project itself sends letters as ${from}: they prove no person`)
    const by = personAt(settings.people, from)
    if (by !== undefined && by === message.principal) return by
    throw noPerson(`${from} does not decide as ${shownId(message.principal ?? '')} here any more`)
  }

  /** What agents may send as must not decide what they ask for. */
  async #isOwn(address: string): Promise<boolean> {
    const { connections } = this.#asking
    for (const { definition, settings } of connections.all.values())
      if (definition.approvals?.by === 'letters' && lower(String(settings.address ?? '')) === address)
        return true
    const accounts = await listAccounts(this.#engine.database)
    return accounts.some(({ identity }) => identity !== null && lower(identity) === address)
  }

  /** @throws `wrong-answer` `approval-cut` */
  async #decisionOf(said: ReplyWords, approval: ApprovalOfRun, by: string): Promise<ApprovalDecision> {
    const request = shownRequest(approval, this.#asking)
    const { replies } = requestLetter(request, { address: '', principal: by }, undefined)
    const where = whereElse(request)
    if (replies.length === 0)
      throw new ReeveError(
        'approval-cut',
        `Approval ${approval.id} is not decided by reply. Nothing was decided. Look at it whole: ${where}`,
      )
    const its = { by, proof: 'mail' } as const
    if (said.says === 'approve') return { ...its, verdict: 'approve' }
    if (said.says === 'reject')
      return { ...its, verdict: 'reject', ...(said.note !== undefined && { note: said.note }) }
    if (said.says === 'answer') {
      const { control } = this.#engine
      const answer = await answerFromText(approval, said.answer, (value) =>
        control.answerProblem(approval.id, value),
      )
      return { ...its, verdict: 'answer', answer }
    }
    throw new ReeveError(
      'wrong-answer',
      said.says === 'edit'
        ? `No edit is taken by mail. Nothing was decided. Change it here: ${where}`
        : `The first line of a reply must be one of: ${replies.join(', ')}. ${said.line === '' ? 'Yours has none' : `Yours is "${visibleBrief(said.line, 100)}"`}. Nothing was decided. Reply again, or decide here: ${where}`,
    )
  }

  /** Whether an address is one that is written to here. */
  #isKnown(from: string, { recipient }: ApprovalMessageRow): boolean {
    return from === recipient || personAt(this.#asking.settings.people, from) !== undefined
  }

  async #keep(row: ApprovalReplyRow, why: string, isSilent: boolean): Promise<void> {
    const { database, services } = this.#engine
    const { log, clock } = services
    await database.transaction(async (session: Session) => {
      const count = isSilent ? 0 : await countRefusals(session, row.sender, clock.now() - hourMs)
      const state = isSilent || count >= mostRefusals ? 'silent' : 'telling'
      await recordReply(session, { ...row, state, words: why, is_refused: 1 })
    })
    const about = { connection: row.connection, approval: row.approval, from: row.sender, why }
    log.warn('a reply decided nothing', about)
  }

  #rowOf(id: string, letter: Letter, message: ApprovalMessageRow): ApprovalReplyRow {
    return {
      ...keyOfAsking(this.#asking),
      letter: id,
      approval: message.approval,
      sender: lower(letter.from.address),
      state: 'telling',
      words: '',
      subject: letter.subject.slice(0, 300).toWellFormed(),
      message_id: /^<[^<>\s]{1,990}>$/.exec(letter.messageId ?? '')?.[0] ?? null,
      is_refused: 1,
      at: this.#engine.services.clock.now(),
    }
  }
}

function noPerson(why: string): ReeveError {
  return new ReeveError('may-not-decide', `${why}. Nothing was decided.`)
}
