import { messageOf, ReeveError } from '../../../base/errors.ts'
import type { Json } from '../../../base/json/json.ts'
import { mayDecide } from '../../../engine/deciding/deciders.ts'
import type { Engine } from '../../../engine/engine.ts'
import {
  beginMessage,
  letterSent,
  type MessageKey,
  type RequestToPost,
  withholdMessage,
} from '../../../store/connectors/approval-messages.ts'
import {
  type ApprovalReplyRow,
  repliesToTell,
  replyTold,
} from '../../../store/connectors/approval-replies.ts'
import type { Session } from '../../../store/database.ts'
import { newSecret } from '../../../store/identity/tokens.ts'
import type { ServiceCall } from '../../door/service-call.ts'
import { type AskingLetters, keyOfAsking } from '../asking-connections.ts'
import { lower, personAt } from '../letters-of-service.ts'
import { shownRequest } from '../request-text.ts'
import { keptName } from './letter-names.ts'
import { repliesClosed } from './replies-closed.ts'
import { ReplyTaker } from './reply-taker.ts'
import { requestLetter } from './request-letter.ts'

/** Senders of replies who are told in one look. */
const slice = 20

/** Brings requests by letter: to each person who may decide, one of their own. */
export class LetterBringing {
  /** Addresses. */
  readonly recipients: readonly string[]
  readonly #engine: Engine
  readonly #asking: AskingLetters
  readonly #taker: ReplyTaker

  constructor(engine: Engine, asking: AskingLetters) {
    this.#engine = engine
    this.#asking = asking
    this.#taker = new ReplyTaker(engine, asking)
    this.recipients = Object.keys(asking.settings.people).map(lower)
  }

  /**
   * Sends a request to one person. Its `Message-ID` is made of a secret that stands in the database only until it was sent: so it can be
   * sent again under the same name, and afterwards nobody reads there what a reply must name. Answers whether it was sent: somebody who
   * may not decide it now gets none.
   */
  async post(key: MessageKey, row: RequestToPost, call: (key: string) => ServiceCall): Promise<boolean> {
    const { database, services } = this.#engine
    const { approvals, settings } = this.#asking
    const now = services.clock.now()
    const principal = personAt(settings.people, key.recipient) ?? ''
    if (!(await mayDecide(database, row, principal, now))) {
      await database.transaction((session) => withholdMessage(session, key, now))
      return false
    }
    const token = row.token ?? newSecret()
    const its = `reeve:approval:${token}`
    if (row.begun_at === null) {
      const letter = { principal, token, ts: keptName(approvals.nameOf(its)) }
      await database.transaction((session) => beginMessage(session, key, now, letter))
    }
    const to = { address: key.recipient, principal }
    const { replies: _, ...letter } = requestLetter(
      shownRequest(row, this.#asking),
      to,
      repliesClosed(this.#asking),
    )
    await approvals.send(call(its), letter)
    await database.transaction((session) => letterSent(session, key))
    return true
  }

  /** Takes what came since the last look, and tells senders what became of it. `moved`: keeps how far was looked. */
  async takeReplies(
    place: string,
    by: {
      call(key: string): ServiceCall
      moved(session: Session, place: string): Promise<boolean>
    },
  ): Promise<void> {
    const { database, services } = this.#engine
    let kept = place
    for (let isMore = true; isMore; ) {
      const api = by.call(`reeve:replies:${services.clock.now()}`)
      const look = await this.#asking.approvals.look(api, JSON.parse(kept) as Json)
      for (const each of look.found) {
        if ('item' in each) await this.#taker.take(each.id, each.item)
        else services.log.warn('a letter could not be read', { why: each.problem })
      }
      const next = JSON.stringify(look.cursor)
      isMore = look.more === true && next !== kept
      const isHeld = next === kept || (await database.transaction((session) => by.moved(session, next)))
      if (!isHeld) return
      kept = next
    }
    for (const row of await repliesToTell(database, keyOfAsking(this.#asking), slice))
      await this.#tell(row, by.call(`reeve:reply:${row.letter}`))
  }

  async #tell(row: ApprovalReplyRow, api: ServiceCall): Promise<void> {
    const { database, services } = this.#engine
    const subject = /^re:/i.test(row.subject) ? row.subject : `Re: ${row.subject}`
    const inReplyTo = row.message_id === null ? {} : { inReplyTo: row.message_id }
    try {
      await this.#asking.approvals.send(api, {
        to: row.sender,
        subject,
        text: `${row.words}\n`,
        ...inReplyTo,
      })
    } catch (error) {
      if (!(error instanceof ReeveError) || error.retryable) throw error
      // It was decided, or not, whether they are told or not.
      services.log.warn('whoever replied could not be told', {
        connection: row.connection,
        error: messageOf(error),
      })
      return database.transaction((session) => replyTold(session, row, 'silent'))
    }
    await database.transaction((session) => replyTold(session, row))
  }
}
