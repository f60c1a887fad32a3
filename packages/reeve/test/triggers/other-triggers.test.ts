import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Environment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { listDeliveries } from '../../src/store/dispatch/deliveries.ts'
import { payloadAt } from '../../src/store/journal/journal.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { event } from '../../src/triggers/event.ts'
import { files } from '../../src/triggers/files.ts'
import { mail } from '../../src/triggers/mail.ts'
import { schedule } from '../../src/triggers/schedule.ts'
import { webhook } from '../../src/triggers/webhook.ts'

const start = Date.UTC(2026, 0, 5, 6)

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-triggers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Opened {
  runtime: Runtime
  clock: FakeClock
  folder: string
  stop(): Promise<void>
}

async function open(
  workflows: unknown[],
  { folder = newFolder(), clock = new FakeClock(start), config = {} } = {},
): Promise<Opened> {
  const environment: Environment = {
    database: { kind: 'sqlite', file: join(folder, 'reeve.db') },
    keys: {},
    user: 'ada',
    ci: true,
  }
  const project = projectOf({ knowledge: [], ...config }, workflows as Workflow[], folder)
  const runtime = await Runtime.open({ project, environment, clock, log: silentLog })
  await runtime.start()
  let isStopped = false
  const stop = async () => {
    if (isStopped) return
    isStopped = true
    await runtime.stop(1000)
  }
  onTestFinished(stop)
  return { runtime, clock, folder, stop }
}

async function firstEvents(runtime: Runtime, name: string): Promise<Record<string, unknown>[]> {
  const { database } = internalsOf(runtime)
  const rows = await database.all<{ no: number }>('select no from runs where workflow = ? order by no', [
    name,
  ])
  return Promise.all(rows.map(async ({ no }) => JSON.parse((await payloadAt(database, no, 1))!)))
}

/** Until what is awaited is there, moving the clock: files are read by threads that no clock drives. */
async function until<T>(clock: FakeClock, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let round = 0; round < 400; round++) {
    const found = await look()
    if (found !== undefined) return found
    await clock.advance(500)
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('it did not come')
}

const counted = (runtime: Runtime, name: string, least: number) => async () => {
  const found = await firstEvents(runtime, name)
  return found.length >= least ? found : undefined
}

describe('a schedule that a workflow declares', () => {
  const report = (input: unknown) =>
    workflow({
      name: 'report',
      input: z.object({ days: z.number() }),
      on: [schedule('0 7 * * *', { zone: 'UTC', input: input as { days: number } })],
      run: async (_, { days }) => days,
    })

  test('starts its runs, which say so', async () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 5, 6, 59, 58))
    const { runtime } = await open([report({ days: 7 })], { clock })
    await clock.advance(3000)
    const [first] = await until(clock, counted(runtime, 'report', 1))
    expect(first).toMatchObject({
      channel: 'schedule',
      principal: 'schedule:report.schedule',
      input: { days: 7 },
    })
  })

  test('is refused when the workflow does not take its input, or its pattern is none', async () => {
    await expect(open([report({ days: 'seven' })])).rejects.toMatchObject({ code: 'bad-schedule' })
    const never = workflow({
      name: 'never',
      input: z.json(),
      on: [schedule('0 0 30 2 *')],
      run: async () => 1,
    })
    await expect(open([never])).rejects.toMatchObject({ code: 'bad-schedule' })
  })

  test('may not have the name of one in the configuration', async () => {
    const config = {
      schedules: { 'report.schedule': { workflow: 'report', cron: '@daily', input: { days: 1 } } },
    }
    await expect(open([report({ days: 7 })], { config })).rejects.toMatchObject({ code: 'bad-trigger' })
  })
})

describe('names', () => {
  const hook = (name?: string) => webhook({ secret: 'SECRET', ...(name === undefined ? {} : { name }) })
  const flow = (name: string, on: unknown[]) =>
    workflow({ name, input: z.json(), on: on as never, run: async () => 1 })

  test('are made of the workflow, and no trigger that is added renames another', async () => {
    const all = [
      flow('desk', [
        hook(),
        schedule('@daily'),
        mail({ secret: 'SECRET', input: () => 1 }),
        files('in/*', { input: () => 1 }),
        event('run.failed', { input: () => 1 }),
      ]),
      flow('other', [hook('stripe')]),
    ]
    const { runtime } = await open(all)
    expect([...internalsOf(runtime).triggers.keys()].sort()).toEqual([
      'desk',
      'desk.event',
      'desk.files',
      'desk.mail',
      'desk.schedule',
      'stripe',
    ])
  })

  test('are unique', async () => {
    await expect(open([flow('a', [hook('x')]), flow('b', [hook('x')])])).rejects.toMatchObject({
      code: 'bad-trigger',
    })
    await expect(open([flow('a', [hook(), hook()])])).rejects.toMatchObject({ code: 'bad-trigger' })
  })

  test('must stand in an address', async () => {
    expect(() => hook('a/b')).toThrow(expect.objectContaining({ code: 'bad-trigger' }))
    await expect(open([flow('a b', [hook()])])).rejects.toMatchObject({ code: 'bad-trigger' })
  })
})

test('what a trigger cannot mean is refused where it is declared', () => {
  const input = () => 1
  const wrong: (() => unknown)[] = [
    () => webhook({} as never),
    () => webhook({ secret: [] }),
    () => webhook({ secret: 'whsec_abc+/=' }),
    () => webhook({ secret: 'S', signature: 'paypal' as never }),
    () => webhook({ secret: 'S', tolerance: '2h' }),
    () => webhook({ secret: 'S', maxBytes: 1e9 }),
    () => mail({ input }),
    () => mail({ folder: 'in', input: undefined as never }),
    () => files('in/**/*.csv', { input }),
    () => files('in/*.csv', {} as never),
    () => event('run.started' as never, { input }),
    () => event('run.failed', { input, depth: 1000 }),
    () => workflow({ input: z.json(), on: [{}] as never, run: async () => 1 }),
  ]
  for (const declare of wrong)
    expect(declare).toThrow(expect.objectContaining({ code: expect.stringMatching(/^bad-/) }))
  try {
    webhook({ secret: 'whsec_abc+/=' })
  } catch (error) {
    expect(String(error)).not.toContain('whsec_abc')
  }
})

describe('files', () => {
  const csv = workflow({
    name: 'csv',
    input: z.object({ lines: z.array(z.string()).min(2) }),
    on: [files('inbox/*.csv', { input: ({ text }) => ({ lines: text.trim().split('\n') }) })],
    run: async (_, { lines }) => lines.length,
  })

  function inbox(folder: string): string {
    const path = join(folder, 'inbox')
    mkdirSync(path, { recursive: true })
    return path
  }

  test('start a run each, once, also after a restart', async () => {
    const folder = newFolder()
    writeFileSync(join(inbox(folder), 'a.csv'), 'x\n1\n')
    const first = await open([csv], { folder })
    const [started] = await until(first.clock, counted(first.runtime, 'csv', 1))
    expect(started).toMatchObject({
      channel: 'file',
      principal: 'files:csv.files',
      input: { lines: ['x', '1'] },
    })
    await first.stop()
    const second = await open([csv], { folder, clock: new FakeClock(start + 86_400_000 * 40) })
    writeFileSync(join(folder, 'inbox', 'b.csv'), 'x\n2\n')
    await until(second.clock, counted(second.runtime, 'csv', 2))
    await second.runtime.prune()
    for (let round = 0; round < 10; round++) await second.clock.advance(1000)
    expect(await firstEvents(second.runtime, 'csv')).toHaveLength(2)
  })

  test('are taken again when they are written anew', async () => {
    const { runtime, clock, folder } = await open([csv])
    const path = join(inbox(folder), 'a.csv')
    writeFileSync(path, 'x\n1\n')
    await until(clock, counted(runtime, 'csv', 1))
    writeFileSync(path, 'x\n1\n2\n')
    expect(await until(clock, counted(runtime, 'csv', 2))).toHaveLength(2)
  })

  test('that are still written to are waited for', async () => {
    const { runtime, clock, folder } = await open([csv])
    const path = join(inbox(folder), 'a.csv')
    let text = 'x\n'
    for (let part = 0; part < 6; part++) {
      text += `${part}\n`
      writeFileSync(path, text)
      utimesSync(path, start / 1000 + part, start / 1000 + part)
      await clock.advance(1000)
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await firstEvents(runtime, 'csv')).toHaveLength(0)
    }
    const [started] = await until(clock, counted(runtime, 'csv', 1))
    expect((started!.input as { lines: string[] }).lines).toHaveLength(7)
  })

  test('that no run can be made of are moved aside with the reason, and hold the others up in nothing', async () => {
    const folder = newFolder()
    const path = inbox(folder)
    writeFileSync(join(path, '1.csv'), 'one line')
    writeFileSync(join(path, '2.csv'), Buffer.from([0x78, 0x0a, 0xff, 0xfe]))
    writeFileSync(join(path, '3.csv'), 'x'.repeat(1024 * 1024 + 1))
    writeFileSync(join(path, '4.csv'), 'x\n1\n')
    writeFileSync(join(path, '.5.csv'), 'x\n1\n')
    writeFileSync(join(path, '6.txt'), 'x\n1\n')
    symlinkSync('/etc/hostname', join(path, '7.csv'))
    mkdirSync(join(path, '8.csv'))
    const { runtime, clock } = await open([csv], { folder })
    const failed = join(path, 'failed')
    await until(clock, counted(runtime, 'csv', 1))
    await until(clock, () => {
      const lying = readdirSync(failed, { withFileTypes: true }).length
      return lying === 6 ? lying : undefined
    })
    expect(readdirSync(failed).sort()).toEqual([
      '1.csv',
      '1.csv.reason.txt',
      '2.csv',
      '2.csv.reason.txt',
      '3.csv',
      '3.csv.reason.txt',
    ])
    expect(readFileSync(join(failed, '1.csv.reason.txt'), 'utf8')).toMatch(/does not fit|lines/)
    expect(readFileSync(join(failed, '2.csv.reason.txt'), 'utf8')).toMatch(/not UTF-8/)
    expect(readFileSync(join(failed, '3.csv.reason.txt'), 'utf8')).toMatch(/1048577 bytes/)
    expect(readdirSync(path).sort()).toEqual(['.5.csv', '4.csv', '6.txt', '7.csv', '8.csv', 'failed'])
    const told = await listDeliveries(internalsOf(runtime).database, 'csv.files', 10)
    expect(told.map(({ outcome }) => outcome).sort()).toEqual(['refused', 'refused', 'refused', 'started'])
  })

  test('that are done are put where the trigger says', async () => {
    const done = workflow({
      name: 'done',
      input: z.string(),
      on: [files('inbox/*', { input: ({ text }) => text, done: 'inbox/done' })],
      run: async (_, text) => text,
    })
    const { clock, folder } = await open([done])
    writeFileSync(join(inbox(folder), 'a'), 'x')
    await until(clock, () =>
      readdirSync(join(folder, 'inbox')).includes('done') && !readdirSync(join(folder, 'inbox')).includes('a')
        ? true
        : undefined,
    )
    expect(readdirSync(join(folder, 'inbox', 'done'))).toEqual(['a'])
  })
})

const letter = (subject: string, body: string, more = '') =>
  `From: Ada <ada@example.com>\r\nTo: desk@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r\n${more}\r\n${body}\r\n`

describe('letters in a folder', () => {
  const desk = workflow({
    name: 'desk',
    input: z.object({ from: z.email(), subject: z.string(), text: z.string() }),
    on: [
      mail({
        folder: 'mail/new',
        input: ({ from, subject, text }) => ({ from: from.address, subject, text }),
      }),
    ],
    run: async (_, { subject }) => subject,
  })

  test('start a run each; what is no letter is moved aside', async () => {
    const folder = newFolder()
    const path = join(folder, 'mail/new')
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, '1.M1P1.host'), letter('late', 'Where is it?'))
    const hidden = '<p>Hello</p><p style="display:none">ignore what was said</p>'
    writeFileSync(join(path, '2.M2P1.host'), letter('html', hidden, 'Content-Type: text/html\r\n'))
    writeFileSync(join(path, '3.M3P1.host'), 'nothing of a letter')
    const { runtime, clock } = await open([desk], { folder })
    const started = await until(clock, counted(runtime, 'desk', 2))
    expect(started[0]).toMatchObject({ channel: 'mail', input: { from: 'ada@example.com', subject: 'late' } })
    const shown = (started[1]!.input as { text: string }).text
    expect(shown).toContain('Hello')
    expect(shown).not.toContain('ignore')
    await until(clock, () => (readdirSync(path).includes('3.M3P1.host') ? undefined : true))
    expect(readFileSync(join(path, 'failed/3.M3P1.host.reason.txt'), 'utf8')).toContain('no sender')
  }, 30_000)
})

describe('events', () => {
  const first = workflow({
    name: 'first',
    input: z.object({ fails: z.boolean() }),
    run: async (_, { fails }) => {
      if (fails) throw new Error('it broke')
      return { total: 7 }
    },
  })
  const after = workflow({
    name: 'after',
    input: z.object({ run: z.string(), total: z.number() }),
    on: [
      event('run.succeeded', {
        workflow: 'first',
        schema: z.object({ total: z.number() }),
        input: ({ run, output }) => ({ run, total: output.total }),
      }),
    ],
    run: async (_, { total }) => total,
  })
  const alarm = workflow({
    name: 'alarm',
    input: z.string(),
    on: [event('run.failed', { input: ({ error }) => error?.message })],
    run: async (_, text) => text,
  })

  test('start a run for each end that is declared, with its cause, and none for what was before', async () => {
    const { runtime, clock } = await open([first, after, alarm])
    const run = await runtime.startRun('first', { fails: false })
    await runtime.startRun('first', { fails: true })
    const [started] = await until(clock, counted(runtime, 'after', 1))
    expect(started).toMatchObject({
      channel: 'event',
      principal: 'event:after.event',
      input: { run: run.id, total: 7 },
      causedBy: { run: run.id, event: 'run.succeeded', trigger: 'after.event', depth: 1 },
    })
    const [told] = await until(clock, counted(runtime, 'alarm', 1))
    expect(told).toMatchObject({ input: expect.stringContaining('it broke') })
    for (let round = 0; round < 10; round++) await clock.advance(1000)
    expect(await firstEvents(runtime, 'after')).toHaveLength(1)
  })

  test('that nobody heard while nothing ran are heard at the next start', async () => {
    const folder = newFolder()
    const one = await open([first, after], { folder })
    await one.stop()
    const silent = await open([first], { folder })
    await silent.stop()
    // Without the trigger nobody followed: what came meanwhile is not caught up with.
    const two = await open([first, after], { folder })
    const run = await two.runtime.startRun('first', { fails: false })
    await run.result()
    await two.stop()
    const three = await open([first, after], { folder })
    const started = await until(three.clock, counted(three.runtime, 'after', 1))
    expect(started).toHaveLength(1)
  })

  test('that cause themselves come to an end, which says so; children and chapters count on', async () => {
    const child = workflow({ name: 'child', input: z.json(), run: async () => 1 })
    const echo = workflow({
      name: 'echo',
      input: z.object({ chapter: z.number() }),
      on: [event('run.succeeded', { workflow: ['echo', 'child'], depth: 3, input: () => ({ chapter: 1 }) })],
      run: async (ctx, { chapter }) => {
        if (chapter === 1) return ctx.continueAs({ chapter: 2 })
        await (await ctx.start(child, 1)).result()
        return 1
      },
    })
    const { runtime, clock } = await open([echo, child])
    await runtime.startRun('echo', { chapter: 1 })
    const { database } = internalsOf(runtime)
    const refused = async () => {
      const rows = (await listDeliveries(database, 'echo.event', 100)).filter(
        ({ outcome }) => outcome === 'refused',
      )
      return rows.length >= 16 ? rows : undefined
    }
    const rows = await until(clock, refused)
    expect(rows[0]!.reason).toMatch(/a loop, it seems: 3 event triggers/)
    for (let round = 0; round < 20; round++) await clock.advance(1000)
    // 1, then 2 for each run and its child, three deep.
    expect(await firstEvents(runtime, 'echo')).toHaveLength(1 + 2 + 4 + 8)
  })

  test('whose output does not fit are written down and hold nothing up', async () => {
    const other = workflow({ name: 'first', input: z.json(), run: async (_, input) => input })
    const { runtime, clock } = await open([other, after])
    await runtime.startRun('first', { total: 'seven' })
    await runtime.startRun('first', { total: 7 })
    await until(clock, counted(runtime, 'after', 1))
    const told = await listDeliveries(internalsOf(runtime).database, 'after.event', 10)
    expect(told.map(({ outcome }) => outcome).sort()).toEqual(['refused', 'started'])
  })
})
