import type { Json } from '../../base/json/json.ts'
import { readHistory } from '../../engine/execution/history.ts'
import type { Session } from '../../store/database.ts'
import { type JournalEvent, readChapter } from '../../store/journal/journal.ts'
import type { ApprovalRow } from '../../store/runs/approvals.ts'
import { readRunByNo } from '../../store/runs/runs.ts'

/** What an approval is about, for whoever decides it. None of it is part of what is decided. */
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

/** Reads what a run was given and noted before it asked. */
export async function approvalContext(
  session: Session,
  approval: Pick<ApprovalRow, 'run' | 'step'>,
): Promise<ApprovalContext> {
  const context: ApprovalContext = { inputs: [], reviews: [], notes: [], forkedFrom: null }
  for (let no: number | null = approval.run; no !== null && context.inputs.length < mostAbove; ) {
    const run = await readRunByNo(session, no)
    if (!run) break
    const events = await readChapter(session, run)
    if (events.length === 0) break
    const { input } = contentOf<{ input?: Json }>(readHistory(events).input)
    context.inputs.push({ run: run.id, workflow: run.workflow, input: input ?? null })
    if (no === approval.run) readOwn(context, events, approval.step)
    no = run.parent
  }
  return context
}

function readOwn(context: ApprovalContext, events: JournalEvent[], step: number): void {
  const asked = events.findIndex((event) => event.step === step)
  for (const event of asked < 0 ? events : events.slice(0, asked)) {
    if (event.type === 'log-written') {
      const { message, data } = contentOf<{ message?: string; data?: { event?: string; reason?: string } }>(
        event,
      )
      if (message !== undefined)
        context.notes.push(data?.event === undefined && data ? `${message} ${JSON.stringify(data)}` : message)
    } else if (event.type === 'run-forked') {
      context.forkedFrom = contentOf<{ from?: string }>(event).from ?? null
    } else if (event.type === 'question-completed') {
      const { value, solver = '' } = contentOf<{
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

function contentOf<T>({ payload }: JournalEvent): T {
  const value: unknown = payload === null ? {} : JSON.parse(payload)
  return (typeof value === 'object' && value !== null ? value : {}) as T
}
