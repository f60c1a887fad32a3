import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested, tamper } from './reeve.ts'

const reply = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}']

test('show answers the four questions from the journal', async () => {
  const folder = project()
  const { runId: run, approvals } = await reeveJson<Rested>(folder, reply)
  await reeveJson(folder, [
    'approve',
    approvals[0]!.id,
    '--edit',
    '{"to":"cy@example.com","text":"Better"}',
    '--work',
  ])
  expect(await reeveJson(folder, ['show', run])).toMatchObject({
    code: 0,
    goal: { workflow: 'reply', version: '1', principal: 'ada', input: { to: 'bo@example.com', text: 'Hi' } },
    context: {
      recalls: [
        {
          call: 1,
          name: 'policy',
          passages: [{ source: 'refunds.md' }],
          audit: { kinds: ['passage'], by: 'both', candidates: [{ outcome: 'chosen' }] },
        },
      ],
      people: [{ what: 'edit', by: 'ada', value: { text: 'Better' } }],
    },
    tools: [
      {
        name: 'mail.send',
        class: 'idempotent',
        args: { to: 'cy@example.com' },
        attempts: 1,
        key: expect.stringContaining(run),
        state: 'completed',
        approval: { by: 'ada', edited: true },
      },
    ],
    belief: {
      status: 'succeeded',
      output: { score: 0.93 },
      reviews: [{ score: 0.93, solver: 'rule/reviewer', kind: 'function' }],
      waitsFor: [],
    },
    total: { costUsd: 0 },
    chain: { ok: true, fault: null },
  })
  const { stdout } = await reeve(folder, ['show', run])
  const headings = [
    'What goal was attempted',
    'What context was used',
    'Which tools were called',
    'Why it was believed complete',
  ]
  expect(headings.map((heading) => stdout.indexOf(heading)).every((place) => place >= 0)).toBe(true)
  expect(stdout).toContain('approved by ada')
  expect(stdout).toMatch(/question-completed +review +rule\/reviewer \(function\) +\$0/)
})

test('show says for whom a run waits since when, why another failed, and has the raw events', async () => {
  const folder = project()
  const { runId: run, approvals } = await reeveJson<Rested>(folder, reply)
  const { id } = approvals[0]!
  expect(await reeveJson(folder, ['show', run])).toMatchObject({
    belief: { waitsFor: [{ approvalId: id, asks: 'approval' }] },
  })
  expect((await reeve(folder, ['show', run])).stdout).toContain(`reeve approve ${id}`)
  const failed = await reeveJson<Rested>(folder, ['run', 'mendable'])
  expect((await reeve(folder, ['show', failed.runId])).stdout).toMatch(/it failed\n.*it is broken/)
  const { events } = await reeveJson<{ events: { type: string }[] }>(folder, [
    'show',
    failed.runId,
    '--events',
  ])
  expect(events.map(({ type }) => type)).toEqual([
    'run-started',
    'step-completed',
    'step-failed',
    'run-failed',
  ])
})

test('a chain that somebody changed fails the audit, and show says where', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  expect(await reeveJson(folder, ['audit', 'verify'])).toMatchObject({
    code: 0,
    ok: true,
    runs: 1,
    events: 3,
  })
  tamper(folder, `update events set payload = '"Hello Eve"' where seq = 2`)
  expect(await reeveJson(folder, ['audit', 'verify'])).toMatchObject({
    code: 1,
    ok: false,
    faults: [{ runId: run, seq: 2 }],
  })
  expect(await reeveJson(folder, ['audit', 'verify', '--all'])).toMatchObject({
    code: 1,
    complete: true,
    before: null,
    more: false,
  })
  const { code, stdout } = await reeve(folder, ['audit', 'verify', run])
  expect(stdout).toContain(`run ${run}, event 2`)
  expect(code).toBe(1)
  expect((await reeve(folder, ['show', run])).stdout).toContain('the hash chain breaks at event 2')
})

test('runs are listed by status and workflow, approvals with their commands', async () => {
  const folder = project()
  const { approvals } = await reeveJson<Rested>(folder, reply)
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  const listed = await reeve(folder, ['runs', '--status', 'waiting'])
  expect(listed.stdout).toMatch(/reply +waiting/)
  expect(listed.stdout).not.toContain('greet')
  expect((await reeve(folder, ['approvals'])).stdout).toContain(`reeve approve ${approvals[0]!.id}`)
  expect(await reeveJson(folder, ['runs', '--status', 'lost'])).toMatchObject({
    code: 2,
    error: { code: 'bad-option' },
  })
})

test('schedules and queues tell what is configured; a paused queue holds its runs', async () => {
  const folder = project()
  expect(await reeveJson(folder, ['schedules'])).toMatchObject({
    schedules: [
      { name: 'yearly', workflow: 'greet', next: expect.stringMatching(/-12-31T23:00:00/), last: [] },
    ],
  })
  expect((await reeve(folder, ['schedules'])).stdout).toMatch(
    /yearly starts greet at "0 0 1 1 \*" \(Europe\/Berlin\), next: \d{4}-01-01 00:00 Europe\/Berlin/,
  )
  expect(await reeveJson(folder, ['schedules', '--outcomes', '0'])).toMatchObject({
    error: { code: 'bad-option', message: expect.stringContaining('--outcomes') },
  })
  // The former name of --limit still counts.
  expect(await reeveJson(folder, ['schedules', '--most', '0'])).toMatchObject({
    error: { code: 'bad-option', message: expect.stringContaining('--limit') },
  })
  const steered = (action: string) => reeveJson(folder, ['schedules', action, 'yearly'])
  expect(await steered('pause')).toMatchObject({ code: 0, schedule: 'yearly', paused: true })
  expect(await reeveJson(folder, ['schedules'])).toMatchObject({ schedules: [{ paused: true, next: null }] })
  // By hand it runs all the same, with the input of the schedule.
  expect(await steered('run')).toMatchObject({
    code: 0,
    status: 'succeeded',
    output: { greeting: 'Hello year' },
  })
  expect(await steered('resume')).toMatchObject({ code: 0, schedule: 'yearly', paused: false })
  expect(await reeveJson(folder, ['schedules'])).toMatchObject({
    schedules: [{ paused: false, next: expect.stringMatching(/-12-31T23:00:00/) }],
  })
  for (const action of ['pause', 'run'])
    expect(await reeveJson(folder, ['schedules', action, 'weekly'])).toMatchObject({
      code: 2,
      error: { code: 'unknown-schedule', message: expect.stringContaining('yearly') },
    })
  expect(await steered('stop')).toMatchObject({ code: 2, error: { code: 'bad-option' } })
  expect(await reeveJson(folder, ['queues', 'pause', 'narrow'])).toMatchObject({
    queues: [
      { name: 'default', paused: false },
      { name: 'narrow', paused: true, concurrency: 1, rate: { count: 5, perMs: 1000 } },
    ],
  })
  expect(await reeveJson(folder, ['queues', 'resume', 'narrow'])).toMatchObject({
    queues: [{ paused: false }, { paused: false }],
  })
  expect(await reeveJson(folder, ['queues', 'pause', 'wide'])).toMatchObject({
    code: 2,
    error: { code: 'unknown-queue' },
  })
})

test('prune deletes what the retention no longer wants', async () => {
  const folder = project()
  await reeveJson(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  await reeveJson(folder, ['run', 'mendable'])
  tamper(folder, 'update runs set ended_at = 1000')
  expect(await reeveJson(folder, ['prune'])).toMatchObject({ code: 0, runs: 1 })
  expect(await reeveJson(folder, ['runs'])).toMatchObject({ runs: [{ workflow: 'mendable' }] })
})

test('pause, resume, cancel and fork steer a run', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, reply)
  expect(await reeveJson(folder, ['pause', run])).toMatchObject({ code: 0, paused: true })
  expect(await reeveJson(folder, ['runs'])).toMatchObject({ runs: [{ id: run, paused: true }] })
  expect(await reeveJson(folder, ['resume', run])).toMatchObject({ code: 0, paused: false })
  const forked = await reeveJson<Rested>(folder, ['fork', run, '--from', '2'])
  expect(forked).toMatchObject({ code: 3, originId: run, status: 'waiting' })
  expect(await reeveJson(folder, ['show', forked.runId])).toMatchObject({
    goal: { forkedFrom: { runId: run, call: 2, by: 'ada' } },
  })
  expect(await reeveJson(folder, ['cancel', run])).toMatchObject({ code: 0, status: 'cancelled' })
  expect(await reeveJson(folder, ['cancel', run])).toMatchObject({
    code: 2,
    error: { code: 'run-ended', message: `Run ${run} is cancelled and cannot be cancelled any more.` },
  })
  expect(await reeveJson(folder, ['retry', run])).toMatchObject({ code: 2, error: { code: 'cannot-retry' } })
})

test('who sets a run going is told when no worker is running', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, ['run', 'await-go', '--input', '{"ticket":"T-1"}'])
  const noWorker = 'No worker is running; the run continues when one does: reeve dev'
  await reeve(folder, ['pause', run])
  expect((await reeve(folder, ['resume', run])).stdout).toBe(`run ${run} (T-1) is resumed\n${noWorker}\n`)
  expect((await reeve(folder, ['signal', run, 'go', '{"now":true}'])).stdout).toContain(noWorker)
})

test('a run is found by its key and by how its id begins, and told again from its beginning', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, [
    'run',
    'greet',
    '--input',
    '{"name":"Ada"}',
    '--key',
    'hello 7',
  ])
  const listed = await reeve(folder, ['runs', '--text', 'HELLO', '--since', '1h'])
  expect(listed.stdout).toMatch(new RegExp(`${run} +greet +hello 7 +succeeded .*{"name":"Ada"}`))
  expect(await reeveJson(folder, ['show', 'hello 7'])).toMatchObject({ code: 0, run: { id: run } })
  expect(await reeveJson(folder, ['runs', '--text', 'ada"'])).toMatchObject({ runs: [{ id: run }] })
  expect(await reeveJson(folder, ['runs', '--text', '"principal"'])).toMatchObject({ runs: [] })
  expect(await reeveJson(folder, ['runs', '--since', 'yesterday'])).toMatchObject({
    code: 2,
    error: { message: expect.stringMatching(/neither a duration nor a date.*2d, 12h/) },
  })
  const told = await reeve(folder, ['follow', run.slice(0, 12)])
  expect(told.stdout).toMatch(/run-started[\s\S]*Hello Ada/)
  expect(told.code).toBe(0)
  const waiting = ['run', 'await-go', '--input', '{"ticket":"T-9"}', '--detach']
  const { runId } = await reeveJson<Rested>(folder, waiting)
  expect((await reeve(folder, ['runs'])).stdout).toMatch(new RegExp(`${runId} +await-go +T-9 +queued`))
  expect(await reeveJson(folder, ['show', 'await-go:T-9'])).toMatchObject({ code: 0, run: { id: runId } })
  expect(await reeveJson(folder, ['cancel', 'T-9'])).toMatchObject({ code: 0, status: 'cancelled' })
  const none = await reeveJson(folder, ['cancel', 'hello'])
  expect(none).toMatchObject({ code: 2, error: { code: 'unknown-run' } })
})
