import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { isoText } from '../../base/time/time.ts'
import type { ApprovalKind, ApprovalOfRun } from '../../store/approvals/approvals.ts'
import { asideGroups, countAside } from '../../store/approvals/crowding/aside.ts'
import { readRules } from '../../store/approvals/rules.ts'
import type { Session } from '../../store/database.ts'
import { countOpenProposals } from '../../store/proposals/proposals.ts'
import {
  countWaiting,
  pendingAfter,
  type StuckRun,
  stuckRuns,
  type WaitingPlace,
} from '../../store/runs/waiting.ts'
import { type ApprovalView, approvalView } from '../approvals/approval-view.ts'

/** One thing that waits for a person. */
export interface WaitingItem {
  kind: ApprovalKind | 'stuck'
  /** Since when (ISO 8601). */
  since: string
  runId: string
  workflow: string
  /** What it is about: the tool or the question; of a stuck run why it is stuck. Foreign text. */
  subject: string
  /** Equal for things that are of one kind, workflow and subject: they may be decided together, once one was looked at. */
  alike: string
  /** Null: a run that is stuck, which is retried, cancelled or forked. */
  approval: ApprovalView | null
}

export interface WaitingPage {
  /** What has waited longest first. */
  items: WaitingItem[]
  /** Give it as `cursor` for the next page; null: this was the last one. */
  next: string | null
}

/** What is asked beyond what people are shown of one sender, or of one kind by one channel. Foreign text. */
export interface AsideView {
  channel: string
  /** Who sent it, as the input says; null: the channel alone is known. */
  sender: string | null
  workflow: string
  kind: ApprovalKind
  subject: string
  count: number
  since: string
}

export type WaitingCounts = Record<ApprovalKind | 'stuck' | 'proposal' | 'total' | 'aside', number> & {
  /** Whether there are more than were counted. */
  isMore: boolean
}

/** More than these are counted as so many. */
const mostCounted = 10_000
/** Runs that are stuck, looked at for each page. */
const mostStuck = 1000
const mostItems = 500

/**
 * Everything that waits for a person, in pages. `limit`: 1 to 500, default 50. `aside`: what is kept back instead.
 * @throws `bad-cursor`
 */
export async function waitingPage(
  session: Session,
  { cursor, limit = 50, aside = false }: { cursor?: string; limit?: number; aside?: boolean } = {},
): Promise<WaitingPage> {
  const most = Math.min(Math.max(1, Math.trunc(limit)), mostItems)
  const place = cursor === undefined ? undefined : placeOf(cursor)
  const limits = await readRules(session)
  const asked = (await pendingAfter(session, place, most + 1, { limits, aside })).map(askedEntry)
  const stuck = aside ? [] : (await stuckRuns(session, mostStuck)).map(stuckEntry)
  const entries = [...asked, ...stuck.filter((entry) => !place || isAfter(entry, place))].sort(
    (left, right) => (isAfter(left, right) ? 1 : -1),
  )
  const shown = entries.slice(0, most)
  const last = shown.at(-1)
  return {
    items: shown.map(({ item }) => item()),
    next: last && entries.length > most ? `${last.at}-${last.id}` : null,
  }
}

/** How much waits for a person, by kind. */
export async function countsOfWaiting(session: Session): Promise<WaitingCounts> {
  const limits = await readRules(session)
  const asked = await countWaiting(session, mostCounted, limits)
  const stuck = (await stuckRuns(session, mostStuck)).length
  const counts = {
    approval: asked.get('approval') ?? 0,
    question: asked.get('question') ?? 0,
    outcome: asked.get('outcome') ?? 0,
    stuck,
    // What machines propose belongs to no run: it is a list of its own (`proposalPage`).
    proposal: await countOpenProposals(session, mostCounted),
    aside: await countAside(session, limits, mostCounted),
  }
  const total = counts.approval + counts.question + counts.outcome + counts.proposal
  return { ...counts, total: total + stuck, isMore: total >= mostCounted || stuck >= mostStuck }
}

const mostGroups = 100

/** What waits aside, by who sent it, the largest first: it is asked when what is before it was decided. */
export async function asideOfWaiting(session: Session): Promise<AsideView[]> {
  const limits = await readRules(session)
  const groups = await asideGroups(session, limits, { most: mostCounted, limit: mostGroups })
  return groups.map(({ sender, crowd, count, since }) => {
    const [channel, workflow, kind, subject] = JSON.parse(crowd) as [string, string, ApprovalKind, string]
    const who = sender === null ? null : sender.slice(channel.length + 1)
    return { channel, sender: who, workflow, kind, subject, count, since: isoText(since) }
  })
}

interface Entry extends WaitingPlace {
  item: () => WaitingItem
}

function isAfter(one: WaitingPlace, other: WaitingPlace): boolean {
  return one.at > other.at || (one.at === other.at && one.id > other.id)
}

function askedEntry(row: ApprovalOfRun): Entry {
  return {
    at: row.requested_at,
    id: row.id,
    item: () => ({
      kind: row.kind,
      since: isoText(row.requested_at),
      runId: row.run_id,
      workflow: row.workflow,
      subject: row.subject,
      alike: alikeOf(row.kind, row.workflow, row.subject),
      approval: approvalView(row),
    }),
  }
}

function stuckEntry(row: StuckRun): Entry {
  const at = row.stuck_at ?? row.created_at
  const subject = row.reason ?? 'it needs a person'
  return {
    at,
    id: row.id,
    item: () => ({
      kind: 'stuck',
      since: isoText(at),
      runId: row.id,
      workflow: row.workflow,
      subject,
      alike: alikeOf('stuck', row.workflow, subject),
      approval: null,
    }),
  }
}

function alikeOf(...parts: string[]): string {
  return sha256(JSON.stringify(parts)).slice(0, 16)
}

/** @throws `bad-cursor` */
function placeOf(cursor: string): WaitingPlace {
  const [, at, id] = /^(\d{1,15})-([0-9a-zA-Z]{1,100})$/.exec(cursor) ?? []
  if (at !== undefined && id !== undefined) return { at: Number(at), id }
  throw new ReeveError(
    'bad-cursor',
    `${describeValue(cursor)} is not a valid page cursor of this list. Give the \`next\` of a page as it was answered, or leave it out for the first page.`,
  )
}
