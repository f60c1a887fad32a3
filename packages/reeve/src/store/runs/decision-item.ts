import type { Json } from '../../base/json/json.ts'
import { isRecord } from '../../base/json/record.ts'
import type { ApprovalStatus } from '../approvals/approvals.ts'
import type { InboxItem } from './inbox.ts'

/** A person's decision as it travels through the inbox. */
export interface DecisionItem {
  status: Extract<ApprovalStatus, 'approved' | 'rejected' | 'answered'>
  by: string
  note: string | null
  answer?: Json
  /** Of what was shown to whoever decided. */
  hash?: string
  /** In whose place `by` decided. */
  inPlaceOf?: string
  /** The remembered permission by which it was decided. */
  permission?: string
  /** All who approved it, where it took several. */
  votes?: { by: string; note: string | null; at: number }[]
}

/** What a person answers about an unknown outcome. */
export type OutcomeAnswer = { happened: true; result?: Json } | { happened: false; retry: boolean }

/** The decision in an item of the inbox; undefined for what is none, which only a hand in the database can have put there. */
export function decisionIn({ payload }: Pick<InboxItem, 'payload'>): DecisionItem | undefined {
  const said: unknown = JSON.parse(payload)
  return isDecision(said) ? said : undefined
}

function isDecision(said: unknown): said is DecisionItem {
  return (
    isRecord(said) &&
    typeof said.by === 'string' &&
    ['approved', 'rejected', 'answered'].includes(said.status as string)
  )
}

export function isOutcomeAnswer(answer: Json | undefined): answer is OutcomeAnswer & Json {
  if (!isRecord(answer)) return false
  return answer.happened === true || (answer.happened === false && typeof answer.retry === 'boolean')
}
