import { isoText } from '../base/time/time.ts'
import type { ApprovalRow } from '../store/approvals/approvals.ts'
import { accountName } from '../store/connectors/accounts.ts'
import { type AwaitedOfPeople, awaitedOfPeople } from '../store/connectors/awaited-of-people.ts'
import type { Session } from '../store/database.ts'
import { listQueues } from '../store/dispatch/queues/queues.ts'
import { drivenVersions, lackOf } from '../store/dispatch/workers.ts'
import { openSaid, openSignalWaits } from '../store/journal/said.ts'
import { openFamilyOf, pendingOf } from '../store/runs/family.ts'
import { endedStatuses, type RunRow } from '../store/runs/runs.ts'

/**
 * How a run stands, its children included: something of them goes on, or nothing does until somebody does something.
 *
 *   moving    something of it can go on without anybody doing anything (a timer counts)
 *   waiting   a person must decide, connect an account, accept an action, send a signal or resume it
 *   stuck     a person must look at `run`, which is the run itself or a child
 *   ended     it stays as it is
 *
 * All but `moving` are "at rest". This is the one definition of it for everything that shows a run or waits for one.
 */
export type StandingState = 'moving' | 'waiting' | 'stuck' | 'ended'

export interface RunStanding {
  state: StandingState
  /** The run that decides the state. */
  run: RunRow
  /** What people are asked. */
  approvals: ApprovalRow[]
  /** Why nobody drives the run, though workers are there. */
  lack?: string
  /** What its calls wait for that only people do. */
  awaited?: AwaitedOfPeople[]
  /** The signal that it waits for. */
  signal?: string
  /** Of one that moves by time alone: when the first of it goes on by itself (ms), and whether for want of a budget. */
  byTime?: { at: number; isBudget: boolean }
}

/** Whether nothing of a run goes on until somebody does something. */
export function isAtRest({ state }: Pick<RunStanding, 'state'>): boolean {
  return state !== 'moving'
}

/** How a run stands now; asks for its whole family, so it is for one run and not for a list of them. */
export async function standingOf(session: Session, run: RunRow): Promise<RunStanding> {
  if (endedStatuses.includes(run.status)) return { state: 'ended', run, approvals: [] }
  if (run.status === 'stuck') return { state: 'stuck', run, approvals: [] }
  const family = await openFamilyOf(session, run.no)
  const held = new Set((await listQueues(session)).filter((queue) => queue.paused).map(({ name }) => name))
  const driven = await drivenVersions(session)
  const isHeld = (member: RunRow) => member.paused !== 0 || held.has(member.queue)
  const goesOn = (member: RunRow) =>
    member.status === 'running' ||
    (member.status === 'queued' && !isHeld(member) && lackOf(member, driven) === undefined)
  const approvals = await pendingOf(session, run.no)
  if (family.some(goesOn)) return { state: 'moving', run, approvals }
  if (approvals.length > 0) return { state: 'waiting', run, approvals }
  const stuck = family.find((member) => member.status === 'stuck')
  if (stuck) return { state: 'stuck', run: stuck, approvals }
  const lacking = family.find((member) => lackOf(member, driven) !== undefined)
  if (lacking) return { state: 'waiting', run: lacking, approvals, lack: lackOf(lacking, driven)! }
  const timed = family.filter(wakesByTime)
  // Such a call also looks again by time: that is not what it waits for.
  const awaited = await awaitedOfPeople(
    session,
    timed.map(({ no }) => no),
  )
  const first = awaited[0]
  if (first) {
    const waiting = family.find(({ no }) => no === first.run)!
    return { state: 'waiting', run: waiting, approvals, awaited }
  }
  if (timed.length > 0) return movingByTime(session, timed, approvals)
  const [signal] = await openSignalWaits(session, run)
  return { state: 'waiting', run, approvals, ...(signal && { signal: signal.name }) }
}

/** Whether time alone wakes it. */
export function wakesByTime({ wake_at, paused }: RunRow): boolean {
  return wake_at !== null && paused === 0
}

async function movingByTime(
  session: Session,
  timed: readonly RunRow[],
  approvals: ApprovalRow[],
): Promise<RunStanding> {
  const first = timed.reduce((one, other) => (other.wake_at! < one.wake_at! ? other : one))
  const [signal] = await openSignalWaits(session, first)
  const isBudget = !signal && (await openSaid(session, first, 'budget-awaited')).length > 0
  const byTime = { at: first.wake_at!, isBudget }
  return { state: 'moving', run: first, approvals, byTime, ...(signal && { signal: signal.name }) }
}

/** What a run that rests waits for; `signal`, `paused` and `queue` are what a person can do something about at once. */
export type WaitsFor =
  | { for: 'worker'; words: string; lack: string }
  | { for: 'resume'; words: string }
  | { for: 'signal'; words: string; signal: string; until?: string }
  | { for: 'budget'; words: string; until: string }
  | { for: 'time'; words: string; until: string }
  | { for: 'queue'; words: string; queue: string }
  | { for: 'person'; words: string; approvals: number }
  | {
      for: 'account'
      words: string
      accounts: { connection: string; account: string; mode: 'live' | 'sandbox' }[]
    }
  | { for: 'contract'; words: string; connection: string }
  | { for: 'other'; words: string }

/** A wait that is longer is not watched to its end (ms). */
const longWaitMs = 60_000

/** Whether nothing of a run acts, and nothing of it goes on by itself within a minute. */
export function onlyWaits(waitsFor: WaitsFor | null | undefined, now: number): boolean {
  if (!waitsFor || !('until' in waitsFor) || waitsFor.until === undefined) return false
  return Date.parse(waitsFor.until) - now > longWaitMs
}

/** What a run waits for, in words; undefined for one of which something acts, that is stuck or ended. */
export function waitsForOf({
  state,
  run,
  lack,
  approvals,
  awaited = [],
  signal,
  byTime,
}: RunStanding): WaitsFor | undefined {
  if (byTime) {
    const until = isoText(byTime.at)
    const words = run.reason ?? 'its time'
    if (signal !== undefined) return { for: 'signal', words, signal, until }
    return { for: byTime.isBudget ? 'budget' : 'time', words, until }
  }
  if (state !== 'waiting') return undefined
  if (approvals.length > 0) {
    const words =
      approvals.length === 1 ? 'a person must decide' : `a person must decide ${approvals.length} things`
    return { for: 'person', words, approvals: approvals.length }
  }
  const ofPeople = ofPeopleIn(awaited)
  if (ofPeople) return ofPeople
  if (lack !== undefined) return { for: 'worker', words: lack, lack }
  if (run.paused !== 0) return { for: 'resume', words: 'paused' }
  if (signal !== undefined) return { for: 'signal', words: run.reason ?? `signal "${signal}"`, signal }
  if (run.status === 'queued')
    return { for: 'queue', words: `its queue "${run.queue}" is paused`, queue: run.queue }
  return { for: 'other', words: run.reason ?? 'nothing that happens by itself' }
}

function ofPeopleIn(awaited: readonly AwaitedOfPeople[]): WaitsFor | undefined {
  const [first] = awaited
  if (!first) return undefined
  if (first.what === 'contract') {
    const { connection } = first
    const words = `an owner must accept what changed in the actions of ${connection}`
    return { for: 'contract', words, connection }
  }
  const lost = awaited.filter((each) => each.what === 'account')
  const words = lost.map(
    (each) => `${accountName(each)} has to be connected: ${each.reason ?? 'it has no credential'}`,
  )
  const accounts = lost.map(({ connection, account, mode }) => ({ connection, account, mode }))
  return { for: 'account', words: [...new Set(words)].join('; '), accounts }
}
