import { Cron } from 'croner'
import { messageOf, ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Database, Session } from '../store/database.ts'
import { listSchedules, recordOccurrence, type ScheduleRow, saveSchedule } from '../store/schedules.ts'
import { type Birth, ownKey, prepareBirth } from './birth.ts'
import type { EngineEdges } from './edges.ts'
import { enqueue } from './enqueue.ts'
import type { WorkflowRegistry } from './workflow.ts'

/** Starts a workflow at the times of a cron pattern. */
export interface ScheduleDefinition {
  workflow: string
  /** Five or six fields, or `@daily` and the like. */
  cron: string
  /** IANA name. Default `UTC`. */
  zone?: string
  input?: Json
  /** What happens to times that passed while nothing ran: drop them, start the last, or start up to `all` of them. */
  catchUp?: 'skip' | 'latest' | { all: number }
}

/** A start this late still counts as on time. */
const onTimeMs = 60_000
const mostMissed = 10_000

/** Makes the schedules of a project known. One that is gone from the project stops. @throws `bad-schedule` */
export async function installSchedules(
  database: Database,
  edges: Pick<EngineEdges, 'clock'>,
  definitions: Record<string, ScheduleDefinition>,
): Promise<void> {
  await database.transaction(async (session) => {
    const known = new Map((await listSchedules(session)).map((row) => [row.name, row]))
    for (const [name, definition] of Object.entries(definitions)) {
      const text = JSON.stringify(definition)
      const next = nextAfter(name, definition, edges.clock.now())
      if (known.get(name)?.definition !== text) {
        await saveSchedule(session, { name, workflow: definition.workflow, definition: text, next_at: next })
      }
      known.delete(name)
    }
    for (const name of known.keys()) await session.run('delete from schedules where name = ?', [name])
  })
}

/** Starts what is due: one run for each nominal time, whatever the number of workers. Answers how many started. */
export async function runDueSchedules(
  database: Database,
  edges: EngineEdges,
  workflows: WorkflowRegistry,
): Promise<number> {
  const due = await dueSchedules(database)
  let started = 0
  for (const listed of due) {
    const { name } = listed
    // Numbers come from transactions of their own, so they are taken before. One more, should a time fall due meanwhile.
    const needed = startingTimes(listed, edges.clock.now()).starting.length + 1
    const numbers = await Promise.all(Array.from({ length: needed }, () => edges.numbers.take()))
    started += await database.transaction(async (session) => {
      const [row] = await dueSchedules(session, name)
      return row ? catchUp(session, edges, workflows, row, numbers) : 0
    })
  }
  return started
}

function dueSchedules(session: Session, name?: string): Promise<ScheduleRow[]> {
  const which = name === undefined ? '' : 'and name = ?'
  return session.all<ScheduleRow>(
    `select * from schedules where paused = 0 and next_at <= reeve_now() ${which} {lock}`,
    name === undefined ? [] : [name],
  )
}

async function catchUp(
  session: Session,
  edges: EngineEdges,
  workflows: WorkflowRegistry,
  row: ScheduleRow,
  numbers: number[],
): Promise<number> {
  const definition = JSON.parse(row.definition) as ScheduleDefinition
  const now = edges.clock.now()
  const due = startingTimes(row, now)
  const starting = new Set(due.starting.slice(-numbers.length))
  let started = 0
  for (const nominal of due.times) {
    const reason = starting.has(nominal)
      ? await startOccurrence(session, edges, workflows, row, definition, nominal, numbers[started]!)
      : `missed while nothing ran; catch-up is ${JSON.stringify(definition.catchUp ?? 'latest')}`
    if (reason === null) started++
    else
      await recordOccurrence(session, {
        schedule: row.name,
        nominal,
        outcome: 'skipped',
        reason,
        run: null,
        at: now,
      })
  }
  await session.run('update schedules set next_at = ? where name = ?', [
    nextAfter(row.name, definition, now),
    row.name,
  ])
  return started
}

/** Answers null when it started, or why not. What the database refuses undoes all of the caller's transaction. */
async function startOccurrence(
  session: Session,
  edges: EngineEdges,
  workflows: WorkflowRegistry,
  row: ScheduleRow,
  definition: ScheduleDefinition,
  nominal: number,
  no: number,
): Promise<string | null> {
  let birth: Birth
  try {
    const workflow = workflows.current(definition.workflow)
    const options = { principal: `schedule:${row.name}` }
    const key = ownKey('schedule', `${row.name}:${nominal}`)
    birth = prepareBirth(edges, workflow, definition.input ?? {}, options, no, key)
  } catch (error) {
    edges.log.error('a schedule could not start its workflow', {
      schedule: row.name,
      error: messageOf(error),
    })
    return messageOf(error)
  }
  const fresh = await recordOccurrence(session, {
    schedule: row.name,
    nominal,
    outcome: 'started',
    reason: null,
    run: birth.run.id,
    at: edges.clock.now(),
  })
  if (fresh) await enqueue(session, birth)
  return null
}

/** The nominal times that have come, and those of them that catch-up wants started. */
function startingTimes(row: ScheduleRow, now: number): { times: number[]; starting: number[] } {
  const definition = JSON.parse(row.definition) as ScheduleDefinition
  const times: number[] = []
  for (let at = row.next_at; at !== null && at <= now && times.length < mostMissed; ) {
    times.push(at)
    at = nextAfter(row.name, definition, at)
  }
  return { times, starting: toStart(times, definition.catchUp ?? 'latest', now) }
}

function toStart(times: number[], policy: NonNullable<ScheduleDefinition['catchUp']>, now: number): number[] {
  const onTime = times.filter((at) => at > now - onTimeMs)
  const missed = times.filter((at) => at <= now - onTimeMs)
  if (policy === 'skip') return onTime
  if (policy === 'latest') return onTime.length > 0 ? onTime : missed.slice(-1)
  return [...(policy.all > 0 ? missed.slice(-policy.all) : []), ...onTime]
}

/** The next nominal time after `after` (ms). @throws `bad-schedule` */
export function nextAfter(name: string, definition: ScheduleDefinition, after: number): number | null {
  try {
    const cron = new Cron(definition.cron, { timezone: definition.zone ?? 'UTC', paused: true })
    return cron.nextRun(new Date(after))?.getTime() ?? null
  } catch (cause) {
    throw new ReeveError(
      'bad-schedule',
      `Schedule "${name}" cannot be read (cron "${definition.cron}", zone "${definition.zone ?? 'UTC'}"): ${messageOf(cause)}`,
      { cause },
    )
  }
}
