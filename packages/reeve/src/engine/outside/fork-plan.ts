import { ReeveError } from '../../base/errors.ts'
import type { Session } from '../../store/database.ts'
import { type ApprovedBy, payloadOf } from '../../store/journal/events.ts'
import { type JournalEvent, readChapter } from '../../store/journal/journal.ts'
import { changesNothing, type EffectClass } from '../../store/journal/vocabulary/effect-class.ts'
import { hasErased } from '../../store/keeping/erased.ts'
import { type RunRow, readRun } from '../../store/runs/runs.ts'
import { type History, type RecordedCall, readHistory, seedOf } from '../replay/history.ts'

/** What a fork of a run would share, ask and do. */
export interface ForkPlan {
  /** The first call that is not shared: as wanted, or earlier where a decision that was not acted upon stands before it. */
  from: number
  /** The events that the fork begins with. */
  shared: JournalEvent[]
  /** What the random numbers of both come from. */
  seed: string
  /** Approvals that were given in the origin and are asked again. */
  asksAgain: { call: number; name: string; by: string | null }[]
  /** Decisions on what the workflow asked by itself that are shared: before the fork acts, a person is asked each time. */
  standing: { call: number; name: string; by: string | null }[]
  /** Effects that were sent already and would be sent once more, under keys of the fork's own. */
  repeats: RepeatedEffect[]
}

export interface RepeatedEffect {
  /** The run that made it: the origin, or a child of it that the fork would start anew. */
  runId: string
  call: number
  name: string
  class: EffectClass
  /** When it was sent last (ms). */
  sentAt: number
  /** Whether a person is asked again before it. */
  isAsked: boolean
}

/** @throws `bad-fork` */
export async function refuseErased(session: Session, origin: RunRow): Promise<void> {
  if (!(await hasErased(session, origin.no))) return
  throw new ReeveError(
    'bad-fork',
    `What run ${origin.id} was about was erased: there is nothing to share. Start a new run.`,
  )
}

/**
 * An approval belongs to its run and its effect. Of the origin's decisions only those are shared that were acted upon
 * within what is shared; all others are asked again, and nothing after them is shared that may rest on them. One that was
 * acted upon may have been meant for more (`ctx.approve`, then two effects): the fork asks before each effect of its own.
 * @throws `bad-fork`
 */
export async function planFork(session: Session, origin: RunRow, from: number): Promise<ForkPlan> {
  await refuseErased(session, origin)
  const chapter = await readChapter(session, origin)
  const events = chapter.map(asStart)
  const whole = readHistory(events)
  const least = whole.callsBefore + 1
  if (!Number.isInteger(from) || from < least || (from > least && from > whole.lastStep)) {
    const earlier = from >= 1 && from < least
    const what = earlier
      ? `Call ${from} of run ${origin.id} belongs to a chapter before the one that it is in, which begins with call ${least}${origin.pruned_call >= from ? '; retention has deleted what was before' : ''}`
      : `Run ${origin.id} has no call ${from}`
    throw new ReeveError('bad-fork', `${what}. See its calls with: reeve show ${origin.id}`)
  }
  let first = from
  let shared = sharedPrefix(events, first)
  for (;;) {
    const history = readHistory(shared)
    refuseEffectUnderWay(origin, history)
    const rest = unspentDecisions(history).find((decision) => restsOn(history, decision))
    if (!rest) break
    first = rest.step
    shared = sharedPrefix(events, first)
  }
  const history = readHistory(shared)
  const dropped = new Set(unspentDecisions(history).map(({ step }) => step))
  for (const { step, settled } of history.calls.values()) if (!settled) dropped.add(step)
  const kept = shared.filter(({ step }) => step === null || !dropped.has(step))
  const made = new Set(kept.flatMap(({ step }) => step ?? []))
  const anew = [...whole.calls.values()].filter(({ step }) => !made.has(step))
  const standing = [...readHistory(kept).calls.values()].filter(
    (call) => isApproved(call) && !bindsEffect(call),
  )
  const seed = seedOf({ seed: whole.seed, first: chapter[0]! }, origin.id)
  return {
    from: first,
    shared: kept,
    seed,
    asksAgain: anew.filter(isApproved).map(describe),
    standing: standing.map(describe),
    repeats: await repeated(session, origin.id, events, made, standing.length > 0),
  }
}

/** A chapter is shared as a run of its own, with the numbers of its calls. */
function asStart(event: JournalEvent): JournalEvent {
  return event.type === 'run-continued' ? { ...event, type: 'run-started' } : event
}

/**
 * Those of which nobody is asked before they are sent again. An `idempotent` one counts as any other: its key is the run's own,
 * so the outside takes what a fork sends for something new.
 */
export function unaskedRepeats({ repeats }: Pick<ForkPlan, 'repeats'>): RepeatedEffect[] {
  return repeats.filter(({ isAsked }) => !isAsked)
}

/** Everything before the first event of a call from `from` on, without what ended the run. */
function sharedPrefix(events: JournalEvent[], from: number): JournalEvent[] {
  const ofRun = (event: JournalEvent) => event.type.startsWith('run-')
  const cut = events.findIndex((event) => event.step !== null && event.step >= from && !ofRun(event))
  const before = cut < 0 ? events : events.slice(0, cut)
  // A retry stays: the failure that it undid must not be replayed.
  return before.filter(
    (event) => !ofRun(event) || event.type === 'run-started' || event.type === 'run-retried',
  )
}

/** The fork would make the effect a second time, under a key of its own. */
function refuseEffectUnderWay(origin: RunRow, shared: History): void {
  for (const { kind, name, settled, step } of shared.calls.values()) {
    if (kind !== 'effect' || settled) continue
    const why = `Effect "${name}" (call ${step}) of run ${origin.id} is in progress, and a fork from a later call would make it again.`
    throw new ReeveError('bad-fork', `${why} Wait until it is settled, or fork from call ${step}.`)
  }
}

function unspentDecisions(history: History): RecordedCall[] {
  const calls = [...history.calls.values()]
  return calls.filter((call) => {
    if (!isApproved(call)) return false
    if (bindsEffect(call)) return !calls.some((each) => each.settled && approvedOf(each)?.call === call.step)
    return !calls.some((each) => hasActed(each) && each.settled!.seq > call.settled!.seq)
  })
}

/** Where a workflow asked by itself, whatever came after may rest on the answer; a bound decision leads to one effect. */
function restsOn(history: History, decision: RecordedCall): boolean {
  if (bindsEffect(decision)) return false
  return [...history.calls.values()].some(
    ({ step, settled }) => step > decision.step && settled && settled.seq > decision.settled!.seq,
  )
}

function isApproved({ kind, settled }: RecordedCall): boolean {
  return (
    kind === 'approval' && settled?.type === 'approval-decided' && decisionOf(settled).status === 'approved'
  )
}

function describe({ step, name, settled }: RecordedCall): { call: number; name: string; by: string | null } {
  return { call: step, name: name ?? '', by: decisionOf(settled!).by }
}

function decisionOf(settled: JournalEvent): { status: string; by: string | null } {
  const { status, by = null } = payloadOf(settled, 'approval-decided')
  return { status, by }
}

function bindsEffect({ opened }: RecordedCall): boolean {
  return opened.some((event) => payloadOf(event, 'approval-requested').binds === 'effect')
}

/** The approval that an effect names. */
function approvedOf({ opened }: RecordedCall): ApprovedBy | undefined {
  const intent = opened.find(({ type }) => type === 'effect-intended')
  return intent && payloadOf(intent, 'effect-intended').approved
}

/** Effects that changed something, and children, which may have. */
function hasActed({ kind, settled, opened }: RecordedCall): boolean {
  if (!settled) return false
  if (kind === 'child') return true
  return kind === 'effect' && opened.some(({ type }) => type === 'effect-intended') && !approvedOfRead(opened)
}

function approvedOfRead(opened: JournalEvent[]): boolean {
  return opened.some(
    (event) => event.type === 'effect-intended' && changesNothing(payloadOf(event, 'effect-intended').class),
  )
}

/** Effects of a run that are not among the calls `made`, and those of the children that would be started anew. */
async function repeated(
  session: Session,
  run: string,
  events: JournalEvent[],
  made: ReadonlySet<number>,
  areAllAsked = false,
): Promise<RepeatedEffect[]> {
  const found = new Map<number, RepeatedEffect>()
  const children: RepeatedEffect[] = []
  const asks = events.filter((event) => isAsked(event) && !made.has(event.step!)).map(({ step }) => step!)
  for (const event of events) {
    const { type, step, name, at } = event
    if (step === null || made.has(step)) continue
    if (type === 'effect-intended') {
      const { class: declared = 'once', approved } = payloadOf(event, 'effect-intended')
      if (changesNothing(declared)) continue
      const willAsk = areAllAsked || approved !== undefined || asks.some((asked) => asked < step)
      found.set(step, {
        runId: run,
        call: step,
        name: name ?? '',
        class: declared,
        sentAt: at,
        isAsked: willAsk,
      })
    } else if (type === 'effect-failed' && payloadOf(event, 'effect-failed').code === 'not-applied') {
      found.delete(step)
    } else if (type === 'child-started') {
      const child = await readRun(session, payloadOf(event, 'child-started').run)
      if (!child) continue
      children.push(...(await repeated(session, child.id, await readChapter(session, child), new Set())))
    }
  }
  return [...found.values(), ...children]
}

function isAsked(event: JournalEvent): boolean {
  return event.type === 'approval-requested' && payloadOf(event, 'approval-requested').kind === 'approval'
}
