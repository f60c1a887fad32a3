import { expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { pauseSchedule } from '../../src/engine/starting/pause-schedule.ts'
import {
  checkScheduled,
  installSchedules,
  nextAfter,
  runDueSchedules,
  type ScheduleDefinition,
} from '../../src/engine/starting/schedule.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import type { Database, Session } from '../../src/store/database.ts'
import { listOccurrences } from '../../src/store/dispatch/schedules.ts'
import { insertEvents } from '../../src/store/journal/journal.ts'
import { FakeClock, settle } from '../../src/testing/fake-clock.ts'
import { openTestDatabase, testEngine } from './harness.ts'

const flow = defineWorkflow({ name: 'flow', input: z.object({}), run: () => 'ran' }) as Workflow

async function scheduled(definition: Partial<ScheduleDefinition>, startIso: string) {
  const clock = new FakeClock(Date.parse(startIso))
  const database = await openTestDatabase(clock)
  const opened = await testEngine([flow], { clock, database })
  const full: ScheduleDefinition = { workflow: 'flow', cron: '0 * * * *', ...definition }
  await installSchedules(database, { clock, log: silentLog }, { job: full })
  return { ...opened, definition: full }
}

/** What became of each nominal time, oldest first. */
async function outcomes(database: Parameters<typeof listOccurrences>[0]) {
  const rows = await listOccurrences(database, 'job', 1000)
  return rows.reverse().map((row) => `${new Date(row.nominal).toISOString().slice(5, 16)} ${row.outcome}`)
}

/** Lets nothing run until `iso`, then starts the engine. */
async function missUntil(opened: Awaited<ReturnType<typeof scheduled>>, iso: string) {
  opened.clock.jump(Date.parse(iso))
  await opened.engine.start()
  await settle()
}

test('each nominal time starts one run, on time', async () => {
  const { engine, clock, database } = await scheduled({ cron: '*/5 * * * *' }, '2026-01-01T00:01:00Z')
  await engine.start()
  await clock.advance(239_000)
  expect(await outcomes(database)).toEqual([])
  await clock.advance(601_001)
  expect(await outcomes(database)).toEqual([
    '01-01T00:05 started',
    '01-01T00:10 started',
    '01-01T00:15 started',
  ])
  const runs = await database.all<{ status: string; principal: string }>('select status, principal from runs')
  expect(runs).toEqual(Array(3).fill({ status: 'succeeded', principal: 'schedule:job' }))
  await engine.stop()
})

test('two workers start one run for an occurrence', async () => {
  const first = await scheduled({ cron: '*/5 * * * *' }, '2026-01-01T00:01:00Z')
  const { clock, database } = first
  const second = await testEngine([flow], { clock, database })
  await Promise.all([first.engine.start(), second.engine.start()])
  await clock.advance(3 * 300_000)
  expect(await database.all('select * from runs')).toHaveLength(3)
  await first.engine.stop()
  await second.engine.stop()
})

for (const [catchUp, started] of [
  ['skip', []],
  ['latest', ['05:00']],
  [{ all: 2 }, ['04:00', '05:00']],
  [{ all: 100 }, ['01:00', '02:00', '03:00', '04:00', '05:00']],
] as const) {
  test(`of missed times, ${JSON.stringify(catchUp)} starts [${started}] and records why it skips the rest`, async () => {
    const opened = await scheduled({ catchUp }, '2026-01-01T00:30:00Z')
    await missUntil(opened, '2026-01-01T05:30:00Z')
    const found = await outcomes(opened.database)
    expect(found).toHaveLength(5)
    const ran = found.filter((line) => line.endsWith('started'))
    expect(ran).toEqual(started.map((time) => `01-01T${time} started`))
    const skipped = await opened.database.all<{ reason: string }>(
      `select reason from occurrences where outcome = 'skipped'`,
    )
    for (const { reason } of skipped) expect(reason).toContain(JSON.stringify(catchUp))
    expect(await opened.database.all('select * from runs')).toHaveLength(started.length)
    await opened.engine.stop()
  })
}

test('all up to a number means that number, however large', async () => {
  const opened = await scheduled({ catchUp: { all: 20 } }, '2026-01-01T00:30:00Z')
  await missUntil(opened, '2026-01-02T06:30:00Z')
  const ran = (await outcomes(opened.database)).filter((line) => line.endsWith('started'))
  expect(ran).toHaveLength(20)
  expect(ran.at(-1)).toBe('01-02T06:00 started')
  await opened.engine.stop()
})

test('a start that is a little late counts as on time', async () => {
  const opened = await scheduled({ catchUp: 'skip' }, '2026-01-01T00:30:00Z')
  await missUntil(opened, '2026-01-01T01:00:30Z')
  expect(await outcomes(opened.database)).toEqual(['01-01T01:00 started'])
  await opened.engine.stop()
})

/** The starts from one moment to another, as they fall in UTC. */
function startsOf(
  definition: Pick<ScheduleDefinition, 'cron' | 'zone'>,
  fromIso: string,
  toIso: string,
): string[] {
  const found: string[] = []
  let at: number | null = Date.parse(fromIso)
  for (;;) {
    at = nextAfter('job', { workflow: 'flow', ...definition }, at)
    if (at === null || at >= Date.parse(toIso)) return found
    found.push(new Date(at).toISOString().slice(5, 16))
  }
}

test('when the clocks go forward in Berlin a daily time that does not exist comes once, at the first that does', () => {
  const zone = 'Europe/Berlin'
  const daily = startsOf({ cron: '30 2 * * *', zone }, '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z')
  expect(daily).toEqual(['03-28T01:30', '03-29T01:00', '03-30T00:30'])
  const hourly = startsOf({ cron: '0 * * * *', zone }, '2026-03-28T22:30:00Z', '2026-03-29T03:30:00Z')
  expect(hourly).toEqual(['03-28T23:00', '03-29T00:00', '03-29T01:00', '03-29T02:00', '03-29T03:00'])
})

test('when the clocks go back in Berlin a daily time that comes twice starts once', () => {
  const zone = 'Europe/Berlin'
  const daily = startsOf({ cron: '30 2 * * *', zone }, '2026-10-24T00:00:00Z', '2026-10-27T00:00:00Z')
  expect(daily).toEqual(['10-24T00:30', '10-25T00:30', '10-26T01:30'])
  const hourly = startsOf({ cron: '0 * * * *', zone }, '2026-10-24T22:30:00Z', '2026-10-25T03:30:00Z')
  expect(hourly).toEqual(['10-24T23:00', '10-25T00:00', '10-25T01:00', '10-25T02:00', '10-25T03:00'])
})

test('a schedule that cannot be read is refused by name; its workflow’s failure is journaled, not fatal', async () => {
  const clock = new FakeClock(Date.parse('2026-01-01T00:30:00Z'))
  const database = await openTestDatabase(clock)
  for (const definition of [
    { workflow: 'flow', cron: 'every day' },
    { workflow: 'flow', cron: '0 * * * *', zone: 'Europe/Atlantis' },
  ]) {
    const installing = installSchedules(database, { clock, log: silentLog }, { job: definition })
    await expect(installing).rejects.toMatchObject({
      code: 'bad-schedule',
      message: expect.stringContaining('"job"'),
    })
  }
  const opened = await testEngine([flow], { clock, database })
  await installSchedules(
    database,
    { clock, log: silentLog },
    { job: { workflow: 'gone', cron: '0 * * * *' } },
  )
  await opened.engine.start()
  await clock.advance(1_800_001)
  const [occurrence] = await listOccurrences(database, 'job')
  expect(occurrence).toMatchObject({ outcome: 'skipped', reason: expect.stringContaining('"gone"') })
  const handle = await opened.engine.startRun('flow', {})
  expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  await opened.engine.stop()
})

test('a schedule that left the project stops; one that is unchanged keeps its next time', async () => {
  const opened = await scheduled({}, '2026-01-01T00:30:00Z')
  const { clock, database, definition } = opened
  clock.jump(Date.parse('2026-01-01T03:30:00Z'))
  await installSchedules(database, { clock, log: silentLog }, { job: definition })
  expect(await database.all('select next_at from schedules')).toEqual([
    { next_at: Date.parse('2026-01-01T01:00:00Z') },
  ])
  await installSchedules(database, { clock, log: silentLog }, {})
  await opened.engine.start()
  await clock.advance(3_600_000)
  expect(await database.all('select * from runs')).toEqual([])
  await opened.engine.stop()
})

test('a start that the database refuses leaves nothing of it and is made again', async () => {
  const opened = await scheduled({ cron: '*/5 * * * *' }, '2026-01-01T00:01:00Z')
  const { database, clock, engine } = opened
  let refuses = true
  const transaction = database.transaction.bind(database)
  database.transaction = <T>(body: (session: Session) => Promise<T>) =>
    transaction((session) =>
      body({
        all: (sql, parameters) => session.all(sql, parameters),
        get: (sql, parameters) => session.get(sql, parameters),
        run: (sql, parameters) => session.run(sql, parameters),
        bulk(statement, rows) {
          if (statement === insertEvents && refuses) throw new Error('the disk is full')
          return session.bulk(statement, rows)
        },
      }),
    )
  await engine.start()
  await clock.advance(240_000)
  expect(await outcomes(database)).toEqual([])
  expect(await database.all('select id from runs')).toEqual([])
  refuses = false
  await clock.advance(2_000)
  expect(await outcomes(database)).toEqual(['01-01T00:05 started'])
  expect(await database.all('select status from runs')).toEqual([{ status: 'succeeded' }])
  await engine.stop()
})

test('after very many missed times the latest starts, and one that is on time is never dropped', async () => {
  const late = await scheduled({ cron: '* * * * *' }, '2026-01-01T00:00:30Z')
  await missUntil(late, '2026-02-01T12:34:56Z')
  const rows = await listOccurrences(late.database, 'job', 5000)
  const started = rows.filter(({ outcome }) => outcome === 'started')
  expect(started.map(({ nominal }) => new Date(nominal).toISOString())).toEqual(['2026-02-01T12:34:00.000Z'])
  // The last are told one by one, all that came before in one line.
  expect(rows.length).toBeGreaterThan(900)
  expect(rows.at(-1)).toMatchObject({
    nominal: Date.parse('2026-01-01T00:01:00Z'),
    outcome: 'skipped',
    reason: expect.stringMatching(/So were all others before 2026-01-3/),
  })
  await late.engine.stop()

  const daily = await scheduled({ cron: '0 * * * *', catchUp: 'latest' }, '2020-01-01T00:30:00Z')
  await missUntil(daily, '2026-01-01T05:30:00Z')
  const [latest] = await listOccurrences(daily.database, 'job', 1)
  expect(latest).toMatchObject({ nominal: Date.parse('2026-01-01T05:00:00Z'), outcome: 'started' })
  expect(await daily.database.all('select id from runs')).toHaveLength(1)
  await daily.engine.stop()

  const every = await scheduled({ cron: '* * * * * *', catchUp: { all: 2 } }, '2026-01-01T00:00:00Z')
  await missUntil(every, '2026-01-02T00:00:00Z')
  // Two that were missed, and those of the last minute.
  expect(await every.database.all('select id from runs')).toHaveLength(62)
  await every.engine.stop()
})

for (const [what, change] of [
  ['input', { input: { a: 1 } }],
  ['catch-up', { catchUp: { all: 1 } }],
  ['zone', { zone: 'Asia/Kolkata' }],
  ['pattern', { cron: '59 23 * * *' }],
] as const) {
  test(`a redeploy that changes the ${what} of a schedule forgets no time that was missed`, async () => {
    const opened = await scheduled({ cron: '0 * * * *' }, '2026-01-01T00:30:00Z')
    const { clock, database, engine, definition } = opened
    clock.jump(Date.parse('2026-01-01T03:10:00Z'))
    await installSchedules(database, { clock, log: silentLog }, { job: { ...definition, ...change } })
    // And once more, before anything ran.
    await installSchedules(
      database,
      { clock, log: silentLog },
      { job: { ...definition, ...change, workflow: 'flow' } },
    )
    clock.jump(Date.parse('2026-01-01T03:20:00Z'))
    await engine.start()
    await settle()
    expect(await outcomes(database)).toEqual([
      '01-01T01:00 skipped',
      '01-01T02:00 skipped',
      '01-01T03:00 started',
    ])
    const [row] = await database.all<{ definition: string; next_at: number }>(
      'select definition, next_at from schedules',
    )
    expect(JSON.parse(row!.definition)).toEqual({ ...definition, ...change })
    expect(row!.next_at).toBe(nextAfter('job', { ...definition, ...change }, clock.now()))
    await engine.stop()
  })
}

test('times of the pattern before and of the one after are started alike, when both were missed', async () => {
  const opened = await scheduled({ cron: '0 * * * *', catchUp: { all: 10 } }, '2026-01-01T00:30:00Z')
  const { clock, database, engine, definition } = opened
  clock.jump(Date.parse('2026-01-01T02:10:00Z'))
  await installSchedules(
    database,
    { clock, log: silentLog },
    { job: { ...definition, cron: '*/20 * * * *' } },
  )
  clock.jump(Date.parse('2026-01-01T02:50:00Z'))
  await engine.start()
  await settle()
  expect(await outcomes(database)).toEqual([
    '01-01T01:00 started',
    '01-01T02:00 started',
    '01-01T02:20 started',
    '01-01T02:40 started',
  ])
  await engine.stop()
})

test.each<[Partial<ScheduleDefinition>, RegExp]>([
  [{ zone: '' }, /zone "", which is not a valid time zone/],
  [{ zone: null as never }, /zone null, which is not a valid time zone/],
  [{ zone: 'Europe/Atlantis' }, /zone "Europe\/Atlantis", which is not a valid time zone/],
  [{ cron: '0 0 30 2 *' }, /"0 0 30 2 \*", which never matches/],
  [{ cron: '0 0 0 31 4,6,9,11 *' }, /never matches/],
  [{ cron: '' }, /cannot be read/],
  [{ cron: new Date() as never }, /has no cron pattern/],
  [{ catchUp: 'last' as never }, /catchUp "last"; it must be/],
  [{ catchUp: { all: -1 } }, /a whole number from 0 to 10000/],
  [{ catchUp: { all: Number.NaN } }, /a whole number/],
  [{ input: { at: new Date(0) } as never }, /input that cannot be kept\. .*a Date/],
])('a schedule that cannot be meant is refused at load: %j', async (part, message) => {
  const clock = new FakeClock(Date.parse('2026-01-01T00:30:00Z'))
  const database = await openTestDatabase(clock)
  const definition = { workflow: 'flow', cron: '0 * * * *', ...part }
  await expect(
    installSchedules(database, { clock, log: silentLog }, { job: definition }),
  ).rejects.toMatchObject({
    code: 'bad-schedule',
    message: expect.stringMatching(message),
  })
  expect(await database.all('select * from schedules')).toEqual([])
})

test.each([
  ['', /is empty/],
  ['a\0b', /control character/],
  ['x'.repeat(1020), /longer than 1024 bytes/],
  ['smile\ud83d', /half a surrogate pair/],
])('a name that no schedule can have is refused at load: %j', async (name, message) => {
  const clock = new FakeClock()
  const database = await openTestDatabase(clock)
  const definitions = { [name]: { workflow: 'flow', cron: '0 * * * *' } }
  await expect(installSchedules(database, { clock, log: silentLog }, definitions)).rejects.toMatchObject({
    code: 'bad-schedule',
    message: expect.stringMatching(message),
  })
  expect(await database.all('select * from schedules')).toEqual([])
})

test('the input of a schedule is checked against its workflow at load', async () => {
  const typed = defineWorkflow({
    name: 'typed',
    input: z.object({ day: z.string() }),
    run: () => 1,
  }) as Workflow
  const nothing = defineWorkflow({ name: 'nothing', input: z.null(), run: () => 1 }) as Workflow
  const { engine } = await testEngine([typed, nothing])
  const check = (definition: Omit<ScheduleDefinition, 'cron'>) =>
    checkScheduled(engine.workflows, { job: { cron: '@daily', ...definition } })
  check({ workflow: 'typed', input: { day: 'Monday' } })
  check({ workflow: 'nothing', input: null })
  const misspelt = { workflow: 'nothing', input: null, timezone: 'Europe/Vienna' }
  expect(() => check(misspelt)).toThrow(/Schedule "job" has an option `timezone`, which does not exist/)
  for (const input of [undefined, { day: 1 }])
    expect(() => check({ workflow: 'typed', ...(input && { input }) })).toThrow(
      expect.objectContaining({ code: 'bad-schedule', message: expect.stringContaining('day: ') }),
    )
  expect(() => check({ workflow: 'gone' })).toThrow(expect.objectContaining({ code: 'unknown-workflow' }))
})

test('a schedule whose only time has passed is told of once, and all else starts', async () => {
  const clock = new FakeClock(Date.parse('2026-07-01T00:30:00Z'))
  const database = await openTestDatabase(clock)
  const warned: string[] = []
  const log = { ...silentLog, warn: (message: string) => warned.push(message) }
  const definitions = {
    launch: { workflow: 'flow', cron: '0 0 9 1 6 * 2026' },
    hourly: { workflow: 'flow', cron: '0 * * * *' },
  }
  const { engine } = await testEngine([flow], { clock, database })
  for (let deploy = 0; deploy < 2; deploy++) await installSchedules(database, { clock, log }, definitions)
  expect(warned).toEqual([expect.stringContaining('schedule "launch" starts nothing any more')])
  await engine.start()
  await clock.advance(1_800_001)
  expect(await listOccurrences(database, 'launch')).toEqual([])
  expect(await listOccurrences(database, 'hourly')).toMatchObject([{ outcome: 'started' }])
  const again = { ...definitions, launch: { workflow: 'flow', cron: '0 0 9 1 6 * 2027' } }
  await installSchedules(database, { clock, log }, again)
  expect(warned).toHaveLength(1)
  await engine.stop()
})

test('of schedules that fall due at one moment a hundred start in a round, and claims go between', async () => {
  const clock = new FakeClock(Date.parse('2026-01-01T00:30:00Z'))
  const database = await openTestDatabase(clock)
  const { engine } = await testEngine([flow], { clock, database })
  const many = Array.from({ length: 250 }, (_, index) => [
    `job${index}`,
    { workflow: 'flow', cron: '0 * * * *' },
  ])
  await installSchedules(database, { clock, log: silentLog }, Object.fromEntries(many))
  clock.jump(Date.parse('2026-01-01T01:00:00Z'))
  const round = () => runDueSchedules(database, engine.services, engine.workflows)
  const runs = async () => (await database.all('select no from runs')).length
  expect([await round(), await runs()]).toEqual([true, 100])
  expect([await round(), await runs()]).toEqual([true, 200])
  expect([await round(), await runs()]).toEqual([false, 250])
  expect(await round()).toBe(false)
  // A worker goes on by itself until none is due.
  clock.jump(Date.parse('2026-01-01T02:00:00Z'))
  await engine.start()
  await clock.advance(100)
  expect(await runs()).toBe(500)
  await engine.stop()
})

test('times that a schedule missed start in several transactions, each once, also when it is cut short between', async () => {
  const opened = await scheduled({ cron: '*/5 * * * *', catchUp: { all: 400 } }, '2026-01-01T00:01:00Z')
  const { clock, database, engine } = opened
  clock.jump(Date.parse('2026-01-02T13:31:00Z'))
  let transactions = 0
  const dies: Database = Object.create(database, {
    all: { value: database.all.bind(database) },
    transaction: {
      value: (body: (session: Session) => Promise<unknown>) => {
        if (++transactions > 2) throw new Error('the process died')
        return database.transaction(body)
      },
    },
  })
  const round = (on: Database) => runDueSchedules(on, engine.services, engine.workflows)
  await expect(round(dies)).rejects.toThrow('died')
  const left = async () => (await database.get<{ next_at: number }>('select next_at from schedules'))!.next_at
  // 50 of 450 were too many, the next 150 have started.
  expect(await database.all('select no from runs')).toHaveLength(150)
  expect(new Date(await left()).toISOString()).toBe('2026-01-01T16:45:00.000Z')
  expect(await round(database)).toBe(false)
  expect(await database.all('select no from runs')).toHaveLength(400)
  expect(await database.all(`select nominal from occurrences where outcome = 'skipped'`)).toHaveLength(50)
  expect(new Date(await left()).toISOString()).toBe('2026-01-02T13:35:00.000Z')
})

test('a change of its pattern between two transactions of a catch-up loses no time', async () => {
  const opened = await scheduled({ cron: '*/5 * * * *', catchUp: { all: 400 } }, '2026-01-01T00:01:00Z')
  const { clock, database, engine, definition } = opened
  clock.jump(Date.parse('2026-01-01T12:31:00Z'))
  const changed = { ...definition, cron: '0 * * * *' }
  await installSchedules(database, { clock, log: silentLog }, { job: changed })
  let transactions = 0
  const disturbed: Database = Object.create(database, {
    all: { value: database.all.bind(database) },
    transaction: {
      value: async (body: (session: Session) => Promise<unknown>) => {
        const done = await database.transaction(body)
        if (++transactions === 1)
          await installSchedules(
            database,
            { clock, log: silentLog },
            { job: { ...changed, cron: '30 * * * *' } },
          )
        return done
      },
    },
  })
  const round = (on: Database) => runDueSchedules(on, engine.services, engine.workflows)
  await round(disturbed)
  expect(await database.all('select no from runs')).toHaveLength(100)
  await round(database)
  expect(await database.all('select no from runs')).toHaveLength(150)
  const row = await database.get<{ next_at: number; definition: string }>('select * from schedules')
  expect(new Date(row!.next_at).toISOString()).toBe('2026-01-01T13:30:00.000Z')
  expect(JSON.parse(row!.definition)).toEqual({ ...changed, cron: '30 * * * *' })
})

test('a paused schedule starts nothing, and when it is resumed its times in between stay skipped', async () => {
  const catchUp = { all: 10 }
  const opened = await scheduled({ catchUp }, '2026-01-01T00:30:00Z')
  const { clock, database, engine } = opened
  const set = (paused: boolean, name = 'job') =>
    database.transaction((session) =>
      pauseSchedule(session, name, paused, { by: 'ada', proof: 'local-user', at: clock.now() }),
    )
  expect(await set(true, 'other')).toBe(false)
  expect(await set(true)).toBe(true)
  expect(await set(true)).toBe(true)
  await missUntil(opened, '2026-01-01T03:59:50Z')
  await clock.advance(2000)
  expect(await outcomes(database)).toEqual([])
  expect(await set(false)).toBe(true)
  // As the API does; what another process commits is seen without it.
  engine.worker.nudge()
  await settle()
  await clock.advance(12_000)
  expect(await outcomes(database)).toEqual(['01-01T01:00 skipped', '01-01T04:00 started'])
  const acts = await database.all('select type from authority_log order by seq')
  expect(acts).toEqual([{ type: 'schedule-paused' }, { type: 'schedule-resumed' }])
})
