import { briefLine, safeLine } from '../../base/text/one-line.ts'
import { formatMs, moment } from '../../base/time/time.ts'
import type { ApprovalView } from '../../inspect/approvals/approval-view.ts'
import { actsWithWords, type Deciders } from '../../store/approvals/approval-terms.ts'

const widest = 400

/** What an approval is bound to, for whoever decides it: why it is asked, where its values stand, who may decide until when. */
export function termsLines(view: ApprovalView): string[] {
  const { why, places, deciders, decideBy, expiresAt, onTimeout, escalateTo, executeBy, executeWithinMs } =
    view
  const lines = view.actsWith ? [`acts with ${safeLine(actsWithWords(view.actsWith))}`] : []
  lines.push(...why.map((reason) => `why: ${briefLine(reason, widest)}`))
  for (const { argument, place, trust } of places)
    lines.push(`${safeLine(argument)}: ${briefLine(place, widest)} (${safeLine(trust)})`)
  const who = decidersWords(deciders)
  if (who !== undefined) lines.push(`decided by ${who}`)
  if (decideBy !== null && onTimeout === 'escalate')
    lines.push(
      `from ${momentOf(decideBy)} on also by ${decidersWords(escalateTo ?? {}) ?? 'an approver'}, and open until ${expiresAt === null ? 'somebody decides' : momentOf(expiresAt)}`,
    )
  if (decideBy !== null && onTimeout === 'wait')
    lines.push(`due ${momentOf(decideBy)}; it waits on after that`)
  if (executeBy !== null) lines.push(`the approved call may start until ${momentOf(executeBy)}`)
  if (executeWithinMs !== null)
    lines.push(`the approved call may start within ${formatMs(executeWithinMs)} of the decision`)
  return lines
}

/** Undefined: whoever is approver or above. */
function decidersWords({ role, principals, count, notRequester }: Deciders): string | undefined {
  const who = principals
    ? principals.map(safeLine).join(', ')
    : role !== undefined && role !== 'approver'
      ? `somebody who is ${role} or above`
      : undefined
  if (who === undefined && count === undefined && !notRequester) return undefined
  const several = count !== undefined && count > 1 ? `${count} of: ` : ''
  return `${several}${who ?? 'approvers'}${notRequester ? ', not the one it is done for' : ''}`
}

function momentOf(iso: string): string {
  return moment(Date.parse(iso))
}
