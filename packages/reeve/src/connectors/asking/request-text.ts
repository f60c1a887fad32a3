import { visibleJson, visibleLine } from '../../base/text/visible-text.ts'
import { approvalView } from '../../inspect/approvals/approval-view.ts'
import { actsWithWords } from '../../store/approvals/approval-terms.ts'
import type { ApprovalOfRun } from '../../store/approvals/approvals.ts'
import type { ShownRequest } from './approvals-of-service.ts'
import type { AskingConnection } from './asking-connections.ts'

/** As it is shown where people talk. */
export function shownRequest(row: ApprovalOfRun, { settings }: AskingConnection): ShownRequest {
  const page = settings.page && new URL(`/inbox?item=${encodeURIComponent(row.id)}`, settings.page).href
  return { approval: approvalView(row), run: row.run_id, workflow: row.workflow, page }
}

/** How much of a request a service shows; of more it shows the beginning, and nothing is decided there. */
export interface TextLimits {
  characters: number
  lines: number
}

/** A request in words: on one line, what is said about it, and exactly what is asked. */
export interface RequestText {
  title: string
  about: string
  shown: string
  /** Not all of it fits: whoever sees it has not seen what is decided. */
  isCut: boolean
}

const asks = {
  approval: 'Approve?',
  question: 'A question',
  outcome: 'Nobody knows whether it took effect',
} as const

/**
 * A request as every service shows it, with all that is not seen written out.
 * @param inert takes from a line what the service itself would read in it, such as marks of a link
 */
export function requestText(
  request: ShownRequest,
  limits: TextLimits,
  inert: (line: string) => string = (line) => line,
): RequestText {
  const { approval } = request
  const lines = aboutLines(request).map((line) => inert(visibleLine(line)))
  const about = cut(lines.join('\n'), limits)
  const shown = cut(inert(visibleJson(approval.shown, 2)), limits)
  return {
    title: inert(visibleLine(`${asks[approval.kind]} ${approval.subject}`)),
    about: about.text,
    shown: shown.text,
    isCut: about.isCut || shown.isCut,
  }
}

/** As much of a text as a service shows. */
export function cut(text: string, { characters, lines: most }: TextLimits): { text: string; isCut: boolean } {
  const lines = text.split('\n')
  if (text.length <= characters && lines.length <= most) return { text, isCut: false }
  return { text: lines.slice(0, most).join('\n').slice(0, characters).toWellFormed(), isCut: true }
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
