import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { ApprovalRow } from '../../store/approvals/approvals.ts'
import type { Session } from '../../store/database.ts'
import { definitionOf, payloadIfSound } from '../../store/journal/events.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import { readRunByNo } from '../../store/runs/runs.ts'
import { type Review, reviewOf } from '../events/review.ts'
import { eventsBefore, inputOf } from './before.ts'

/** What an approval is about, for whoever decides it. None of it is part of what is decided; all of it is foreign text. */
export interface ApprovalContext {
  /** The run that asks, then the runs above it: what each was given. */
  inputs: { runId: string; workflow: string; input: Json }[]
  /** What judged the work before this: answers with a score. */
  reviews: Omit<Review, 'kind'>[]
  /** What workflow and agents noted before this, the newest last. */
  notes: string[]
  /** The run whose journal this one shares, where it is a fork; there the same may have been done. */
  forkedFromId: string | null
}

const mostAbove = 8
const mostReviews = 5
const mostNotes = 20

/** Reads what a run was given and noted before it asked. `events`: those before it, when they were read already. */
export async function approvalContext(
  session: Session,
  approval: Pick<ApprovalRow, 'run' | 'step'>,
  events?: JournalEvent[],
): Promise<ApprovalContext> {
  const context: ApprovalContext = { inputs: [], reviews: [], notes: [], forkedFromId: null }
  for (let no: number | null = approval.run; no !== null && context.inputs.length < mostAbove; ) {
    const run = await readRunByNo(session, no)
    const given = run && (await inputOf(session, run))
    if (!run || !given) break
    context.inputs.push({ runId: run.id, workflow: run.workflow, input: given.input })
    if (no === approval.run) readOwn(context, events ?? (await eventsBefore(session, run, approval.step)))
    no = run.parent
  }
  return context
}

function readOwn(context: ApprovalContext, events: JournalEvent[]): void {
  for (const event of events) {
    const note = noteOf(event)
    if (note !== undefined) context.notes.push(note)
    if (event.type === 'run-forked') context.forkedFromId = payloadIfSound(event, 'run-forked')?.from ?? null
    const review = reviewOf(event)
    if (!review) continue
    const { kind: _kind, ...told } = review
    context.reviews.push(told)
  }
  context.notes.splice(0, context.notes.length - mostNotes)
  context.reviews.splice(0, context.reviews.length - mostReviews)
}

/** What workflow, agents and patterns noted; what they noted in journals of before are lines with data of their own. */
function noteOf(event: JournalEvent): string | undefined {
  const { role } = definitionOf(event.type) ?? {}
  if (event.type !== 'log-written') return role === 'note' ? messageOf(event) : undefined
  const { message, data } = payloadIfSound(event, 'log-written') ?? {}
  if (message === undefined || !data || (isRecord(data) && data.event !== undefined)) return message
  return `${message} ${JSON.stringify(data)}`
}

function messageOf({ payload }: JournalEvent): string | undefined {
  const said: unknown = payload === null ? undefined : JSON.parse(payload)
  return isRecord(said) && typeof said.message === 'string' ? said.message : undefined
}
