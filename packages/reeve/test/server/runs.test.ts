import { expect, test } from 'vitest'
import { listActs } from '../../src/inspect/authority/act-list.ts'
import { runsNamed } from '../../src/store/runs/run-lists.ts'
import { askedOf, sent, sqliteFile, startServer } from './server-harness.ts'

test('a run is started, waited for, listed and looked at', async () => {
  const reeve = await (await startServer()).as('operator')
  const run = await reeve.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'greet', input: { name: 'Ada' } },
  })
  expect(run).toMatchObject({ status: 'succeeded', output: 'Hello Ada', standing: { state: 'ended' } })
  const { items: runs } = await reeve.runs.list({ query: { workflow: 'greet' } })
  expect(runs).toMatchObject([{ id: run.id, status: 'succeeded' }])
  const statuses = async (status: ('failed' | 'succeeded' | 'stuck')[]) =>
    (await reeve.runs.list({ query: { status } })).items.map(({ id }) => id)
  expect(await statuses(['failed', 'succeeded'])).toEqual([run.id])
  expect(await statuses(['failed', 'stuck'])).toEqual([])
  const { isNew, ...started } = run
  expect(isNew).toBe(true)
  expect(await reeve.runs.one({ params: { run: run.id } })).toEqual(started)
  expect(await reeve.runs.input({ params: { run: run.id } })).toEqual({
    input: { name: 'Ada' },
    isPruned: false,
  })
  const { events, more } = await reeve.runs.events({ params: { run: run.id }, query: { limit: 1 } })
  expect({ types: events.map(({ type }) => type), more }).toEqual({ types: ['run-started'], more: true })
})

test('a start without waiting answers 202 with where to look', async () => {
  const server = await startServer()
  const response = await fetch(`${server.url}/api/runs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await server.tokenOf('operator')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ workflow: 'await-go' }),
  })
  const { id } = (await response.json()) as { id: string }
  expect([response.status, response.headers.get('location')]).toEqual([202, `/api/runs/${id}`])
})

test('runs come in pages, each once, the newest first', async () => {
  const reeve = await (await startServer()).as('operator')
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'greet', input: { name } } })
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const { items: runs, next } = await reeve.runs.list({
      query: { limit: 2, ...(cursor ? { cursor } : {}) },
    })
    found.push(...runs.map(({ id }) => id))
    if (next === null) break
    cursor = next
  }
  expect(found).toHaveLength(5)
  expect(found).toEqual([...new Set(found)].sort().reverse())
})

test('the same idempotency key starts one run, and another input under it is a conflict', async () => {
  const reeve = await (await startServer()).as('operator')
  const body = { workflow: 'greet', input: { name: 'Ada' } }
  const starts = await Promise.all([1, 2, 3].map(() => reeve.runs.start({ body, idempotencyKey: 'order 1' })))
  expect(new Set(starts.map(({ id }) => id)).size).toBe(1)
  const other = reeve.runs.start({ body: { ...body, input: { name: 'Bo' } }, idempotencyKey: 'order 1' })
  await expect(other).rejects.toMatchObject({
    code: 'idempotency-conflict',
    status: 409,
    message: expect.stringContaining('key "order 1" and another input'),
  })
})

test('each caller has idempotency keys of its own: none learns of another’s run, nor takes its key', async () => {
  const server = await startServer()
  const [ada, bo, project] = [await server.as('operator'), await server.as('owner'), server.runtime]
  const start = (name: string) => ({
    body: { workflow: 'greet', input: { name } },
    idempotencyKey: 'order 7',
  })
  const hers = await ada.runs.start(start('Ada'))
  const his = await bo.runs.start(start('Bo'))
  const ours = await project.startRun('greet', { name: 'All' }, { idempotencyKey: 'order 7' })
  expect([hers.isNew, his.isNew, ours.isNew]).toEqual([true, true, true])
  expect(await ada.runs.start(start('Ada'))).toMatchObject({ id: hers.id, isNew: false, key: 'order 7' })
  expect(await bo.runs.start(start('Bo'))).toMatchObject({ id: his.id, isNew: false })
  const named = async (client: typeof ada) =>
    (await client.runs.list({ query: { named: 'order 7' } })).items.map(({ id }) => id)
  expect([await named(ada), await named(bo)]).toEqual([[hers.id], [his.id]])
  const names = async (text: string, caller?: string) =>
    (await runsNamed(server.internals.database, text, 5, caller)).map(({ id }) => id)
  expect(await names('order 7')).toEqual([ours.id])
  await ours.result()
  await server.internals.database.run('delete from runs where id = ?', [ours.id])
  expect((await names('order 7')).toSorted()).toEqual([hers.id, his.id].toSorted())
  expect([await names('order'), await names('rder 7'), await names('reeve:by:order 7')]).toEqual([[], [], []])
})

test('a run in a path may be named by a key, which must mean one', async () => {
  const server = await startServer()
  const [ada, bo] = [await server.as('operator'), await server.as('owner')]
  const wait = { workflow: 'await-go', key: 'R-7' }
  const first = await ada.runs.start({ body: wait, idempotencyKey: 'mail 7/1' })
  for (const run of ['mail 7/1', 'R-7', 'await-go:R-7', first.id.slice(0, 12), first.id])
    expect(await bo.runs.one({ params: { run } }), run).toMatchObject({ id: first.id, workflowKey: 'R-7' })
  const second = await ada.runs.start({ body: wait })
  const go = { body: { name: 'go', payload: { ok: true } } }
  await expect(ada.runs.signal({ params: { run: 'R-7' }, ...go })).rejects.toMatchObject({
    code: 'ambiguous-run',
    details: { runs: [second.id, first.id] },
  })
  await ada.runs.cancel({ params: { run: second.id } })
  const once = { params: { run: 'R-7' }, ...go, idempotencyKey: 'paid' }
  expect(await ada.runs.signal(once)).toMatchObject({ runId: first.id, isNew: true })
  const stateOf = async () => (await ada.runs.one({ params: { run: first.id } })).status
  await expect.poll(stateOf).toBe('succeeded')
  const third = await ada.runs.start({ body: wait })
  expect(await ada.runs.signal(once)).toMatchObject({ runId: first.id, isNew: false })
  expect(await ada.runs.cancel({ params: { run: 'R-7' } })).toMatchObject({ id: third.id })
  for (const run of ['R-8', 'reeve:nightly', '%'])
    await expect(ada.runs.story({ params: { run } })).rejects.toMatchObject({ code: 'unknown-run' })
})

test('a run that a caller started before each had keys of its own is still the one that its key means', async () => {
  const server = await startServer()
  const [ada, bo] = [await server.as('operator'), await server.as('owner')]
  const start = { body: { workflow: 'greet', input: { name: 'Ada' } }, idempotencyKey: 'k' }
  const { id } = await ada.runs.start(start)
  await server.internals.database.run(`update runs set idempotency = 'k' where id = ?`, [id])
  expect(await ada.runs.start(start)).toMatchObject({ id, isNew: false })
  const another = { ...start, body: { workflow: 'greet', input: { name: 'Eve' } } }
  await expect(ada.runs.start(another)).rejects.toMatchObject({ code: 'idempotency-conflict' })
  expect(await bo.runs.start(another)).toMatchObject({ isNew: true })
})

test('an approval is decided with an edit and a note, by the name of who asked, and the mail is sent once', async () => {
  sent.length = 0
  const server = await startServer()
  const operator = await server.as('operator')
  const approver = await server.as('approver')
  const asking = await operator.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'reply', input: { to: 'bo@example.com', text: 'Hi' } },
  })
  expect(asking.standing.waitsFor).toMatchObject({ for: 'person' })
  const { items } = await approver.approvals.list()
  const [{ id: approval = '', hash = '' } = {}] = items
  expect(items).toMatchObject([
    { runId: asking.id, workflow: 'reply', allowed: ['approve', 'edit', 'reject'] },
  ])
  const whole = await approver.approvals.one({ params: { approval } })
  expect(whole.fields).toMatchObject([
    { path: ['args', 'to'], value: 'bo@example.com', origins: [{ from: 'given', path: ['to'] }] },
    { path: ['args', 'text'], value: 'Hi', origins: [{ from: 'given', path: ['text'] }] },
  ])
  expect(whole.runNow).toMatchObject({ id: asking.id, status: 'waiting' })
  expect(whole.context.inputs).toMatchObject([
    { runId: asking.id, input: { to: 'bo@example.com', text: 'Hi' } },
  ])
  const edit = { text: 'Hello' }
  const preview = await approver.approvals.preview({ params: { approval }, body: { edit } })
  expect(preview.changes).toEqual([{ field: 'text', from: 'Hi', to: 'Hello' }])
  const { principal } = await approver.session()
  const decided = await approver.approvals.decide({
    params: { approval },
    body: { verdict: 'approve', hash, edit, note: 'kinder' },
    idempotencyKey: 'decision',
  })
  expect(preview.isJudged).toBe(true)
  expect(decided).toMatchObject({ decided: { by: principal, note: 'kinder' }, isJudged: true })
  const again = await approver.approvals.decide({
    params: { approval },
    body: { verdict: 'approve', hash, edit, note: 'kinder' },
    idempotencyKey: 'decision',
  })
  expect(again.decided).toEqual(decided.decided)
  expect(again.isJudged).toBe(null)
  expect((await server.runtime.result(asking.id)).status).toBe('succeeded')
  expect(sent).toEqual([{ to: 'bo@example.com', text: 'Hello' }])
  const { story, left } = await approver.runs.story({ params: { run: asking.id } })
  expect(story.goal).toMatchObject({ workflow: 'reply', startedBy: expect.stringContaining('over HTTP') })
  expect(story.tools).toMatchObject([
    { name: 'mail.send', approval: { by: principal, edited: true, note: 'kinder' } },
  ])
  expect(story.chain.ok).toBe(true)
  expect(left).toEqual({})
})

test('an edit that a server without the run’s code cannot judge is taken, and that is said', async () => {
  const database = sqliteFile()
  const first = await startServer({ database })
  await (await first.as('operator')).runs.start({
    query: { wait: '20s' },
    body: { workflow: 'reply', input: { to: 'bo@example.com', text: 'Hi' } },
  })
  await first.close()
  const approver = await (await startServer({ database, workflows: [], isIdle: true })).as('approver')
  const [{ id: approval = '', hash = '' } = {}] = (await approver.approvals.list()).items
  const params = { approval }
  const edit = { text: 'Hello' }
  expect(await approver.approvals.preview({ params, body: { edit } })).toMatchObject({ isJudged: false })
  expect(await approver.approvals.decide({ params, body: { verdict: 'approve', hash, edit } })).toMatchObject(
    { status: 'approved', isJudged: false },
  )
})

test('of two who decide one approval the second hears who was first, and what changed is not decided', async () => {
  const server = await startServer()
  const operator = await server.as('operator')
  await operator.runs.start({ query: { wait: '20s' }, body: { workflow: 'decide', input: { what: 'x' } } })
  const [one, two] = [await server.as('approver'), await server.as('approver')]
  const { approval, hash } = await askedOf(one)
  const reject = { verdict: 'reject', hash, note: 'no' } as const
  const other = one.approvals.decide({ params: { approval }, body: { ...reject, hash: 'f'.repeat(64) } })
  await expect(other).rejects.toMatchObject({ code: 'approval-changed', status: 409 })
  await one.approvals.decide({ params: { approval }, body: reject })
  const { principal } = await one.session()
  const second = two.approvals.decide({ params: { approval }, body: reject })
  await expect(second).rejects.toMatchObject({
    code: 'already-decided',
    message: expect.stringContaining(principal),
  })
  const decided = await one.approvals.list({ query: { status: 'rejected' } })
  expect(decided.items).toMatchObject([{ id: approval, decided: { by: principal, note: 'no' } }])
})

test('an edit that breaks the schema is refused with the field, and nothing is decided', async () => {
  const server = await startServer()
  const operator = await server.as('operator')
  await operator.runs.start({
    query: { wait: '20s' },
    body: { workflow: 'reply', input: { to: 'bo@example.com', text: 'Hi' } },
  })
  const { approval, hash } = await askedOf(operator)
  const edited = operator.approvals.decide({
    params: { approval },
    body: { verdict: 'approve', hash, edit: { text: 7 } },
  })
  await expect(edited).rejects.toMatchObject({
    code: 'invalid-edit',
    message: expect.stringContaining('text'),
  })
  expect((await operator.approvals.list()).items).toHaveLength(1)
})

test('an operator overrides what a run waits for, and an approver may not', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  const { id: run } = await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'await-go' } })
  const params = { run }
  const given = { call: 1, how: 'result', result: { ok: true }, reason: 'the shop rang' } as const
  await expect.poll(async () => (await reeve.runs.one({ params })).status).toBe('waiting')
  const approver = await server.as('approver')
  await expect(approver.runs.override({ params, body: given })).rejects.toMatchObject({ status: 403 })
  const none = reeve.runs.override({ params, body: { ...given, call: 9 } })
  await expect(none).rejects.toMatchObject({ code: 'cannot-override', status: 409 })
  await reeve.runs.override({ params, body: given })
  expect(await server.runtime.result(run)).toMatchObject({ status: 'succeeded', output: { ok: true } })
  const acts = await listActs(server.internals.database, { run })
  expect(acts).toMatchObject([{ type: 'run-overridden', why: 'the shop rang', details: { call: 1 } }])
})

test('runs are paused, resumed, signalled, cancelled, retried and forked', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  const { id: run } = await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'await-go' } })
  const params = { run }
  expect(await reeve.runs.pause({ params })).toMatchObject({ paused: true })
  await reeve.runs.pause({ params })
  expect(await reeve.runs.resume({ params })).toMatchObject({ paused: false })
  // What comes while it is driven is looked at later.
  await expect.poll(async () => (await reeve.runs.one({ params })).status).toBe('waiting')
  const unfit = reeve.runs.signal({ params, body: { name: 'go', payload: { ok: 'yes' } } })
  await expect(unfit).rejects.toMatchObject({ code: 'unfit-signal', status: 422 })
  await reeve.runs.signal({ params, body: { name: 'go', payload: { ok: true }, id: 's1' } })
  expect(await server.runtime.result(run)).toMatchObject({ status: 'succeeded', output: { ok: true } })
  await reeve.runs.signal({ params, body: { name: 'go', payload: { ok: true }, id: 's1' } })
  await expect(reeve.runs.cancel({ params })).rejects.toMatchObject({ code: 'run-ended', status: 409 })
  // What was held already, refused or sent again is no act.
  const { principal } = await reeve.session()
  const acts = await listActs(server.internals.database, { run })
  const act = { by: principal, proof: 'token', subject: run }
  expect(acts).toMatchObject([
    { ...act, type: 'run-signalled', details: { signal: 'go', id: 's1' } },
    { ...act, type: 'run-resumed' },
    { ...act, type: 'run-paused' },
  ])

  const failed = await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'fail' } })
  expect(failed.error).toMatchObject({ message: 'it broke' })
  const retried = await reeve.runs.retry({ params: { run: failed.id } })
  expect(retried.id).toBe(failed.id)
  await server.runtime.result(failed.id)
  const fork = await reeve.runs.fork({ params: { run }, body: { from: 1 }, idempotencyKey: 'fork' })
  expect(fork.id).not.toBe(run)
  const again = await reeve.runs.fork({ params: { run }, body: { from: 1 }, idempotencyKey: 'fork' })
  expect(again.id).toBe(fork.id)
  await reeve.runs.cancel({ params: { run: fork.id } })
  expect(await server.runtime.result(fork.id)).toMatchObject({ status: 'cancelled' })
})

test('a write under one idempotency key is done once, however many ask at once; another request under it is a conflict', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  const { id: run } = await reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'await-go' } })
  const fork = (from: number) => reeve.runs.fork({ params: { run }, body: { from }, idempotencyKey: 'once' })
  const forks = await Promise.all([fork(1), fork(1), fork(1), fork(1)])
  expect(new Set(forks.map(({ id }) => id)).size).toBe(1)
  expect((await reeve.runs.list()).items).toHaveLength(2)
  await expect(fork(0)).rejects.toMatchObject({ code: 'idempotency-conflict', status: 409 })
})
