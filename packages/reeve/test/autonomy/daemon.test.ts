import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { fingerprintsOf } from '../../src/autonomy/daemon/look/fingerprints.ts'
import { type GoalStanding, goalStandings } from '../../src/autonomy/goals/goal-standing.ts'
import { untilAborted } from '../../src/base/time/abort.ts'
import { defineWorkflow, type Workflow, type WorkflowRegistry } from '../../src/engine/workflow.ts'
import { type Context, daemon, goal, type ProjectConfig, tool, workflow } from '../../src/index.ts'
import { daemonView } from '../../src/inspect/ledger/daemon-view.ts'
import { type LedgerOptions, ledgerPage } from '../../src/inspect/ledger/ledger.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { readCycle } from '../../src/store/autonomy/daemons.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { type ScriptedReply, scriptedSolver } from '../../src/testing/scripted.ts'
import { openHouse } from './daemon-harness.ts'

const hourMs = 3_600_000

/** A route that gives these replies, and whom it asked. */
function deciding(replies: ScriptedReply[], worstCaseUsd?: number) {
  const solver = scriptedSolver(replies, {
    kind: 'hosted',
    ...(worstCaseUsd !== undefined && { worstCaseUsd }),
  })
  const config: ProjectConfig = { routes: { decide: { solvers: [solver], maxHeals: 1 } } }
  return { solver, config }
}

const say = (decision: string, inputs: object = {}) =>
  JSON.stringify({ decision, inputs, reason: `because of ${decision}`, goal: null })

function works() {
  const done: string[] = []
  const greet = workflow({
    name: 'greet',
    input: z.object({ who: z.string() }),
    async run(ctx, { who }) {
      if (who === 'nobody') throw new Error('nobody is there')
      await ctx.step('greet', () => done.push(who))
      return { status: 'met' }
    },
  })
  const ask = workflow({
    name: 'ask',
    input: z.object({}),
    run: (ctx) => ctx.waitFor('answer'),
  })
  return { done, workflows: [greet, ask] }
}

test('a cycle makes one decision, has it executed once, and chooses when the next one begins', async () => {
  const { done, workflows } = works()
  const { solver, config } = deciding([say('greet', { who: 'ada' }), say('idle')])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide' })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const first = await house.nextCycle()
  expect(first.said('daemon-decided')).toMatchObject({
    decision: 'greet',
    params: { who: 'ada' },
    why: 'because of greet',
    by: { kind: 'route', solver: 'scripted', solverKind: 'hosted' },
  })
  expect(first.said('decision-ended')).toMatchObject({ result: 'success', decision: 'greet' })
  expect(first.output.wake.at - house.clock.now()).toBeGreaterThan(hourMs / 5)
  expect(done).toEqual(['ada'])
  const second = await house.nextCycle()
  expect([second.cycle, second.output.result]).toEqual([2, 'idle'])
  expect(solver.questions[1]!.input).toMatchObject({ recent: [{ decision: 'greet', result: 'success' }] })
})

test('what the runtime does by itself is no part of what is decided upon', async () => {
  const { workflows } = works()
  const { solver, config } = deciding([say('idle')])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide' })
  const house = await openHouse({
    ...{ daemons: [steward], workflows },
    config: {
      ...config,
      learning: { at: '0 3 * * *' },
      schedules: { daily: { cron: '0 9 * * *', workflow: 'greet', input: { who: 'ada' } } },
    },
  })
  const { engine } = internalsOf(house.runtime)
  const learnt = await engine.startRun('reeve.learn', {}, { channel: 'operator' })
  const greeted = await house.runtime.startRun('greet', { who: 'ada' })
  await house.clock.advance(1000)
  expect(await learnt.result()).toMatchObject({ status: 'succeeded' })
  await greeted.result()
  await house.nextCycle()
  const { metrics, calendar } = solver.questions.at(-1)!.input as {
    metrics: { workflow: string }[]
    calendar: { schedule: string }[]
  }
  expect(metrics.map(({ workflow }) => workflow)).toEqual(['greet'])
  expect(calendar.map(({ schedule }) => schedule)).toEqual(['daily'])
})

test('whether the runtime is at work by itself at the moment of a look changes nothing', async () => {
  const successOfAll = goal({
    name: 'all-well',
    aim: 'What is begun succeeds',
    owner: 'ada',
    metric: { metric: 'taskSuccess' },
    target: { atLeast: 0.9 },
    review: '2027-01-01',
  })
  const looks = async (isAtWork: boolean) => {
    const { workflows } = works()
    const { solver, config } = deciding([say('idle'), say('idle')])
    const steward = daemon({
      name: 'steward',
      goals: [successOfAll],
      directives: ['greet'],
      route: 'decide',
      events: [],
    })
    const house = await openHouse({ daemons: [steward], workflows, config, isStarted: false })
    const { engine } = internalsOf(house.runtime)
    const over = Promise.withResolvers<void>()
    engine.workflows.add(
      defineWorkflow({
        name: 'reeve.night',
        input: z.object({ fails: z.boolean() }),
        async run(ctx: Context, { fails }: { fails: boolean }) {
          if (fails) throw new Error('it failed')
          await ctx.step('at work', () => over.promise)
        },
      } as Parameters<typeof defineWorkflow>[0]) as Workflow,
    )
    await house.runtime.start()
    const night = async (fails: boolean) =>
      isAtWork ? engine.startRun('reeve.night', { fails }, { channel: 'operator' }) : undefined
    const slow = await night(false)
    const first = await house.nextCycle()
    await (await night(true))?.result()
    over.resolve()
    await slow?.result()
    const second = await house.nextCycle()
    // Work of the project, after which somebody is asked again.
    await (await house.runtime.startRun('greet', { who: 'ada' })).result()
    await house.nextCycle()
    expect([first, second].map(({ output }) => output.result)).toEqual(['idle', 'skipped'])
    return solver.questions.map(({ input }) => input)
  }
  const told = await looks(true)
  expect(told).toHaveLength(2)
  expect(told).toEqual(await looks(false))
})

test('nothing changed since it decided to be idle: nobody is asked, until something happens', async () => {
  const { workflows } = works()
  const tidy = workflow({ name: 'tidy', input: z.object({}), run: async () => 'tidied' })
  const { solver, config } = deciding([say('idle'), say('idle')])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide', events: [] })
  const house = await openHouse({ daemons: [steward], workflows: [...workflows, tidy], config })
  expect((await house.nextCycle()).output.result).toBe('idle')
  const skips = [await house.nextCycle(), await house.nextCycle(), await house.nextCycle()]
  expect(skips.map(({ output }) => output.result)).toEqual(['skipped', 'skipped', 'skipped'])
  expect(skips[0]!.said('decision-ended')).toMatchObject({
    why: expect.stringContaining('nothing has changed'),
  })
  expect(skips[2]!.output.memory.sleptMs).toBe(6 * hourMs)
  expect(skips[0]!.events).toHaveLength(5)
  expect(solver.questions).toHaveLength(1)
  const run = await house.runtime.startRun('greet', { who: 'nobody' })
  await run.result()
  await (await house.runtime.startRun('tidy', {})).result()
  expect((await house.nextCycle()).output.result).toBe('idle')
  expect(solver.questions[1]!.input).toMatchObject({
    news: {
      ended: [
        { workflow: 'greet', failed: 1 },
        { workflow: 'tidy', succeeded: 1 },
      ],
      failures: [{ workflow: 'greet', run: run.id }],
    },
  })
})

test('a decision that failed twice with the same inputs is closed; asked for once more, the route hears why', async () => {
  const { done, workflows } = works()
  const bad = say('greet', { who: 'nobody' })
  const { solver, config } = deciding([bad, bad, bad, say('greet', { who: 'eve' }), bad, say('idle')])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide', events: [] })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const results = []
  for (let cycle = 1; cycle <= 3; cycle++) results.push((await house.nextCycle()).output.result)
  expect(results).toEqual(['failed', 'failed', 'success'])
  expect(done).toEqual(['eve'])
  expect(solver.questions[3]!.feedback?.problem).toContain('failed 2 times with these inputs')
  // What works with other inputs may work again.
  expect((await house.nextCycle()).output.result).toBe('failed')
})

test('who answers what is closed, or many decisions, is healed once; then the daemon is idle and says why', async () => {
  const { workflows } = works()
  const fifty = JSON.stringify(Array.from({ length: 50 }, () => JSON.parse(say('greet', { who: 'ada' }))))
  const { config } = deciding([fifty, say('publish')])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide' })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const { output, said } = await house.nextCycle()
  expect(output.result).toBe('idle')
  expect(said('daemon-decided')).toMatchObject({
    decision: 'idle',
    by: { kind: 'nobody' },
    why: expect.stringContaining('there is no directive "publish"; choose one of: greet, idle'),
  })
  expect(output.memory.idleDigest).toBeNull()
})

test('without a route that can be asked the rules decide, and the journal says so', async () => {
  const { done, workflows } = works()
  const { config } = deciding([new Error('the provider is down')])
  const rules = () => ({ decision: 'greet', inputs: { who: 'ada' }, reason: 'it is time' })
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'unknown', rules })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const { said } = await house.nextCycle()
  expect(said('daemon-decided')).toMatchObject({
    by: { kind: 'rules', instead: expect.stringContaining('route') },
  })
  expect(done).toEqual(['ada'])
})

test('an event wakes it before its time, and never before its floor', async () => {
  const { workflows } = works()
  const { config } = deciding([say('idle'), say('idle')])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide', floor: '5m' })
  const house = await openHouse({ daemons: [steward], workflows, config })
  await house.nextCycle()
  const ended = house.clock.now()
  await (await house.runtime.startRun('greet', { who: 'nobody' })).result()
  await house.clock.advance(1000)
  const { run } = await house.row()
  const next = (await readCycle(internalsOf(house.runtime).database, run!))!
  expect(next.available_at - ended).toBeGreaterThan(4.9 * 60_000)
  expect(next.available_at - ended).toBeLessThan(5.1 * 60_000)
  const { said } = await house.nextCycle()
  expect(said('daemon-looked')).toMatchObject({ woken: expect.stringContaining('run.failed of run') })
})

test('what outlasts its cycle goes on; a later cycle hears of its end, and until then it is not chosen again', async () => {
  const { workflows } = works()
  const { solver, config } = deciding([say('ask'), say('ask'), say('idle'), say('idle')])
  const steward = daemon({
    name: 'steward',
    directives: ['ask'],
    route: 'decide',
    events: ['run.succeeded'],
    patience: '10s',
  })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const first = await house.nextCycle()
  expect(first.output.result).toBe('pending')
  const child = first.said('decision-ended')!.run as string
  expect((await house.nextCycle()).output.result).toBe('idle')
  expect(solver.questions[2]!.feedback?.problem).toContain(`run ${child} is still at it`)
  await house.runtime.signal(child, 'answer', 'yes')
  await house.runtime.result(child)
  await house.clock.advance(1000)
  const third = await house.nextCycle()
  expect(third.said('decision-settled')).toMatchObject({ decision: 'ask', run: child, result: 'success' })
  expect(third.said('daemon-looked')).toMatchObject({ woken: expect.stringContaining(child) })
})

test('a cycle that waits goes on as it began, whatever its files say by then', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'daemon-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { workflows } = works()
  const { config } = deciding([say('ask')])
  const clock = new FakeClock()
  const open = (options: Partial<Parameters<typeof daemon>[0]>) =>
    openHouse({
      daemons: [
        daemon({ name: 'steward', directives: ['ask'], route: 'decide', patience: '1m', ...options }),
      ],
      ...{ workflows, config, clock, file: join(folder, 'reeve.db') },
    })
  const house = await open({ instructions: 'Be kind.' })
  const { run } = await house.row()
  const isWaiting = async () =>
    (await readCycle(internalsOf(house.runtime).database, run!))?.status === 'waiting'
  for (let turn = 0; turn < 50 && !(await isWaiting()); turn++) await clock.advance(50)
  expect(await isWaiting()).toBe(true)
  await house.stop()
  const changed = await open({ instructions: 'Be quick.', patience: '2m', directives: ['greet'] })
  expect((await changed.cycleEnd(run!)).output.result).toBe('pending')
})

test('the money of a day is used up: it waits for the next one, and says so', async () => {
  const { workflows } = works()
  const paid = {
    kind: 'text',
    text: say('idle'),
    usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.1 },
  } as const
  const { solver, config } = deciding([paid, paid], 0.1)
  const steward = daemon({
    name: 'steward',
    directives: ['greet'],
    route: 'decide',
    budget: { day: '$0.10' },
  })
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 8))
  const house = await openHouse({ daemons: [steward], workflows, config, clock })
  await house.nextCycle()
  const broke = await house.nextCycle()
  expect(clock.now()).toBeLessThan(Date.UTC(2026, 0, 1, 15))
  expect(broke.said('decision-ended')).toMatchObject({
    result: 'skipped',
    why: expect.stringContaining('used up'),
  })
  expect(new Date(broke.output.wake.at).toISOString()).toBe('2026-01-02T00:00:00.000Z')
  await (await house.runtime.startRun('greet', { who: 'ada' })).result()
  await house.nextCycle()
  expect(solver.questions).toHaveLength(2)
})

test('a clock that jumps a day ahead skips no cycle and makes none twice; one that jumps back pays no day twice', async () => {
  const { workflows } = works()
  const paid = {
    kind: 'text',
    text: say('idle'),
    usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.1 },
  } as const
  let stock = 0
  const { solver, config } = deciding(
    Array.from({ length: 9 }, () => paid),
    0.1,
  )
  const steward = daemon({
    name: 'steward',
    directives: ['greet'],
    route: 'decide',
    budget: { day: '$0.10' },
    gather: () => ++stock,
  })
  const folder = mkdtempSync(join(tmpdir(), 'reeve-daemon-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const options = { daemons: [steward], workflows, config, file: join(folder, 'reeve.db') }
  const house = await openHouse(options)
  const asked = () => solver.questions.length
  expect((await house.nextCycle()).cycle).toBe(1)
  house.clock.jump(house.clock.now() + 2 * 24 * hourMs)
  expect([(await house.nextCycle()).cycle, asked()]).toEqual([2, 2])
  await house.stop()
  // By this clock the next cycle is two days off: it is brought forward, and the money of that day is gone already.
  const again = await openHouse({ ...options, clock: new FakeClock(Date.UTC(2026, 0, 1, 3)) })
  const back = await again.nextCycle()
  expect([back.cycle, back.output.result, asked()]).toEqual([3, 'skipped', 2])
  expect(again.clock.now()).toBeLessThan(Date.UTC(2026, 0, 1, 12))
  expect(back.output.wake.at).toBe(Date.UTC(2026, 0, 2))
  const fresh = await again.nextCycle()
  expect([fresh.cycle, asked()]).toEqual([4, 3])
  again.clock.jump(Date.UTC(2026, 0, 3, 12))
  expect([(await again.nextCycle()).output.result, asked()]).toEqual(['skipped', 3])
})

test('what a daemon starts may do no more than the daemon, whatever its workflow may', async () => {
  const called: string[] = []
  const call = (name: string) =>
    tool({
      name,
      description: 'Notes that it was called',
      input: z.object({ usd: z.number() }),
      output: z.null(),
      effect: 'idempotent',
      approval: 'never',
      run: ({ usd }) => {
        called.push(`${name} ${usd}`)
        return null
      },
    })
  const pay = workflow({
    name: 'pay',
    input: z.object({ tool: z.string(), usd: z.number() }),
    run: (ctx, { tool: name, usd }) => ctx.call(name, { usd }),
  })
  const wishes = [
    { tool: 'bank.pay', usd: 20 },
    { tool: 'bank.pay', usd: 2000 },
    { tool: 'bank.close', usd: 1 },
  ]
  const { config } = deciding(wishes.map((each) => say('pay', each)))
  const steward = daemon({
    name: 'steward',
    directives: ['pay'],
    route: 'decide',
    grants: [{ tool: 'bank.pay', args: { usd: { min: 0, max: 100 } } }],
  })
  const tools = [call('bank.pay'), call('bank.close')]
  const house = await openHouse({ daemons: [steward], workflows: [pay], config: { ...config, tools } })
  const results = []
  for (const _ of wishes) results.push((await house.nextCycle()).said('decision-ended')!)
  expect(results.map(({ result }) => result)).toEqual(['success', 'failed', 'failed'])
  expect(results[2]!.detail).toContain('bank.close')
  expect(called).toEqual(['bank.pay 20'])
})

test('what executes a decision counts as changed when a script of it is mended', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-daemon-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'send.mjs')
  const directive = { name: 'send', goal: '', schema: {}, hash: 'h', failureModes: [], workflow: 'send' }
  const nothing = { names: () => [] } as unknown as WorkflowRegistry
  const look = (relevant?: () => never) => {
    const steward = daemon({ name: 'steward', rules: () => undefined, ...(relevant && { relevant }) })
    const scripts = [file]
    return fingerprintsOf(nothing, steward, [{ ...directive, scripts }], { value: 1, problem: null })
  }
  const fingerprint = () => look().fingerprints.get('send')
  const missing = fingerprint()
  writeFileSync(file, 'one')
  const first = fingerprint()
  writeFileSync(file, 'two')
  expect(new Set([missing, first, fingerprint()]).size).toBe(3)
  writeFileSync(file, 'one')
  expect(fingerprint()).toBe(first)
  const broken = look(() => {
    throw new Error('no such field')
  })
  expect(broken.problem).toContain('`relevant` threw: no such field')
})

test('decisions that bring nothing end: it stops trying until what it decides upon changes, or a person wakes it', async () => {
  const { done, workflows } = works()
  let stock = 1
  const steward = daemon({
    name: 'steward',
    directives: ['greet'],
    gather: () => ({ stock }),
    rules: () => ({ decision: 'greet', inputs: { who: 'ada' }, reason: 'again' }),
    events: [],
  })
  const house = await openHouse({ daemons: [steward], workflows })
  const results = []
  for (let cycle = 0; cycle < 8; cycle++) results.push((await house.nextCycle()).output.result)
  expect(results.filter((result) => result === 'success')).toHaveLength(3)
  expect(results.slice(3)).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'skipped'])
  const { database } = internalsOf(house.runtime)
  expect(await daemonView(database, 'steward', house.clock.now())).toMatchObject({
    state: 'stalled',
    reason: expect.stringContaining('2 decisions in a row brought nothing'),
  })
  stock = 2
  expect((await house.nextCycle()).output.result).toBe('success')
  expect(done).toHaveLength(4)
  while ((await house.nextCycle()).output.result === 'success');
  await house.runtime.wakeDaemon('steward', { by: 'ada', why: 'the shop is open again' })
  const woken = await house.nextCycle()
  expect(woken.said('daemon-looked')).toMatchObject({ woken: 'ada woke it: the shop is open again' })
  expect(woken.output.result).toBe('success')
})

test('a daemon that has not begun is known', async () => {
  const { workflows } = works()
  const steward = daemon({ name: 'steward', rules: () => undefined })
  const house = await openHouse({ daemons: [steward], workflows, isStarted: false })
  const { database, clock } = internalsOf(house.runtime)
  expect(await daemonView(database, 'steward', clock.now())).toMatchObject({ state: 'new', cycle: 0 })
})

test('two daemons that want the same with the same inputs are one execution', async () => {
  const { done, workflows } = works()
  const rules = () => ({ decision: 'greet', inputs: { who: 'ada' }, reason: 'it is time' })
  const of = (name: string) => daemon({ name, directives: ['greet'], rules, events: [] })
  const house = await openHouse({ daemons: [of('one'), of('two')], workflows })
  const runs = [(await house.row('one')).run!, (await house.row('two')).run!]
  const results = []
  for (const run of runs) results.push((await house.cycleEnd(run)).output.result)
  expect(results.sort()).toEqual(['success', 'taken'])
  expect(done).toEqual(['ada'])
})

test('a cycle that a person cancels is followed by one that knows what it had started', async () => {
  const { workflows } = works()
  const { config } = deciding([say('ask'), say('idle')])
  const steward = daemon({ name: 'steward', directives: ['ask'], route: 'decide', events: [] })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const { run } = await house.row()
  await house.clock.advance(100)
  await house.runtime.cancel(run!, { by: 'ada' })
  await house.clock.advance(6000)
  const { said } = await house.nextCycle()
  expect(said('daemon-looked')).toMatchObject({ cycle: 2 })
  expect((await house.row()).cycle).toBe(3)
})

test('of a fork of a cycle, or a retry of an old one, nothing is decided', async () => {
  const { done, workflows } = works()
  const { config } = deciding([say('greet', { who: 'ada' })])
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide' })
  const house = await openHouse({ daemons: [steward], workflows, config })
  const { run } = await house.nextCycle()
  const forked = await house.runtime.fork(run, { from: 1, by: 'ada' })
  const result = await house.runtime.result(forked)
  expect(result).toMatchObject({ status: 'failed', error: { code: 'not-current-cycle' } })
  expect(done).toEqual(['ada'])
})

test('a goal whose money of today is used up is closed, and a decision names its goal', async () => {
  const { workflows } = works()
  const answered = goal({
    name: 'answered',
    aim: 'All are greeted',
    owner: 'ada',
    metric: () => 0.5,
    target: { atLeast: 0.9 },
    review: '2027-01-01',
  })
  const steward = daemon({
    name: 'steward',
    goals: [answered],
    directives: ['greet'],
    rules: ({ goals }) => ({
      decision: 'greet',
      inputs: { who: 'ada' },
      reason: `${goals[0]!.status}`,
      goal: 'answered',
    }),
  })
  const house = await openHouse({ daemons: [steward], workflows })
  expect((await house.nextCycle()).said('decision-ended')).toMatchObject({ goal: 'answered', why: 'missed' })
})

test.for([
  ['that heeds its signal', untilAborted],
  ['that does not', () => new Promise<never>(() => {})],
] as const)(
  'a function %s gets five seconds by the clock to measure a goal, however busy the machine is',
  async ([, metric]) => {
    const house = await openHouse({ daemons: [], workflows: [] })
    const slow = goal({
      name: 'slow',
      aim: 'It is measured',
      owner: 'ada',
      metric,
      target: { atLeast: 1 },
      review: '2027-01-01',
    })
    const { database } = internalsOf(house.runtime)
    let standing: GoalStanding | undefined
    const measuring = goalStandings(database, [slow], house.clock).then(([only]) => {
      standing = only
    })
    await house.clock.advance(4999)
    expect(standing).toBeUndefined()
    await house.clock.advance(1)
    await measuring
    expect(standing).toMatchObject({ value: null, status: 'unknown', problem: 'It took longer than 5000 ms' })
  },
)

test('the ledger is narrowed by goal, directive and result', async () => {
  const { workflows } = works()
  const say = (decision: string, inputs: object, to: string | null) =>
    JSON.stringify({ decision, inputs, reason: 'because', goal: to })
  const { config } = deciding([
    say('greet', { who: 'ada' }, 'friends'),
    say('greet', { who: 'nobody' }, null),
    say('idle', {}, null),
  ])
  const friends = goal({
    name: 'friends',
    aim: 'Everybody is greeted',
    owner: 'ada',
    metric: () => 0,
    target: { atLeast: 1 },
    review: '2099-01-01',
  })
  const steward = daemon({ name: 'steward', directives: ['greet'], route: 'decide', goals: ['friends'] })
  const house = await openHouse({ daemons: [steward], workflows, config: { ...config, goals: [friends] } })
  for (let cycle = 0; cycle < 3; cycle++) await house.nextCycle()
  const { database } = internalsOf(house.runtime)
  const found = async (options: LedgerOptions) =>
    (await ledgerPage(database, options)).lines.map(({ decision, result }) => `${decision} ${result}`)
  expect(await found({})).toEqual(['idle idle', 'greet failed', 'greet success'])
  expect(await found({ goal: 'friends' })).toEqual(['greet success'])
  expect(await found({ decision: 'greet' })).toEqual(['greet failed', 'greet success'])
  expect(await found({ results: ['failed', 'idle'] })).toEqual(['idle idle', 'greet failed'])
  expect(await found({ goal: 'none' })).toEqual([])
})
