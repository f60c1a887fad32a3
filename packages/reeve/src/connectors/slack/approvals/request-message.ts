import { visibleLine } from '../../../base/text/visible-text.ts'
import type { ShownRequest } from '../../asking/approvals-of-service.ts'
import { cut, requestText } from '../../asking/request-text.ts'
import { ownButtons } from '../objects.ts'

/** Slack takes 3000 characters in a text; more lines than this a person does not read there. */
const limits = { characters: 2_900, lines: 80 }

export interface SlackMessage {
  /** For notifications. */
  text: string
  blocks: object[]
}

/**
 * A request as blocks. Foreign text stands in `plain_text` alone, where Slack makes no links, mentions or formats of it, with all
 * that is not seen written out. Where not all fits there are no buttons.
 */
export function requestMessage(
  request: ShownRequest,
): SlackMessage & { buttons: readonly ('approve' | 'reject')[] } {
  const { approval, page } = request
  const { title, about, shown, isCut } = requestText(request, limits, inert)
  const buttons =
    isCut || approval.kind !== 'approval' ? [] : verdicts.filter((each) => approval.allowed.includes(each))
  const where = page === undefined ? `reeve approvals ${approval.id}` : 'the page'
  const last = isCut
    ? `This is only its beginning. Look at it whole and decide: ${where}`
    : buttons.length === 0
      ? `Decide: ${where}`
      : undefined
  const value = `${approval.id} ${approval.hash}`
  const elements = [
    ...buttons.map((verdict) => ({
      type: 'button',
      action_id: `${ownButtons}${verdict}`,
      text: plain(verdict === 'approve' ? 'Approve exactly this' : 'Reject'),
      style: verdict === 'approve' ? 'primary' : 'danger',
      value,
    })),
    ...(page === undefined
      ? []
      : [{ type: 'button', action_id: `${ownButtons}open`, text: plain('Open the page'), url: page }]),
  ]
  const blocks = [
    section(about),
    section(shown),
    ...(last === undefined ? [] : [section(inert(last))]),
    ...(elements.length === 0 ? [] : [{ type: 'actions', elements }]),
  ]
  return {
    text: title.slice(0, 500),
    blocks,
    buttons,
  }
}

const verdicts = ['approve', 'reject'] as const

/** What became of something, without buttons. */
export function settledMessage(words: string): SlackMessage {
  const { text } = cut(inert(visibleLine(words)), limits)
  return { text, blocks: [section(text)] }
}

/** Slack reads these three in every text; nothing else is read in `plain_text`. */
function inert(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function section(text: string): object {
  return { type: 'section', text: plain(text) }
}

function plain(text: string): object {
  return { type: 'plain_text', text, emoji: false }
}
