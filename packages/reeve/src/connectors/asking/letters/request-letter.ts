import { visibleLine } from '../../../base/text/visible-text.ts'
import type { ShownRequest } from '../approvals-of-service.ts'
import type { LetterToPerson } from '../letters-of-service.ts'
import { requestText } from '../request-text.ts'

/** As much as the page of a signed link shows. */
const limits = { characters: 20_000, lines: 400 }
const longestSubject = 200

export type ReplyVerdict = 'approve' | 'reject' | 'answer'

/** What a reply may say to a request: nothing where not all of it could be shown, or nobody knows what happened. */
function repliesTo({ approval }: ShownRequest, isCut: boolean): readonly ReplyVerdict[] {
  if (isCut || approval.kind === 'outcome') return []
  const possible: readonly ReplyVerdict[] =
    approval.kind === 'question' ? ['answer', 'reject'] : ['approve', 'reject']
  return possible.filter((each) => approval.allowed.includes(each))
}

/** Where a request can be looked at whole, and changed. */
export function whereElse({ page, approval }: Pick<ShownRequest, 'page' | 'approval'>): string {
  return page ?? `reeve approvals ${approval.id}`
}

/**
 * A request as a letter: plain text, for a mail program makes the least of that. Foreign text stands there with all that is not seen
 * written out, each line of it marked by what it is.
 * @param closed why nothing is decided by reply here; undefined: it is
 */
export function requestLetter(
  request: ShownRequest,
  to: { address: string; principal: string },
  closed: string | undefined,
): LetterToPerson & { replies: readonly ReplyVerdict[] } {
  const { title, about, shown, isCut } = requestText(request, limits)
  const replies = closed === undefined ? repliesTo(request, isCut) : []
  const where = whereElse(request)
  const words = {
    approve: '  approve',
    reject: '  reject: why',
    answer: `  answer: VALUE        VALUE is ${visibleLine(request.approval.wanted?.words ?? 'a value')}`,
  }
  const how =
    replies.length === 0
      ? [`Decide: ${where}`, 'A reply to this letter decides nothing.']
      : [
          'To decide, reply to this letter. The first line of the reply must be one of these; nothing below it is read:',
          '',
          ...replies.map((each) => words[each]),
          '',
          `It decides exactly what stands above, once, as ${to.principal}. Nobody else can use this letter.`,
          `Look at it, or change it: ${where}`,
        ]
  const last = isCut ? ['This is only its beginning. Look at it whole before you decide.', ''] : []
  return {
    to: to.address,
    subject: `${title.slice(0, longestSubject).toWellFormed()} (${request.run})`,
    text: [about, '', shown, '', ...last, ...how, ''].join('\n'),
    replies,
  }
}
