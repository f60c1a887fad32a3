import type { ApprovalItem, WaitingItem } from '../../api/types.ts'
import { kindWords as proposalKinds, questions } from '../changes/wording.ts'

type Asked = Pick<ApprovalItem, 'kind' | 'subject' | 'shown'> & { workflow?: string }

/** What is asked, as a sentence. Names of tools and questions are foreign text: they stay as they are. */
export function questionOf(asked: Asked): string {
  const { kind, subject, shown } = asked
  if (kind === 'outcome') return `Did ${subject} do it?`
  if (isReview(asked)) return 'This run ended and asked nobody: was it right?'
  if (kind === 'approval') return isCall(shown) ? `May it call ${subject}?` : `Is “${subject}” all right?`
  const { instructions } = questionIn(shown)
  if (typeof instructions === 'string' && /^[^\n]{5,110}\?$/.test(instructions)) return instructions
  return isWriting(shown) ? `What shall “${subject}” say?` : `Nobody could “${subject}”: what is the answer?`
}

/** An ended run is looked at, as a sample. */
export function isReview({ workflow }: { workflow?: string }): boolean {
  return workflow === 'reeve.review'
}

/** The same on a line of a list: what it is, and by what it is told from others of its kind. */
export function titleOf(asked: Asked): string {
  const { kind, subject, shown } = asked
  const gist = gistOf(kind === 'question' ? questionIn(shown).input : argumentsIn(shown))
  const what = gist === undefined ? subject : `${subject}: ${gist}`
  return kind === 'outcome' ? `Did it happen? ${what}` : what
}

export const kindWords = {
  approval: 'approve',
  question: 'answer',
  outcome: 'say what happened',
  stuck: 'look',
  proposal: 'adopt or reject',
} as const

/** What a person does with it, in a word of a list. */
export function toDo({ kind, proposal, workflow }: WaitingItem): string {
  if (isReview({ workflow })) return 'review'
  return proposal?.kind === 'reconnect' ? 'connect it' : kindWords[kind]
}

/** What a thing that waits asks, whatever it is. */
export function askedBy({ approval, proposal, workflow }: WaitingItem): string {
  if (approval) return questionOf({ ...approval, workflow })
  return proposal ? questions[proposal.kind] : `${workflow} is stuck: what shall become of it?`
}

/** The same on a line of a list. */
export function lineOf({ approval, proposal, workflow }: WaitingItem): string {
  if (approval) return titleOf(approval)
  return proposal ? `${capital(proposalKinds[proposal.kind])}: ${proposal.title}` : `${workflow} is stuck`
}

function capital(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}`
}

/** What the tool would be handed; of what a workflow shows, all of it. */
export function argumentsIn(shown: unknown): unknown {
  return isRecord(shown) && 'args' in shown ? shown.args : shown
}

function isCall(shown: unknown): boolean {
  return isRecord(shown) && 'args' in shown
}

function isWriting(shown: unknown): boolean {
  const { task, wanted } = questionIn(shown)
  return task === 'generate' && (wanted ?? null) === null
}

interface ShownQuestion {
  task?: unknown
  /** In the workflow's own words. */
  instructions?: unknown
  /** What it is about. */
  input?: unknown
  wanted?: unknown
  /** What the solvers came to that was not good enough. */
  best?: { value?: unknown; solver?: unknown; confidence?: unknown }
}

export function questionIn(shown: unknown): ShownQuestion {
  return isRecord(shown) ? (shown as ShownQuestion) : {}
}

/** The parts by which a person tells one thing from another, first those that direct it. */
const telling = [
  'to',
  'recipient',
  'customer',
  'subject',
  'title',
  'name',
  'amount',
  'amountUsd',
  'amountEur',
  'order',
  'orderId',
  'from',
  'channel',
  'url',
  'path',
  'id',
  'question',
]
const deepest = 3

function gistOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : cut(value)
  const told = partsIn(value, (name) => telling.indexOf(name)) ?? partsIn(value, () => 0)
  return told?.slice(0, 2).map(cut).join(', ')
}

/** The scalars of the first object, from the outside in, that has some with a rank, by their rank. */
function partsIn(value: unknown, rankOf: (name: string) => number, depth = 0): string[] | undefined {
  if (!isRecord(value) || depth > deepest) return undefined
  const found = Object.entries(value)
    .filter(([name, part]) => rankOf(name) >= 0 && (typeof part === 'string' || typeof part === 'number'))
    .sort(([left], [right]) => rankOf(left) - rankOf(right))
  if (found.length > 0) return found.map(([, part]) => String(part))
  for (const part of Object.values(value)) {
    const inner = partsIn(part, rankOf, depth + 1)
    if (inner) return inner
  }
  return undefined
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

/** With which account it would act, and whether for real. */
export function actsWithWords({ connection, account, mode }: NonNullable<ApprovalItem['actsWith']>): string {
  const how = mode === 'live' ? 'for real' : 'in sandbox, where nothing real happens'
  return `Acts with the account "${account}" of ${connection}, ${how}.`
}

export function idOf({ approval, runId: run }: WaitingItem): string {
  return approval?.id ?? run
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
