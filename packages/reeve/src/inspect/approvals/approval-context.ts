import type { Json } from '../../base/json/json.ts'
import type { Session } from '../../store/database.ts'
import type { JournalEvent } from '../../store/journal/journal.ts'
import type { ApprovalRow } from '../../store/runs/approvals.ts'
import { readRunByNo } from '../../store/runs/runs.ts'
import { payloadOf } from '../events/event-payload.ts'
import { eventsBefore, inputOf } from './before.ts'

/** What an approval is about, for whoever decides it. None of it is part of what is decided; all of it is foreign text. */
export interface ApprovalContext {
  /** The run that asks, then the runs above it: what each was given. */
  inputs: { run: string; workflow: string; input: Json }[]
  /** What judged the work before this: answers with a score. */
  reviews: { name: string; solver: string; score: number; problems: Json }[]
  /** What workflow and agents noted before this, the newest last. */
  notes: string[]
  /** The run whose journal this one shares, where it is a fork; there the same may have been done. */
  forkedFrom: string | null
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
  const context: ApprovalContext = { inputs: [], reviews: [], notes: [], forkedFrom: null }
  for (let no: number | null = approval.run; no !== null && context.inputs.length < mostAbove; ) {
    const run = await readRunByNo(session, no)
    const given = run && (await inputOf(session, run))
    if (!run || !given) break
    context.inputs.push({ run: run.id, workflow: run.workflow, input: given.input })
    if (no === approval.run) readOwn(context, events ?? (await eventsBefore(session, run, approval.step)))
    no = run.parent
  }
  return context
}

function readOwn(context: ApprovalContext, events: JournalEvent[]): void {
  for (const event of events) {
    if (event.type === 'log-written') {
      const { message, data } = payloadOf<{ message?: string; data?: { event?: string; reason?: string } }>(
        event,
      )
      if (message !== undefined)
        context.notes.push(data?.event === undefined && data ? `${message} ${JSON.stringify(data)}` : message)
    } else if (event.type === 'run-forked') {
      context.forkedFrom = payloadOf<{ from?: string }>(event).from ?? null
    } else if (event.type === 'question-completed') {
      const { value, solver = '' } = payloadOf<{
        value?: { score?: unknown; problems?: Json } | null
        solver?: string
      }>(event)
      if (typeof value?.score !== 'number') continue
      context.reviews.push({
        name: event.name ?? '',
        solver,
        score: value.score,
        problems: value.problems ?? [],
      })
    }
  }
  context.notes.splice(0, context.notes.length - mostNotes)
  context.reviews.splice(0, context.reviews.length - mostReviews)
}
