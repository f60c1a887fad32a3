import { visibleJson, visibleLine } from '../../../base/text/visible-text.ts'
import { actsWithWords } from '../../../store/approvals/approval-terms.ts'
import type { ShownRequest } from '../../asking/approvals-of-service.ts'
import { ownButtons } from '../objects.ts'

/** Slack takes 3000 characters in a text; more lines than this a person does not read there. */
const mostCharacters = 2_900
const mostLines = 80

export interface SlackMessage {
  /** For notifications. */
  text: string
  blocks: object[]
}

const asks = {
  approval: 'Approve?',
  question: 'A question',
  outcome: 'Nobody knows whether it took effect',
} as const

/**
 * A request as blocks. Foreign text stands in `plain_text` alone, where Slack makes no links, mentions or formats of it, with all
 * that is not seen written out. Where not all fits there are no buttons.
 */
export function requestMessage(
  request: ShownRequest,
): SlackMessage & { buttons: readonly ('approve' | 'reject')[] } {
  const { approval, page } = request
  const about = cut(
    aboutLines(request)
      .map((line) => inert(visibleLine(line)))
      .join('\n'),
  )
  const shown = cut(inert(visibleJson(approval.shown, 2)))
  const isCut = about.isCut || shown.isCut
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
    section(about.text),
    section(shown.text),
    ...(last === undefined ? [] : [section(inert(last))]),
    ...(elements.length === 0 ? [] : [{ type: 'actions', elements }]),
  ]
  return {
    text: inert(visibleLine(`${asks[approval.kind]} ${approval.subject}`)).slice(0, 500),
    blocks,
    buttons,
  }
}

const verdicts = ['approve', 'reject'] as const

/** What became of something, without buttons. */
export function settledMessage(words: string): SlackMessage {
  const { text } = cut(inert(visibleLine(words)))
  return { text, blocks: [section(text)] }
}

function aboutLines({ approval, run, workflow }: ShownRequest): string[] {
  const until = approval.decideBy === null ? [] : [`Until ${approval.decideBy}.`]
  return [
    `${asks[approval.kind]} ${approval.subject}`,
    `Run ${run} of ${workflow} asks${approval.agent === null ? '' : `, by the agent ${approval.agent}`}.`,
    ...until,
    ...(approval.actsWith ? [`It acts with ${actsWithWords(approval.actsWith)}.`] : []),
    ...approval.why.map((why) => `Why you are asked: ${why}`),
    ...(approval.notice === null ? [] : [approval.notice]),
    ...(approval.problem === null ? [] : [approval.problem]),
    ...approval.places.map(({ argument, place, trust }) => `${argument}: ${place} (${trust})`),
    ...approval.warnings.map((warning) => `Look twice: ${warning}`),
  ]
}

/** Slack reads these three in every text; nothing else is read in `plain_text`. */
function inert(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function cut(text: string): { text: string; isCut: boolean } {
  const lines = text.split('\n')
  if (text.length <= mostCharacters && lines.length <= mostLines) return { text, isCut: false }
  return { text: lines.slice(0, mostLines).join('\n').slice(0, mostCharacters).toWellFormed(), isCut: true }
}

function section(text: string): object {
  return { type: 'section', text: plain(text) }
}

function plain(text: string): object {
  return { type: 'plain_text', text, emoji: false }
}
