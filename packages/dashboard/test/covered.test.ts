import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { daemon } from '../../reeve/src/autonomy/daemon/daemon.ts'
import { routes } from '../../reeve/src/client/routes.ts'
import { workflow } from '../../reeve/src/context.ts'
import type { Workflow } from '../../reeve/src/engine/workflow.ts'
import { endpoints } from '../../reeve/src/server/api/index.ts'
import { createApp } from '../../reeve/src/server/app.ts'
import { webhook } from '../../reeve/src/triggers/webhook.ts'
import { startServer } from '../../reeve/test/server/server-harness.ts'
import { pageAt, pages } from '../src/pages.ts'
import { pathsOf } from './paths.ts'
import { openStage, type Stage } from './stage.ts'

// Every page and every endpoint has a test, and one that has none fails here. Those of the resources that no other test calls
// are called here, each answer held against its schema.

let stage: Stage
beforeAll(async () => {
  stage = await openStage('some', { hasDirectives: true })
})
afterAll(() => stage?.close())

/** All tests of the packages that have a server and pages, as text. */
const tests = ['reeve', 'dashboard'].flatMap((name) => {
  const folder = join(import.meta.dirname, '../..', name, 'test')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
})

/** What is called as `client.resource.verb(`. */
const called = new Set(
  tests.flatMap((text) =>
    [...text.matchAll(/\.\s*(\w+)\s*\.\s*(\w+)\(/g)].map(([, resource, verb]) => `${resource}.${verb}`),
  ),
)

/** Paths with parameters and without: a path of the one kind fits a pattern of either. */
const served = () =>
  createApp(stage.runtime, { doors: { hosts: new Set(), origins: new Set(), trustProxy: false } })
    .hono.routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => ({ method, path }))

test('every endpoint of the API is called by its name in a test', () => {
  const calls = Object.entries(routes).flatMap(([resource, verbs]) =>
    Object.keys(verbs).map((verb) => `${resource}.${verb}`),
  )
  expect(calls.length).toBeGreaterThan(100)
  expect(calls.filter((call) => !called.has(call))).toEqual([])
})

test('everything else that the server answers is asked in a test', async () => {
  const isEndpoint = new Set(endpoints.map(({ method, path }) => `${method} ${path}`))
  const isPage = new Set(Object.keys(pages).map((path) => path.replaceAll('$', ':')))
  const others = served()
    .filter(({ method, path }) => !isEndpoint.has(`${method} ${path}`) && !isPage.has(path))
    .map(({ path }) => path)
  expect(others.length).toBeGreaterThan(10)
  const unasked = others.filter((path) => {
    const place = path.replace(/[.]/g, '\\.').replace(/:\w+|\*/g, '[^/\'"`\\s]+')
    const address = new RegExp(`['"\`}]${place}(?=['"\`?\\s])`)
    return !tests.some((text) => address.test(text))
  })
  expect(unasked).toEqual([])
  const icon = await fetch(`${stage.url}/icon.svg`)
  expect(icon.headers.get('content-type')).toBe('image/svg+xml')
  expect((await fetch(`${stage.url}/assets/none.js`)).status).toBe(404)
})

test('every page has its script, its route and its address at the server, and is opened in the tests', async () => {
  const patterns = Object.keys(pages)
  const router = readFileSync(join(import.meta.dirname, '../src/router.tsx'), 'utf8')
  const routed = [...router.matchAll(/^ {4}path: '([^']+)'/gm)].map(([, path]) => path)
  expect(routed.toSorted()).toEqual(patterns.toSorted())
  const addresses = new Set(served().map(({ path }) => path))
  expect(patterns.filter((path) => !addresses.has(path.replaceAll('$', ':')))).toEqual([])
  const opened = new Set(
    Object.values(await pathsOf(stage)).map((path) => pageAt(new URL(path, stage.url).pathname)),
  )
  expect(Object.entries(pages).flatMap(([path, load]) => (opened.has(load) ? [] : [path]))).toEqual([])
})

test('a page knows from where it hears events, and a guest is told nothing of that', async () => {
  const cookie = await stage.cookieOf('operator')
  const pageOf = async (headers: Record<string, string>) =>
    (await fetch(stage.url, { headers: { accept: 'text/html', ...headers } })).text()
  const meta = /<meta name="reeve-events" content="([^"]+)">/
  expect(await pageOf({})).not.toMatch(meta)
  const [, after] = meta.exec(await pageOf({ cookie: `${cookie.name}=${cookie.value}` }))!
  const { id } = await stage.runtime.startRun('weekly-report', null)
  const heard = await new Promise<string>((resolve, reject) => {
    const leaving = new AbortController()
    const hear = ({ runId, type }: { runId: string; type: string }) => {
      leaving.abort()
      resolve(`${runId} ${type}`)
    }
    stage
      .clientOf('viewer')
      .then((viewer) => viewer.follow({ after: after!, signal: leaving.signal }, hear))
      .catch(reject)
  })
  expect(heard).toBe(`${id} run-started`)
})

test('the figures, the log and a bulk action are told; a fork is planned', async () => {
  const [viewer, operator] = [await stage.clientOf('viewer'), await stage.clientOf('operator')]
  const { workflows } = await viewer.workflows.metrics({ query: { since: '7d' } })
  expect(workflows.find(({ workflow: name }) => name === 'weekly-report')?.total).toMatchObject({})
  const { items: agents } = await viewer.agents.list()
  expect(agents).toMatchObject([{ name: 'clerk', isRevoked: false, tools: [{ name: 'shop.label' }, {}] }])
  const { items: tools } = await viewer.tools.list()
  expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['shop.label']))
  expect(tools.find(({ name }) => name === 'shop.label')).toMatchObject({
    input: { type: 'object' },
    output: { type: 'object' },
  })
  expect(await viewer.agents.metrics({ params: { agent: 'clerk' } })).toHaveProperty('total')
  await expect(viewer.agents.metrics({ params: { agent: 'nobody' } })).rejects.toMatchObject({
    code: 'unknown-principal',
  })
  const { items: log } = await viewer.logs.list({ query: { workflow: 'reconcile' } })
  expect(log.at(-1)).toMatchObject({ workflow: 'reconcile', tone: 'bad' })
  const [run] = (await viewer.runs.list({ query: { workflow: 'weekly-report' } })).items
  expect(await viewer.runs.forkPlan({ params: { run: run!.id }, query: { from: 2 } })).toEqual({
    from: 2,
    asksAgain: [],
    standing: [],
    repeats: [],
  })
  const begun = await operator.bulk.start({
    body: { action: 'cancel', filter: { workflow: 'weekly-report' } },
  })
  await operator.bulk.stop({ params: { bulk: begun.id } })
  await expect(viewer.bulk.stop({ params: { bulk: begun.id } })).rejects.toMatchObject({ status: 403 })
  expect(['done', 'stopped']).toContain((await viewer.bulk.one({ params: { bulk: begun.id } })).status)
})

test('a schedule and everything are paused and go on; a program that does too much is signed out', async () => {
  const [operator, owner] = [await stage.clientOf('operator'), await stage.clientOf('owner')]
  const params = { schedule: 'weekly report' }
  expect(await operator.schedules.occurrences({ params })).toEqual({ items: [] })
  expect(await operator.schedules.pause({ params })).toMatchObject({ paused: true, nextAt: null })
  expect(await operator.schedules.resume({ params })).toMatchObject({ paused: false })
  await operator.pause.set({ body: { why: 'a fire' } })
  expect((await operator.pause.one()).paused).toMatchObject({ why: 'a fire' })
  await operator.pause.end()
  expect(await operator.pause.one()).toEqual({ paused: null })
  const { items } = await owner.principals.list({ query: { limit: 500 } })
  expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(['alex', 'viewer-1']))
  const cookie = await stage.cookieOf('viewer')
  const asks = () => fetch(`${stage.url}/api/runs`, { headers: { cookie: `${cookie.name}=${cookie.value}` } })
  expect((await asks()).status).toBe(200)
  await owner.principals.signOut({ params: { principal: 'viewer-1' } })
  expect((await asks()).status).toBe(401)
  const link = await owner.principals.link({ params: { principal: 'viewer-1' } })
  expect(link.path).toMatch(/^\/sign-in\?code=/)
  expect((await fetch(`${stage.url}${link.path}`)).status).toBe(200)
  await expect(operator.principals.link({ params: { principal: 'alex' } })).rejects.toMatchObject({
    status: 404,
  })
  const judged = await operator.policy.test({ query: { since: '7d' } })
  expect(judged.calls).toBeGreaterThan(0)
  expect(judged.differences).toEqual([])
})

test('a trigger is listed with what came to it', async () => {
  const on = [webhook({ secret: 'HOOK_SECRET' })]
  const input = z.record(z.string(), z.json())
  const hooked = workflow({ name: 'hooked', input, on, run: async () => 'done' }) as unknown as Workflow
  const viewer = await (await startServer({ workflows: [hooked] })).as('viewer')
  const [trigger] = (await viewer.triggers.list()).items
  expect(trigger).toMatchObject({ workflow: 'hooked', on: 'webhook', last: null })
  expect(trigger!.closed).toContain('HOOK_SECRET')
  expect(await viewer.triggers.deliveries({ params: { trigger: trigger!.name } })).toEqual({ items: [] })
  await expect(viewer.triggers.deliveries({ params: { trigger: 'none' } })).rejects.toMatchObject({
    code: 'unknown-trigger',
  })
})

test('a connector tells its versions, is accepted, looked at, disconnected and connected; an MCP server is asked', async () => {
  const [operator, owner] = [await stage.clientOf('operator'), await stage.clientOf('owner')]
  const { isSandbox, items } = await operator.connectors.list()
  expect([isSandbox, items.map(({ name }) => name).toSorted()]).toEqual([
    false,
    ['hubspot', 'slack', 'stripe', 'zendesk'],
  ])
  const params = { connector: 'stripe' }
  const { items: versions } = await operator.connectors.versions({ params })
  expect(versions).toMatchObject([{ mode: 'sandbox' }])
  expect(await operator.connectors.diff({ params })).toMatchObject({ isAccepted: true, changes: [] })
  await expect(operator.connectors.accept({ params, body: {} })).rejects.toMatchObject({ status: 403 })
  expect(await owner.connectors.accept({ params, body: {} })).toMatchObject({ isAccepted: true })
  const account = { ...params, account: 'default' }
  expect((await operator.connectors.test({ params: account })).accounts).toMatchObject([
    { account: 'default', isStandIn: true, state: 'connected' },
  ])
  await owner.connectors.disconnect({ params: { connector: 'hubspot', account: 'default' } })
  const wrong = { params: { connector: 'hubspot', account: 'default' }, body: { credential: { pin: '1' } } }
  await expect(owner.connectors.connect(wrong)).rejects.toMatchObject({ code: 'bad-credential' })
  expect((await operator.mcpServers.list()).items).toMatchObject([{ name: 'files', state: 'unused' }])
  expect(await operator.mcpServers.look({ params: { server: 'files' } })).toMatchObject({ offers: null })
})

test('a daemon is paused, goes on and is woken; what it decided stands in the ledger', async () => {
  const watch = daemon({ name: 'night-watch', every: '1h', rules: () => undefined })
  const operator = await (await startServer({ config: { daemons: [watch] } })).as('operator')
  const params = { daemon: 'night-watch' }
  expect((await operator.daemons.list()).items).toMatchObject([{ name: 'night-watch' }])
  expect(await operator.daemons.pause({ params, body: { why: 'quiet' } })).toMatchObject({ state: 'paused' })
  expect((await operator.daemons.resume({ params, body: {} })).state).not.toBe('paused')
  expect(await operator.daemons.wake({ params, body: {} })).toMatchObject({ name: 'night-watch' })
  await expect
    .poll(async () => (await operator.ledger.list({ query: { origin: 'true' } })).items.length)
    .toBeGreaterThan(0)
  expect((await operator.daemons.one({ params })).last).toMatchObject({ decision: 'idle' })
})

test('directives, scripts and goals are told, noted and changed', async () => {
  const operator = await stage.clientOf('operator')
  const params = { directive: 'reconcile-payments' }
  expect((await operator.directives.list()).items.map(({ name }) => name).toSorted()).toEqual([
    'publish-article',
    'reconcile-payments',
    'weekly-report',
  ])
  expect((await operator.directives.one({ params })).seen).toContainEqual(
    expect.objectContaining({ text: '{open} is 0', met: false }),
  )
  expect(await operator.directives.metrics({ params })).toHaveProperty('total')
  await operator.directives.note({ params, body: { mode: 'The bank is shut: ask again in an hour.' } })
  const { items: versions } = await operator.directives.versions({ params })
  expect(versions[0]).toMatchObject({ version: 2, author: 'person', by: 'operator-1' })
  const { hunks } = await operator.directives.diff({ params, query: { from: 1, to: 2 } })
  expect(hunks.flat().filter(({ kind }) => kind === 'added')).toMatchObject([
    { text: expect.stringContaining('The bank is shut') },
  ])
  const { items: scripts } = await operator.scripts.list()
  expect(scripts.map(({ name, effect }) => [name, effect])).toContainEqual(['make_post', 'idempotent'])
  expect((await operator.goals.list()).items).toHaveLength(3)
  const goal = { goal: 'cheap-answers' }
  await operator.goals.set({ params: goal, body: { target: { atMost: 0.02 }, why: 'dearer now' } })
  expect(await operator.goals.one({ params: goal })).toMatchObject({
    target: { atMost: 0.02 },
    changes: [{ by: 'operator-1', why: 'dearer now' }],
  })
})

test('a repair is told with its difference; one that no longer fits its script is refused', async () => {
  const operator = await stage.clientOf('operator')
  const params = { repair: 'repair-1' }
  expect((await operator.repairs.list()).items).toMatchObject([{ id: 'repair-1', status: 'proposed' }])
  expect(await operator.repairs.one({ params })).toMatchObject({ script: 'read_payments' })
  const { hunks } = await operator.repairs.diff({ params })
  expect(hunks.flat().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['removed', 'added']))
  await expect(operator.repairs.rollback({ params, body: {} })).rejects.toMatchObject({
    code: 'repair-state',
  })
  await expect(operator.repairs.promote({ params, body: {} })).rejects.toMatchObject({
    code: 'repair-overtaken',
  })
})

test('failures, evaluations and versions of what is known are told', async () => {
  const viewer = await stage.clientOf('viewer')
  const { classes } = await viewer.failures.list({ query: { since: '7d' } })
  expect(classes.flatMap(({ workflows }) => workflows)).toContain('reconcile')
  const { items } = await viewer.evals.list({ query: { name: 'support-triage' } })
  expect(items).toHaveLength(5)
  expect(await viewer.evals.one({ params: { eval: 'eval-4' } })).toMatchObject({
    verdict: 'regressed',
    cases: expect.arrayContaining([expect.objectContaining({ id: 'no order number' })]),
  })
  expect(await viewer.evals.cases({ query: { workflow: 'support-triage' } })).toEqual({ items: [] })
  const { items: known, next } = await viewer.memory.versions({ query: { limit: 2 } })
  expect(known.map(({ version }) => version)).toEqual([1, 1])
  expect((await viewer.memory.versions({ query: { limit: 2, cursor: next! } })).items[0]!.no).toBeGreaterThan(
    known[1]!.no,
  )
})
