import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { storable } from '../../base/text/shorten.ts'
import { shownId } from '../../base/text/text.ts'
import type { Clock } from '../../base/time/time.ts'
import { type ApprovalOfRun, recordDecision, requireApproval } from '../../store/approvals/approvals.ts'
import { paceOf } from '../../store/approvals/crowding/pace.ts'
import { readRules } from '../../store/approvals/rules.ts'
import { recordVote, type VoteRow, votesOf } from '../../store/approvals/votes.ts'
import { recordAct } from '../../store/authority/authority-log.ts'
import type { Session } from '../../store/database.ts'
import type { DecisionItem } from '../../store/runs/decision-item.ts'
import { deliver } from '../../store/runs/inbox.ts'
import { lockRun } from '../../store/runs/runs.ts'
import { whatRuns } from '../replay/inside-body.ts'
import { type AboutToDecide, missingOf, neededFor, seatOf } from './deciders.ts'
import {
  type ApprovalDecision,
  refuseDecided,
  refuseNotAllowed,
  refuseOther,
  refuseTampered,
} from './decision.ts'
import { permissionFrom, rememberDecision } from './remember.ts'
import { settleAsTold } from './told-outcome.ts'

/** The most of a note that is kept with a decision, in characters. */
export const longestNote = 16_000

const statuses = { approve: 'approved', reject: 'rejected', answer: 'answered' } as const

/** A decision that fits what was read of its request before: `answer` is the whole edit, or the answer, as JSON text. */
export interface ReadyDecision {
  decision: ApprovalDecision
  approval: ApprovalOfRun
  answer: string | null
  /** The remembered permission by which it is decided: nobody looked at it. */
  permission?: string
}

/**
 * Records a decision in a transaction, with what proves it. Answers whether the run goes on: a request that several must
 * approve stays open until they have.
 * @throws `unknown-approval` `already-decided` `approval-expired` `approval-changed` `may-not-decide` `wrong-answer`
 */
export async function recordWhatWasDecided(
  session: Session,
  clock: Clock,
  { decision, approval, answer, permission }: ReadyDecision,
): Promise<boolean> {
  const { by, verdict } = decision
  // First the run, then its approval: in the order in which a worker's commit writes them.
  const run = await lockRun(session, approval.run)
  const at = clock.now()
  const current = await requireApproval(session, approval.id)
  refuseDecided(current, at)
  await refuseTampered(session, current)
  // Asked again under its id since it was read.
  refuseOther(current, approval.args_hash)
  refuseNotAllowed(current, { isEdit: answer !== null && verdict === 'approve', verdict })
  const about: AboutToDecide = { approval: current, requester: run?.principal ?? '', at }
  const seat = await seatOf(session, about, by)
  if (verdict === 'approve' && permission === undefined) await refuseHaste(session, current, by, at)
  const remembered = decision.remember && permissionFrom(current, decision.remember, answer !== null)
  const note = decision.note === undefined ? null : storable(decision.note, longestNote)
  const status = statuses[verdict]
  const needed = status === 'approved' ? neededFor(about) : 1
  const told = { by, note, at, answer }
  let votes: VoteRow[] = []
  if (needed > 1) {
    const { id, args_hash: hash } = current
    await recordVote(session, { approval: id, hash, seat, voter: by, note, answer, at })
    votes = await countedVotes(session, about, answer)
    if (votes.length < needed) {
      await recordDecided(session, current, decision, { ...told, type: 'approval-voted' })
      return false
    }
  }
  await recordDecision(session, current.id, { ...told, status, permission })
  const item: DecisionItem = { status, by, note, hash: current.args_hash }
  if (answer !== null) item.answer = JSON.parse(answer) as Json
  if (seat !== by) item.inPlaceOf = seat
  if (permission !== undefined) item.permission = permission
  if (votes.length > 0)
    item.votes = votes.map(({ voter, note: said, at: when }) => ({ by: voter, note: said, at: when }))
  const name = `${current.kind === 'outcome' ? 'outcome' : 'approval'}:${current.id}`
  // It is open, so this decision is the only one, also where one before it did not fit.
  await deliver(session, { run: current.run, name, dedup: null, payload: JSON.stringify(item), at })
  if (current.kind === 'outcome' && run) await settleAsTold(session, run, current, item.answer)
  await recordDecided(session, current, decision, { ...told, type: 'approval-decided' })
  const { proof = 'local-user' } = decision
  if (remembered) await rememberDecision(session, current, remembered, { by, proof, at })
  return true
}

const secondLookMs = 3_000

/** Where the project wants it, whoever approves one after the other without looking is made to look. @throws `second-look` */
async function refuseHaste(session: Session, { id }: ApprovalOfRun, by: string, at: number): Promise<void> {
  const { secondLook, hastyPerHour } = await readRules(session)
  if (!secondLook) return
  const { hasty, lastAt } = await paceOf(session, by, at)
  if (hasty <= hastyPerHour || lastAt === null || at - lastAt >= secondLookMs) return
  throw new ReeveError(
    'second-look',
    `${shownId(by)} approved ${hasty} times within the last hour less than a second after the time before. Look at ${id} once more, and approve it in ${secondLookMs / 1000} s or later. Nothing was decided.`,
    { retryable: true, details: { approval: id, retryAfterSeconds: secondLookMs / 1000 } },
  )
}

/** Those of them who approve the same, and still may. */
async function countedVotes(
  session: Session,
  about: AboutToDecide,
  answer: string | null,
): Promise<VoteRow[]> {
  const same = (await votesOf(session, about.approval)).filter((vote) => sameAnswer(vote.answer, answer))
  const counted: VoteRow[] = []
  for (const vote of same)
    if ((await missingOf(session, about, vote.seat, vote.voter)) === undefined) counted.push(vote)
  return counted
}

function sameAnswer(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one === other
  return canonical(JSON.parse(one) as Json) === canonical(JSON.parse(other) as Json)
}

async function recordDecided(
  session: Session,
  { id, args_hash: hash, run_id: run }: ApprovalOfRun,
  { by, verdict, proof = 'local-user' }: ApprovalDecision,
  {
    type,
    answer,
    note,
    at,
  }: { type: 'approval-decided' | 'approval-voted'; answer: string | null; note: string | null; at: number },
): Promise<void> {
  const said = answer === null ? {} : { answer: sha256(canonical(JSON.parse(answer) as Json)) }
  await recordAct(session, {
    type,
    by,
    proof,
    subject: id,
    run,
    at,
    ...(note !== null && { why: note }),
    details: { status: statuses[verdict], hash, ...said },
  })
}

/** Whatever a model can reach from within a run must not decide. @throws `may-not-decide` */
export function refuseFromWithin(approval: string): void {
  const what = whatRuns()
  if (what === undefined) return
  throw new ReeveError(
    'may-not-decide',
    `A decision on ${approval} was given from within ${what}: no run decides what runs ask for. Nothing was decided. A person decides: reeve approvals ${approval}`,
  )
}
