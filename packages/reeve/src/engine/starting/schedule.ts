import { messageOf, ReeveError } from '../../base/errors.ts'
import { checkOptions, refuseUnknownOptions } from '../../base/options.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { nameAdvice } from '../../base/text/nearest-name.ts'
import type { Database, Session } from '../../store/database.ts'
import {
  deleteSchedule,
  dueSchedules,
  listSchedules,
  lockSchedule,
  recordOccurrence,
  type ScheduleRow,
  saveSchedule,
} from '../../store/dispatch/schedules.ts'
import type { EngineServices } from '../services.ts'
import type { WorkflowRegistry } from '../workflow.ts'
import { enqueue } from './enqueue.ts'
import { ownKey, type PreparedStart, prepareStart } from './prepared-start.ts'
import {
  checkSchedule,
  type DueTimes,
  dueTimes,
  type KeptDefinition,
  nextAfter,
  type ScheduleDefinition,
} from './schedule-times.ts'

export { nextAfter, type ScheduleDefinition } from './schedule-times.ts'

/** A misspelt `zone` would be another time. */
const options = ['workflow', 'cron', 'zone', 'input', 'catchUp'] satisfies (keyof ScheduleDefinition)[]

/**
 * Whether the schedules of a project can start what they name.
 * @throws `unknown-workflow`, `bad-schedule` when an input does not fit its workflow
 */
export function checkScheduled(
  workflows: WorkflowRegistry,
  definitions: Record<string, ScheduleDefinition>,
): void {
  for (const [name, definition] of Object.entries(definitions)) {
    checkOptions(definition, `schedule "${name}"`, { workflow: 'text!' }, 'bad-schedule')
    refuseUnknownOptions(definition, `Schedule "${name}"`, options, 'bad-schedule')
    const { workflow } = definition
    if (!workflows.has(workflow)) {
      const why = `Schedule "${name}" starts workflow "${workflow}", which the project does not have. ${nameAdvice(workflow, workflows.names())}`
      throw new ReeveError('unknown-workflow', why)
    }
    const checked = validate(workflows.current(workflow).input, inputOf(definition))
    if (checked.ok) continue
    const why = `Schedule "${name}" has an input that does not fit workflow "${workflow}"`
    throw new ReeveError('bad-schedule', `${why}: ${describeIssues(checked.issues)}`)
  }
}

function inputOf({ input }: ScheduleDefinition): unknown {
  return input === undefined ? {} : input
}

/**
 * Makes the schedules of a project known. One that is gone from the project stops. Of one that changed, times that passed
 * and nobody has dealt with yet stay due, also when its pattern is another now. One whose last time has passed is kept
 * and told of, once: on a new database it is no mistake of today's, and nothing else may stand still for it.
 * @throws `bad-schedule`
 */
export async function installSchedules(
  database: Database,
  services: Pick<EngineServices, 'clock' | 'log'>,
  definitions: Record<string, ScheduleDefinition>,
): Promise<void> {
  for (const [name, definition] of Object.entries(definitions)) checkSchedule(name, definition)
  await database.transaction(async (session) => {
    const known = new Map((await listSchedules(session)).map((row) => [row.name, row]))
    for (const [name, definition] of Object.entries(definitions)) {
      const changed = await install(name, definition, known.get(name), services.clock.now())
      if (changed) await saveSchedule(session, changed)
      if (changed?.next_at === null) {
        const what = `schedule "${name}" starts nothing any more: the last time of its pattern "${definition.cron}" has passed`
        services.log.warn(`${what}. Remove it, or give it another pattern`, { schedule: name })
      }
      known.delete(name)
    }
    for (const name of known.keys()) await deleteSchedule(session, name)
  })
}

type NewRow = Parameters<typeof saveSchedule>[1]

/** The row to be written; undefined when it stands already. */
async function install(
  name: string,
  definition: ScheduleDefinition,
  before: ScheduleRow | undefined,
  now: number,
): Promise<NewRow | undefined> {
  const row = (kept: KeptDefinition, next_at: number | null): NewRow => {
    return { name, workflow: kept.workflow, definition: JSON.stringify(kept), next_at }
  }
  const next = nextAfter(name, definition, now)
  if (!before) return row(definition, next)
  const { earlier, since, ...old } = JSON.parse(before.definition) as KeptDefinition
  if (JSON.stringify(old) === JSON.stringify(definition)) return
  const waiting: Pick<KeptDefinition, 'earlier' | 'since'> = {}
  if (earlier !== undefined) waiting.earlier = earlier
  if (since !== undefined) waiting.since = since
  if (old.cron === definition.cron && (old.zone ?? 'UTC') === (definition.zone ?? 'UTC')) {
    return row({ ...definition, ...waiting }, before.next_at)
  }
  if (before.next_at === null || before.next_at > now) return row(definition, next)
  const due = await dueTimes(name, { ...old, ...waiting }, before.next_at, now)
  const times = due.oldest === undefined ? due.times : [due.oldest, ...due.times]
  return row({ ...definition, earlier: times, since: now }, times[0] ?? next)
}

/** Schedules that one call deals with, and times of each in one transaction: what is more is left to the next call. */
const mostSchedules = 100
const mostTimes = 100
/** Times in all, after which a call begins with no further schedule. */
const mostInAll = 1000

/**
 * Starts what is due: one run for each nominal time, whatever the number of workers. Answers whether there may be more to
 * do: ten thousand schedules that fall due at one moment, or times that one of them missed, hold nobody else up.
 */
export async function runDueSchedules(
  database: Database,
  services: EngineServices,
  workflows: WorkflowRegistry,
): Promise<boolean> {
  const due = await dueSchedules(database, mostSchedules)
  let done = 0
  for (const [index, row] of due.entries()) {
    if (done >= mostInAll) return index < due.length
    done += await catchUp(database, services, workflows, row)
  }
  return due.length === mostSchedules
}

/** Deals with the times that a schedule has missed, oldest first, some in one transaction. Answers how many there were. */
async function catchUp(
  database: Database,
  services: EngineServices,
  workflows: WorkflowRegistry,
  row: ScheduleRow,
): Promise<number> {
  const now = services.clock.now()
  const rest = () => services.stretch.yield()
  const kept = JSON.parse(row.definition) as KeptDefinition
  const due = await dueTimes(row.name, kept, row.next_at!, now, rest)
  const wanted = new Set(due.starting)
  let before = row
  for (let from = 0; from === 0 || from < due.times.length; from += mostTimes) {
    const slice: Slice = { wanted, now, times: due.times.slice(from, from + mostTimes) }
    if (from === 0 && due.oldest !== undefined) slice.oldest = due.oldest
    const after = { ...before, ...standing(row.name, kept, due.times.slice(from + mostTimes), now) }
    // Numbers come from transactions of their own, so they are taken before.
    const count = slice.times.filter((at) => wanted.has(at)).length
    const numbers = await Promise.all(Array.from({ length: count }, () => services.numbers.take()))
    const isDone = await database.transaction(async (session) => {
      if (!(await stands(session, before))) return false
      await startSlice(session, services, workflows, before, slice, numbers)
      await saveSchedule(session, after)
      return true
    })
    // Another worker deals with it, or it was changed: the next round sees what is due then.
    if (!isDone) break
    before = after
    await rest()
  }
  return due.times.length
}

/** What is left of a schedule when these times are still to be dealt with. */
function standing(
  name: string,
  kept: KeptDefinition,
  left: number[],
  now: number,
): Pick<ScheduleRow, 'definition' | 'next_at'> {
  const { earlier: waiting = [], since, ...definition } = kept
  if (left.length === 0)
    return { definition: JSON.stringify(definition), next_at: nextAfter(name, definition, now) }
  const earlier = waiting.filter((at) => at >= left[0]!)
  const rest = earlier.length > 0 ? { earlier, ...(since === undefined ? {} : { since }) } : {}
  return { definition: JSON.stringify({ ...definition, ...rest }), next_at: left[0]! }
}

/** Whether a schedule is as it was read; it stays so until the transaction ends. */
async function stands(session: Session, { name, definition, next_at }: ScheduleRow): Promise<boolean> {
  const row = await lockSchedule(session, name)
  return row?.paused === 0 && row.next_at === next_at && row.definition === definition
}

/** Times that are dealt with together, of those that `DueTimes` has. */
interface Slice extends Pick<DueTimes, 'times' | 'oldest'> {
  wanted: ReadonlySet<number>
  now: number
}

async function startSlice(
  session: Session,
  services: EngineServices,
  workflows: WorkflowRegistry,
  row: ScheduleRow,
  { times, oldest, wanted, now }: Slice,
  numbers: number[],
): Promise<void> {
  const definition = JSON.parse(row.definition) as KeptDefinition
  const missed = `missed while nothing ran; catch-up is ${JSON.stringify(definition.catchUp ?? 'latest')}`
  const skip = (nominal: number, reason: string) =>
    recordOccurrence(session, {
      schedule: row.name,
      nominal,
      outcome: 'skipped',
      reason,
      run: null,
      at: now,
    })
  if (oldest !== undefined) {
    await skip(oldest, `${missed}. So were all others before ${new Date(times[0]!).toISOString()}`)
  }
  let started = 0
  for (const nominal of times) {
    const reason = wanted.has(nominal)
      ? await startOccurrence(session, services, workflows, row, definition, nominal, numbers[started]!)
      : missed
    if (reason === null) started++
    else await skip(nominal, reason)
  }
}

/** Answers null when it started, or why not. What the database refuses undoes all of the caller's transaction. */
async function startOccurrence(
  session: Session,
  services: EngineServices,
  workflows: WorkflowRegistry,
  row: ScheduleRow,
  definition: ScheduleDefinition,
  nominal: number,
  no: number,
): Promise<string | null> {
  let start: PreparedStart
  try {
    const workflow = workflows.current(definition.workflow)
    const options = { principal: `schedule:${row.name}`, channel: 'schedule' } as const
    const key = ownKey('schedule', `${row.name}:${nominal}`)
    start = prepareStart(services, workflow, inputOf(definition), options, no, { key })
  } catch (error) {
    services.log.error('a schedule could not start its workflow', {
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
    run: start.run.id,
    at: services.clock.now(),
  })
  if (fresh) await enqueue(session, start)
  return null
}
