import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { action, connector, fromPoll, noAuth } from '../../src/connectors/index.ts'
import { startStandIn } from '../../src/connectors/stand-in/index.ts'
import { type Context, type ReeveError, tool, workflow } from '../../src/index.ts'
import { scriptedSolver } from '../../src/testing/index.ts'
import { testRuntime } from '../../src/testing/test-runtime.ts'

const charge = tool({
  name: 'bank.charge',
  description: 'Charges a card.',
  input: z.object({ usd: z.number() }),
  output: z.object({ id: z.string() }),
  effect: 'once',
  approval: 'always',
  run: async () => {
    throw new Error('no bank is there in a test')
  },
})

const invoice = workflow({
  name: 'invoice',
  input: z.object({ customer: z.string(), usd: z.number() }),
  run: async (ctx, { customer, usd }) => {
    const reminders: string[] = []
    for (const wait of ['7d', '7d', '14d'] as const) {
      const paid = await ctx.waitFor('paid', { schema: z.object({ usd: z.number() }), timeout: wait })
      if (paid) return { customer, reminders, paid: paid.usd }
      reminders.push(await ctx.step(`remind ${reminders.length + 1}`, () => `${customer} owes ${usd}`))
    }
    return { customer, reminders, paid: 0 }
  },
})

test('nothing is due where nothing runs: whoever only looks again says so to the clock', async () => {
  await using kit = await testRuntime({ workflows: [invoice] })
  expect(kit.clock.nextDue()).toBeUndefined()
})

test('a month of reminders takes a moment, and a signal ends it', async () => {
  await using kit = await testRuntime({ workflows: [invoice] })
  const before = process.cpuUsage()
  const run = await kit.start(invoice, { customer: 'Ada', usd: 90 })
  await kit.advance('15d')
  expect(await run.status()).toBe('waiting')
  await kit.signal(run, 'paid', { usd: 90 })
  expect(await run.output()).toEqual({ customer: 'Ada', reminders: ['Ada owes 90', 'Ada owes 90'], paid: 90 })
  const other = await kit.start(invoice, { customer: 'Bob', usd: 5 }, { key: 'B-5' })
  const named = await kit.start(invoice, { customer: 'Cy', usd: 7 }, { key: 'C-7' })
  await kit.signal('C-7', 'paid', { usd: 7 })
  expect(await named.output()).toMatchObject({ reminders: [], paid: 7 })
  await expect(kit.signal('C-8', 'paid', { usd: 7 })).rejects.toMatchObject({ code: 'unknown-run' })
  await kit.advance('28d')
  expect(await other.output()).toMatchObject({
    paid: 0,
    reminders: ['Bob owes 5', 'Bob owes 5', 'Bob owes 5'],
  })
  expect(new Date(kit.clock.now()).toISOString()).toBe('2026-02-13T00:00:00.000Z')
  // Not by the clock: the machine may be busy.
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10)
})

test('a run lets pass what time it needs; one that somebody must help says so', async () => {
  const nap = workflow({ name: 'nap', input: z.string(), run: async (ctx, time) => ctx.sleep(time as '1d') })
  await using kit = await testRuntime({ workflows: [nap, invoice] })
  expect(await kit.run(nap, '365d')).toMatchObject({ status: 'succeeded' })
  expect(new Date(kit.clock.now()).toISOString()).toBe('2027-01-01T00:00:00.000Z')
  const forever = workflow({ name: 'forever', input: z.null(), run: (ctx) => ctx.waitFor('never') })
  await using other = await testRuntime({ workflows: [forever] })
  await expect(other.run(forever, null)).rejects.toMatchObject({ code: 'run-waits' })
})

const pay = workflow({
  name: 'pay',
  input: z.number(),
  run: async (ctx, usd) => (await ctx.call(charge, { usd })).id,
})

test('a mock stands in for a tool behind its approval, and what was called can be seen', async () => {
  const charged: number[] = []
  await using kit = await testRuntime({
    workflows: { pay },
    mocks: {
      'bank.charge': ({ usd }) => {
        charged.push(usd)
        return { id: `charge-${charged.length}` }
      },
    },
  })
  const run = await kit.start(pay, 20)
  expect(await kit.approvals()).toHaveLength(1)
  expect(charged).toEqual([])
  await kit.approve(run, { by: 'ada', edit: { usd: 15 } })
  expect(await run.output()).toBe('charge-1')
  expect(charged).toEqual([15])
  expect(await run.toolCalls('bank.charge')).toMatchObject([
    {
      args: { usd: 15 },
      state: 'completed',
      result: { id: 'charge-1' },
      approval: { by: 'ada', edited: true },
    },
  ])
  const refused = await kit.start('pay', 20)
  await kit.reject(refused, { note: 'not this month' })
  expect(await refused.result()).toMatchObject({ status: 'failed', error: { code: 'not-approved' } })
  await expect(kit.approve(refused)).rejects.toMatchObject({ code: 'nothing-asked' })
})

test('a decision with a misspelt option is refused, and nothing is decided', async () => {
  const pay = workflow({ name: 'pay', input: z.object({}), run: (ctx) => ctx.call(charge, { usd: 5 }) })
  await using kit = await testRuntime({ workflows: [pay] })
  const run = await kit.start(pay, {})
  await expect(kit.reject(run, { why: 'too dear' } as object)).rejects.toMatchObject({
    code: 'bad-option',
    message: expect.stringContaining('The decision has an option `why`'),
  })
  expect(await run.status()).toBe('waiting')
})

test('a mock answers what the tool would: its output schema holds', async () => {
  await using kit = await testRuntime({ workflows: [pay], mocks: { 'bank.charge': () => ({ id: 7 }) } })
  const run = await kit.start(pay, 20)
  await kit.approve(run)
  expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'bad-result' } })
})

test('a crash after an effect that nobody knows of asks a person; nothing is done twice', async () => {
  let charged = 0
  await using kit = await testRuntime({
    workflows: [pay],
    mocks: { 'bank.charge': () => ({ id: `${++charged}` }) },
  })
  const run = await kit.start(pay, 20)
  kit.crashIn('bank.charge')
  await kit.approve(run)
  expect(charged).toBe(1)
  const [asked] = (await run.view()).asks
  expect(asked).toMatchObject({ kind: 'outcome' })
  await kit.answer(run, { happened: true, result: { id: 'known' } })
  expect(await run.output()).toBe('known')
  expect(charged).toBe(1)
})

test('a crash before a step makes it again, and one anywhere loses nothing', async () => {
  const made: string[] = []
  const two = workflow({
    name: 'two',
    input: z.null(),
    run: async (ctx) => {
      await ctx.step('first', () => made.push('first'))
      await ctx.sleep('1d')
      await ctx.step('second', () => made.push('second'))
      return made.length
    },
  })
  await using kit = await testRuntime({ workflows: [two] })
  const run = await kit.start(two, null)
  await kit.crash()
  expect(await run.status()).toBe('waiting')
  kit.crashIn('second', 'before')
  await kit.advance('1d')
  expect(await run.status()).toBe('succeeded')
  expect(made).toEqual(['first', 'second'])
})

test('a test on a database file goes on from the one before it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-kit-'))
  try {
    const file = join(folder, 'reeve.db')
    const wait = () =>
      workflow({ name: 'wait', input: z.null(), run: (ctx) => ctx.sleep('1d').then(() => 'over') })
    const first = await testRuntime({ workflows: [wait()], file })
    const { id } = await first.start('wait', null)
    await first.stop()
    await using second = await testRuntime({ workflows: [wait()], file, at: '2026-01-02T00:00:00Z' })
    expect(await second.runtime.getRun(id)).toMatchObject({ status: 'succeeded', output: 'over' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('schedules and children run; models answer from a script; a story can be kept', async () => {
  const greet = workflow({
    name: 'greet',
    input: z.string(),
    run: (ctx, who) => ctx.generate('greeting', { route: 'writing', with: { who } }),
  })
  const report = workflow({
    name: 'report',
    input: z.null(),
    run: async (ctx) => (await (await ctx.start(greet, 'Ada')).result()) as string,
  })
  await using kit = await testRuntime({
    workflows: [greet, report],
    at: '2026-03-02T06:00:00Z',
    config: {
      routes: { writing: { solvers: [scriptedSolver(['Good morning, Ada.'])] } },
      schedules: { weekly: { workflow: 'report', cron: '0 7 * * 1', zone: 'UTC', input: null } },
    },
  })
  await kit.advanceTo('2026-03-02T06:59:59Z')
  await expect(kit.lastRun('report')).rejects.toMatchObject({ code: 'unknown-run' })
  await kit.advanceTo('2026-03-02T07:00:30Z')
  const run = await kit.lastRun<string>('report')
  expect(await run.output()).toBe('Good morning, Ada.')
  expect((await kit.runs()).runs.map(({ workflow }) => workflow).sort()).toEqual(['greet', 'report'])
  const story = await run.story()
  expect(story.join('\n')).toContain('greet')
  expect(story.join('\n')).not.toContain(run.id)
  await expect(kit.advanceTo('2026-03-01T00:00:00Z')).rejects.toMatchObject({ code: 'bad-moment' })
})

const realTime = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Nothing of this process turns for a while, as on a busy machine. */
const blockFor = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('what is under way outside is waited for, however busy the machine is', async () => {
  const slow = workflow({
    name: 'slow',
    input: z.null(),
    run: (ctx) =>
      ctx.step('read', async () => {
        const read = readFile(import.meta.filename, 'utf8')
        // Longer than anybody would wait: when the loop turns again, all timers are due at once, and the file is there.
        setImmediate(() => blockFor(600))
        return (await read).length > 0
      }),
  })
  const own = workflow({
    name: 'own',
    input: z.null(),
    run: async (ctx) => {
      await realTime(300)
      return ctx.step('after a promise of its own', () => 'there')
    },
  })
  await using kit = await testRuntime({ workflows: [slow, own] })
  expect(await (await kit.start(slow, null)).output()).toBe(true)
  expect(await (await kit.start(own, null)).output()).toBe('there')
})

test('what a runtime is told beside the verbs of a test has come to rest before a result is asked for', async () => {
  const late = workflow({
    name: 'late',
    input: z.null(),
    run: (ctx) => ctx.step('fetch', () => realTime(20).then(() => 'there')),
  })
  await using kit = await testRuntime({ workflows: [late] })
  await kit.runtime.startRun(late, null)
  expect(await (await kit.lastRun('late')).output()).toBe('there')
})

test('a timer within a second parks the run as any other', async () => {
  const short = workflow({ name: 'short', input: z.null(), run: (ctx) => ctx.sleep('200ms') })
  await using kit = await testRuntime({ workflows: [short] })
  const run = await kit.start(short, null)
  expect(await run.status()).toBe('waiting')
  await expect(run.result()).rejects.toMatchObject({ code: 'run-waits' })
  expect(await kit.run(short, null)).toMatchObject({ status: 'succeeded' })
})

const fetching = workflow({
  name: 'fetching',
  input: z.null(),
  run: (ctx) => ctx.step('fetch', () => 'there', { timeout: '5m', retry: { attempts: 2, delay: '1m' } }),
})

test('a step that hangs lets time pass, until its limit', async () => {
  await using kit = await testRuntime({
    workflows: [fetching, pay],
    mocks: { 'bank.charge': () => ({ id: '1' }) },
  })
  kit.hangIn('fetch')
  const run = await kit.start(fetching, null)
  expect(await run.status()).toBe('running')
  await kit.advance('7m')
  expect(await run.output()).toBe('there')
  kit.hangIn('bank.charge')
  const paying = await kit.start(pay, 20)
  await kit.approve(paying)
  await expect(paying.result()).rejects.toMatchObject({ code: 'run-waits' })
  await kit.crash()
  expect((await paying.view()).asks).toMatchObject([{ kind: 'outcome' }])
})

test.each([
  ['a step', (ctx: Context) => ctx.step('hang', () => new Promise(() => {})), /step "hang"/],
  ['its own code', () => new Promise(() => {}), /a promise of its own/],
])('%s that never ends is named, once the patience is over', async (_what, hang, words) => {
  const hung = workflow({ name: 'hung', input: z.null(), run: (ctx) => hang(ctx) })
  await using kit = await testRuntime({ workflows: [hung], patience: '60ms' })
  const refused = await kit.start(hung, null).catch((error: ReeveError) => error)
  expect(refused).toMatchObject({ code: 'test-never-rests', message: expect.stringMatching(words) })
  expect((refused as ReeveError).message).toContain('60 ms')
})

test('a server whose address only `.env` has hinders no test that asks it nothing', async () => {
  const ask = workflow({
    name: 'ask',
    input: z.boolean(),
    run: (ctx, isAsking) => (isAsking ? ctx.generate('a word', { route: 'own', with: {} }) : 'nothing asked'),
  })
  await using desk = await testRuntime({
    workflows: [ask],
    config: { routes: { own: { solvers: ['own/tiny'] } } },
  })
  expect(await (await desk.start(ask, false)).output()).toBe('nothing asked')
  const asking = await desk.start(ask, true)
  expect(await asking.status()).toBe('waiting')
  const said = (await asking.journal()).find(({ type }) => type === 'question-failed')
  expect(JSON.stringify(said)).toContain('In a test: `keys` of `testRuntime`.')
})

test('of all variables only keys of models are secrets that no text may have', async () => {
  const said = workflow({ name: 'said', input: z.string(), run: (_ctx, text) => text })
  await using desk = await testRuntime({
    workflows: [said],
    keys: { OPENAI_API_KEY: 'sk-of-nobody-7f3a', npm_package_name: 'small-business' },
  })
  const run = await desk.start(said, 'small-business with sk-of-nobody-7f3a')
  expect(await run.output()).toBe('small-business with [secret]')
})

test('a run is cancelled by a verb of the test, and found by the key of its workflow', async () => {
  const bill = workflow({
    name: 'bill',
    input: z.object({ number: z.string() }),
    key: ({ number }) => number,
    run: (ctx) => ctx.waitFor('paid'),
  })
  await using desk = await testRuntime({ workflows: [bill] })
  const run = await desk.start(bill, { number: 'INV-2026-17' })
  await desk.start(bill, { number: 'INV-2026-18' })
  const { runs } = await desk.runs({ text: 'inv-2026-17' })
  expect(runs.map(({ id }) => id)).toEqual([run.id])
  await desk.cancel(run)
  expect(await run.status()).toBe('cancelled')
})

test('what stands in for a service outlives a crash, as a service does, and ends with the test', async () => {
  const urls: string[] = []
  const start = async () => {
    const running = await startStandIn(() => ({
      name: 'desk',
      refuse: () => ({ status: 404 }),
      routes: { 'GET /me': () => ({ body: { account: 'desk-1' } }) },
    }))
    urls.push(running.url)
    return running
  }
  const desk = connector({
    name: 'desk',
    title: 'Desk',
    version: '1.0.0',
    vendorApi: { version: '1' },
    url: 'https://desk.example',
    auth: noAuth(),
    health: { probe: async (api) => ({ identity: (await api.get('/me')).json.account }) },
    rate: { default: { count: 10, per: '1s' } },
    sandbox: { standIn: { credential: 'none', load: async () => start } },
    actions: {
      me: action({
        description: 'Says who it is',
        endpoint: 'GET /me',
        input: z.object({}),
        output: z.object({ account: z.string() }),
        effect: 'read',
        run: async (_args, api) => (await api.get('/me')).json,
      }),
    },
  })()
  const asking = workflow({ name: 'asking', input: z.null(), run: (ctx) => ctx.call(desk.actions.me, {}) })
  const kit = await testRuntime({ workflows: [asking], config: { connectors: { desk } } })
  expect(await (await kit.start(asking, null)).output()).toEqual({ account: 'desk-1' })
  await kit.crash()
  expect(await (await kit.start(asking, null)).output()).toEqual({ account: 'desk-1' })
  expect(urls).toHaveLength(1)
  await kit.stop()
  await expect(fetch(urls[0]!)).rejects.toThrow('fetch failed')
})

test('a look that a death ends holds nobody up, and is made again', async () => {
  const isDone = Promise.withResolvers<void>()
  const post = connector({
    name: 'post',
    title: 'Post',
    version: '1.0.0',
    vendorApi: { version: '1' },
    url: 'https://post.example',
    auth: noAuth(),
    health: { probe: async () => ({}) },
    rate: { default: { count: 10, per: '1s' } },
    sandbox: {
      standIn: {
        credential: '',
        load: async () => () =>
          startStandIn(() => ({ name: 'post', refuse: () => ({ status: 404 }), routes: {} })),
      },
    },
    actions: {},
    triggers: {
      letter: fromPoll({
        description: 'A letter came',
        schema: z.object({ about: z.string() }),
        look: async (_api, cursor) => {
          if (cursor === null) return { found: [], cursor: 0 }
          const found = (about: string) => [{ id: about, item: { about } }]
          if (cursor === 0) return { found: found('first'), cursor: 1, more: true }
          // The process dies of what the first letter started.
          await isDone.promise
          return { found: cursor === 1 ? found('second') : [], cursor: 2 }
        },
      }),
    },
  })({ mode: 'sandbox' })
  const done: string[] = []
  const answer = workflow({
    name: 'answer',
    input: z.string(),
    on: [post.on.letter({ input: ({ about }) => about })],
    run: (ctx, about) =>
      ctx.step('deed', () => {
        done.push(about)
        isDone.resolve()
      }),
  })
  await using desk = await testRuntime({ workflows: [answer], config: { connectors: { post } } })
  desk.crashIn('deed')
  await desk.advance('1m')
  expect(done).toEqual(['first', 'first', 'second'])
  const { runs } = await desk.runs()
  expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
})

test('a process that dies of what it starts, and again while it begins, is begun anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-kit-'))
  try {
    for (let file = 0; file < 60; file++)
      writeFileSync(join(folder, `${file}.md`), `# Policy ${file}\n\nBack.`)
    let lives = 0
    const unlucky = workflow({
      name: 'unlucky',
      input: z.null(),
      run: (ctx) =>
        ctx.step('deed', () => {
          if (++lives < 4) desk.crashIn('deed')
        }),
    })
    await using desk = await testRuntime({ workflows: [unlucky], config: { knowledge: [folder] } })
    desk.crashIn('deed')
    const run = await desk.start(unlucky, null)
    expect([await run.status(), lives]).toEqual(['succeeded', 5])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
