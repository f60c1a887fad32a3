import type { ApprovalItem } from '../../api/types.ts'

/** What is asked, as a question. Names of tools and questions are foreign text: they stay as they are. */
export function questionOf({ kind, subject }: Pick<ApprovalItem, 'kind' | 'subject'>): string {
  if (kind === 'approval') return `May it call ${subject}?`
  if (kind === 'outcome') return `Did ${subject} do it?`
  return `What is the answer to “${subject}”?`
}

export function titleOf({ kind, subject, shown }: Pick<ApprovalItem, 'kind' | 'subject' | 'shown'>): string {
  const gist = gistOf(argumentsIn(shown))
  const what = gist === undefined ? subject : `${subject}: ${gist}`
  return kind === 'outcome' ? `Did it happen? ${what}` : what
}

export const kindWords = { approval: 'approve', question: 'answer', outcome: 'say what happened' } as const

/** What the tool would be handed; of a question or of what a workflow shows, all of it. */
export function argumentsIn(shown: unknown): unknown {
  return isRecord(shown) && 'args' in shown ? shown.args : shown
}

/** The parts by which a person tells one call from another, first those that direct it. */
const telling = [
  'to',
  'recipient',
  'customer',
  'name',
  'amount',
  'amountUsd',
  'order',
  'orderId',
  'subject',
  'title',
  'channel',
  'url',
  'path',
  'id',
]

function gistOf(args: unknown): string | undefined {
  if (!isRecord(args)) return typeof args === 'string' ? cut(args) : undefined
  const isTold = (name: string) => ['string', 'number'].includes(typeof args[name])
  const found = telling.filter(isTold)
  const names = found.length > 0 ? found : Object.keys(args).filter(isTold)
  return names.length > 0
    ? names
        .slice(0, 2)
        .map((name) => cut(String(args[name])))
        .join(', ')
    : undefined
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
