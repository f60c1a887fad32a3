import { messageOf, ReeveError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import type { Database, Session } from '../../store/database.ts'
import {
  listSchedules,
  recordOccurrence,
  type ScheduleRow,
  saveSchedule,
} from '../../store/dispatch/schedules.ts'
import type { EngineServices } from '../services.ts'
import type { WorkflowRegistry } from '../workflow.ts'
import { type Birth, ownKey, prepareBirth } from './birth.ts'
import { enqueue } from './enqueue.ts'
import {
  checkSchedule,
  type DueTimes,
  dueTimes,
  type KeptDefinition,
  nextAfter,
  type ScheduleDefinition,
} from './schedule-times.ts'

export { nextAfter, type ScheduleDefinition } from './schedule-times.ts'

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
    const { workflow } = definition
    if (!workflows.names().includes(workflow)) {
      const why = `Schedule "${name}" starts workflow "${workflow}", which the project does not have.`
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
      const changed = install(name, definition, known.get(name), services.clock.now())
      if (changed) await saveSchedule(session, changed)
      if (changed?.next_at === null) {
        const what = `schedule "${name}" starts nothing any more: the last time of its pattern "${definition.cron}" has passed`
        services.log.warn(`${what}. Remove it, or give it another pattern`, { schedule: name })
      }
      known.delete(name)
    }
    for (const name of known.keys()) await session.run('delete from schedules where name = ?', [name])
  })
}

type NewRow = Parameters<typeof saveSchedule>[1]

/** The row to be written; undefined when it stands already. */
function install(
  name: string,
  definition: ScheduleDefinition,
  before: ScheduleRow | undefined,
  now: number,
): NewRow | undefined {
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
  const due = dueTimes(name, { ...old, ...waiting }, before.next_at, now)
  const times = due.oldest === undefined ? due.times : [due.oldest, ...due.times]
  return row({ ...definition, earlier: times, since: now }, times[0] ?? next)
}

/** Starts what is due: one run for each nominal time, whatever the number of workers. Answers how many started. */
export async function runDueSchedules(
  database: Database,
  services: EngineServices,
  workflows: WorkflowRegistry,
): Promise<number> {
  const due = await dueSchedules(database)
  let started = 0
  for (const listed of due) {
    const now = services.clock.now()
    // Numbers come from transactions of their own, so they are taken before.
    const needed = dueOf(listed, now).starting.length
    const numbers = await Promise.all(Array.from({ length: needed }, () => services.numbers.take()))
    started += await database.transaction(async (session) => {
      const [row] = await dueSchedules(session, listed.name)
      return row ? catchUp(session, services, workflows, row, now, numbers) : 0
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

function dueOf(row: ScheduleRow, now: number): DueTimes {
  return dueTimes(row.name, JSON.parse(row.definition) as KeptDefinition, row.next_at!, now)
}

async function catchUp(
  session: Session,
  services: EngineServices,
  workflows: WorkflowRegistry,
  row: ScheduleRow,
  now: number,
  numbers: number[],
): Promise<number> {
  const { earlier: _earlier, since: _since, ...definition } = JSON.parse(row.definition) as KeptDefinition
  const { times, starting, oldest } = dueOf(row, now)
  // It was changed since the numbers were taken: the next round deals with it.
  if (starting.length > numbers.length) return 0
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
  const wanted = new Set(starting)
  let started = 0
  for (const nominal of times) {
    const reason = wanted.has(nominal)
      ? await startOccurrence(session, services, workflows, row, definition, nominal, numbers[started]!)
      : missed
    if (reason === null) started++
    else await skip(nominal, reason)
  }
  await session.run('update schedules set next_at = ?, definition = ? where name = ?', [
    nextAfter(row.name, definition, now),
    JSON.stringify(definition),
    row.name,
  ])
  return started
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
  let birth: Birth
  try {
    const workflow = workflows.current(definition.workflow)
    const options = { principal: `schedule:${row.name}` }
    const key = ownKey('schedule', `${row.name}:${nominal}`)
    birth = prepareBirth(services, workflow, inputOf(definition), options, no, key)
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
    run: birth.run.id,
    at: services.clock.now(),
  })
  if (fresh) await enqueue(session, birth)
  return null
}
