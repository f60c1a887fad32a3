import type { Session } from '../database.ts'
import type { RunRow } from '../runs/runs.ts'
import { type EventType, payloadOf, quoted, type SaidEvent, typesOf } from './events.ts'
import type { JournalEvent } from './journal.ts'

const said = 'e.type, coalesce(e.payload, b.content) as payload'
const ofEvents = 'from events e left join blobs b on b.hash = e.blob'

/** What the events of one type say that belong to a call; the newest first. */
export function saidByCall(
  session: Session,
  run: number,
  step: number,
  type: EventType,
): Promise<SaidEvent[]> {
  return session.all<SaidEvent>(
    `select ${said} ${ofEvents} where e.run = ? and e.step = ? and e.type = ${quoted(type)} order by e.seq desc`,
    [run, step],
  )
}

/** What a call of a run has written since the run was last retried, in its order; notes are not among it. */
export function eventsOfCall(
  session: Session,
  run: number,
  step: number,
): Promise<(SaidEvent & { seq: number; name: string | null })[]> {
  return session.all(
    `select e.seq, e.name, ${said} ${ofEvents} where e.run = ? and e.step = ?
       and e.type not in (${quoted('signal-refused', 'run-retried', 'run-continued')})
       and e.seq > coalesce((select max(r.seq) from events r where r.run = e.run and r.type = ${quoted('run-retried')} and r.step = e.step), 0)
     order by e.seq`,
    [run, step],
  )
}

/** What was said of a run's retries after one of its events. */
export function retriesAfter(session: Session, run: number, seq: number): Promise<SaidEvent[]> {
  return session.all<SaidEvent>(
    `select ${said} ${ofEvents} where e.run = ? and e.seq > ? and e.type = ${quoted('run-retried')} order by e.seq`,
    [run, seq],
  )
}

/**
 * The events of this type of its chapter that nothing of their call came after: of an intent, nobody knows whether it
 * happened.
 */
export function openSaid(
  session: Session,
  run: Pick<RunRow, 'no' | 'chapter_seq'>,
  type: 'effect-intended' | 'effect-unknown' | 'budget-awaited',
): Promise<(SaidEvent & { step: number; name: string })[]> {
  return session.all(
    `select e.step, e.name, ${said} ${ofEvents}
     where e.run = ? and e.seq >= ? and e.type = ${quoted(type)}
       and not exists (select 1 from events later where later.run = e.run and later.step = e.step and later.seq > e.seq)`,
    [run.no, run.chapter_seq],
  )
}

/** The last event of a call, where it is of this type. */
export async function lastSaid(
  session: Session,
  run: number,
  step: number,
  type: EventType,
): Promise<SaidEvent | undefined> {
  const last = await session.get<SaidEvent>(
    `select ${said} ${ofEvents} where e.run = ? and e.step = ? order by e.seq desc limit 1`,
    [run, step],
  )
  return last?.type === type ? last : undefined
}

/** The waits for signals that nothing has settled, in the order in which they are served. */
export function openSignalWaits(
  session: Session,
  run: Pick<RunRow, 'no' | 'open_seq'>,
): Promise<(SaidEvent & { name: string })[]> {
  return session.all(
    `select e.name as name, ${said} ${ofEvents}
     where e.run = ? and e.seq >= ? and e.type = ${quoted('signal-awaited')} and not exists (
       select 1 from events later where later.run = e.run and later.step = e.step and later.seq > e.seq
         and later.type in (${quoted(...typesOf('settlement', 'signal'))}))
     order by e.seq`,
    [run.no, run.open_seq],
  )
}

/** The calls of a run that settled with an event of this type and name, in their order. */
export async function callsThatSaid(
  session: Session,
  run: number,
  type: EventType,
  name: string,
): Promise<number[]> {
  const events = await session.all<{ step: number }>(
    `select step from events where run = ? and type = ${quoted(type)} and name = ? order by seq`,
    [run, name],
  )
  return events.map(({ step }) => step)
}

const atOnce = 500

/** Who answered the questions of a run and of the runs below it: models, rules, people. */
export async function answerersOf(session: Session, run: string): Promise<string[]> {
  const answerers = new Set<string>()
  for (let from = { run: 0, seq: 0 }; ; ) {
    const page = await session.all<JournalEvent>(
      `with recursive family(no) as (
         select no from runs where id = ? union all select runs.no from runs join family on runs.parent = family.no)
       select e.run, e.seq, e.type, e.step, e.name, e.args, e.at, coalesce(e.payload, b.content) as payload, e.blob, e.hash
       from events e left join blobs b on b.hash = e.blob
       where e.run in (select no from family) and e.type = ${quoted('question-completed')}
         and (e.run > ? or (e.run = ? and e.seq > ?)) order by e.run, e.seq limit ${atOnce}`,
      [run, from.run, from.run, from.seq],
    )
    for (const event of page) {
      const solver = payloadOf(event, 'question-completed')?.solver
      if (solver != null) answerers.add(solver)
    }
    const last = page.at(-1)
    if (!last || page.length < atOnce) return [...answerers].sort()
    from = { run: last.run, seq: last.seq }
  }
}

/** What the events of one type say in these runs; the newest run first, and of each the newest event. Not what lies in blobs. */
export function saidByRuns(
  session: Session,
  runs: readonly number[],
  type: EventType,
): Promise<(SaidEvent & { run: number })[]> {
  return session.all(
    `select run, type, payload from events where run in (${runs.map(() => '?').join(', ')})
       and type = ${quoted(type)} order by run desc, seq desc`,
    [...runs],
  )
}

/** What the events of these types say in one run, in their order. */
export function saidInRun(
  session: Session,
  run: number,
  ...types: readonly EventType[]
): Promise<SaidEvent[]> {
  return session.all<SaidEvent>(
    `select ${said} ${ofEvents} where e.run = ? and e.type in (${quoted(...types)}) order by e.seq`,
    [run],
  )
}

/** The beginnings of what these runs were started with, so many characters of each. Not what lies in blobs. */
export function startsOf(
  session: Session,
  runs: readonly number[],
  length: number,
): Promise<{ run: number; payload: string | null }[]> {
  return session.all(
    `select run, substr(payload, 1, ${length}) as payload from events
     where seq = 1 and type = ${quoted('run-started')} and run in (${runs.map(() => '?').join(', ')})`,
    [...runs],
  )
}

/** An event of a call that acts outside. */
export type EffectEvent = SaidEvent & {
  id: number
  seq: number
  step: number
  name: string | null
  at: number
}

const effectTypes = quoted(
  'effect-intended',
  'effect-shared',
  'effect-completed',
  'effect-failed',
  'effect-unknown',
  'run-forked',
)

/** What the effects of a run came to, in order, with where it was forked; `from`: of calls from there on; `call`: of that one. */
export function effectEvents(
  session: Session,
  run: number,
  from: number,
  call?: number,
): Promise<EffectEvent[]> {
  return session.all<EffectEvent>(
    `select e.id, e.seq, e.step, e.name, e.at, ${said} ${ofEvents}
     where e.run = ? and e.type in (${effectTypes}) and (e.step >= ? or e.type = ${quoted('run-forked')})
       ${call === undefined ? '' : 'and e.step = ?'} order by e.seq`,
    call === undefined ? [run, from] : [run, from, call],
  )
}
