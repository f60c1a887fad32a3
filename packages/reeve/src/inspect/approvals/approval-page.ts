import type { Json } from '../../base/json/json.ts'
import { isoText } from '../../base/time/time.ts'
import { requireApproval } from '../../store/approvals/approvals.ts'
import { delegationsOf } from '../../store/approvals/delegations.ts'
import { votesOf } from '../../store/approvals/votes.ts'
import type { Session } from '../../store/database.ts'
import { type EventPayloads, payloadIfSound } from '../../store/journal/events.ts'
import { VeiledTexts } from '../../store/marks/written.ts'
import { readRunByNo } from '../../store/runs/runs.ts'
import { type RunSummary, summariesOf } from '../run/run-view.ts'
import { type ApprovalContext, approvalContext } from './approval-context.ts'
import { type ApprovalView, approvalView } from './approval-view.ts'
import { eventsBefore } from './before.ts'
import { type Field, fieldsOf } from './fields.ts'
import { sourcesOf } from './sources.ts'

/** All that a person needs to decide one thing. Everything in it but ids, times and states is foreign text. */
export interface ApprovalPage {
  approval: ApprovalView
  /** The run that asks, as it stands now: one that is no longer `waiting` may have moved on. */
  run: RunSummary
  /** What is decided on, field by field. */
  fields: Field[]
  /** What was recalled before it asked, the last recall first: what a draft may rest on. */
  passages: (EventPayloads['recall-completed']['passages'][number] & { call: number })[]
  context: ApprovalContext
  /** Who of several has approved it so far; `edit`: what they approve in its place, null: as it stands. */
  votes: { by: string; inPlaceOf: string | null; note: string | null; edit: Json; at: string }[]
  /** Who asked whom to decide it instead. */
  delegations: { from: string; to: string; note: string | null; at: string }[]
}

const mostPassages = 20

/** @throws `unknown-approval` */
export async function approvalPage(session: Session, id: string): Promise<ApprovalPage> {
  const row = await requireApproval(session, id)
  // Approvals go with their run.
  const run = (await readRunByNo(session, row.run))!
  const events = await eventsBefore(session, run, row.step)
  const context = await approvalContext(session, row, events)
  const approval = approvalView(row)
  const sources = sourcesOf(context.inputs[0]?.input ?? null, events)
  const [summary] = await summariesOf(session, [run])
  const texts = new VeiledTexts(session)
  return {
    approval,
    run: summary!,
    fields: fieldsOf(row, approval.shown, sources),
    passages: events
      .toReversed()
      .flatMap((event) =>
        (payloadIfSound(event, 'recall-completed')?.passages ?? []).map((passage) => ({
          ...passage,
          call: event.step ?? 0,
        })),
      )
      .slice(0, mostPassages),
    context,
    votes: (await all(votesOf(session, row), (vote) => texts.shown(row, vote))).map(
      ({ voter, seat, note, answer, at }) => ({
        by: voter,
        inPlaceOf: seat === voter ? null : seat,
        note,
        edit: answer === null ? null : (JSON.parse(answer) as Json),
        at: isoText(at),
      }),
    ),
    delegations: (await all(delegationsOf(session, id), (each) => texts.shown(row, each))).map(
      ({ giver, receiver, note, at }) => ({
        from: giver,
        to: receiver,
        note,
        at: isoText(at),
      }),
    ),
  }
}

async function all<T>(read: Promise<T[]>, turn: (each: T) => Promise<T>): Promise<T[]> {
  const turned: T[] = []
  for (const each of await read) turned.push(await turn(each))
  return turned
}
