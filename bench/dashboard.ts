import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { silentLog } from '../packages/reeve/src/base/log.ts'
import { workflow } from '../packages/reeve/src/context.ts'
import type { Workflow } from '../packages/reeve/src/engine/workflow.ts'
import { projectOf } from '../packages/reeve/src/project/load.ts'
import { internalsOf, Runtime } from '../packages/reeve/src/runtime/runtime.ts'
import { serve } from '../packages/reeve/src/server/listen.ts'
import type { Database } from '../packages/reeve/src/store/database.ts'
import { addPrincipal, findPrincipal } from '../packages/reeve/src/store/identity/principals.ts'
import { issueToken } from '../packages/reeve/src/store/identity/tokens.ts'
import { measurePages } from './dashboard/lighthouse.ts'
import { type Bench, goalOf, UsageError, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { withPostgres } from './runner/postgres.ts'
import { table } from './runner/table.ts'
import { seedLike } from './scale/seed.ts'

const rounds = 21

/** What each page asks for when it is opened. */
const pages: Record<string, (run: string) => string[]> = {
  'frame of every page': () => ['/api/session', '/api/waiting/count', '/api/pause'],
  today: () => ['/api/today'],
  inbox: () => ['/api/waiting?limit=500', '/api/proposals?status=open&limit=200'],
  runs: () => ['/api/runs?limit=50'],
  'runs, one status': () => ['/api/runs?limit=50&status=failed'],
  'runs, one workflow and status': () => ['/api/runs?limit=50&workflow=eight-steps&status=failed'],
  'runs, a text': (run) => [`/api/runs?limit=50&text=${run.slice(0, 12)}`],
  'runs, a rare text': () => ['/api/runs?limit=50&text=quails'],
  run: (run) => [
    `/api/runs/${run}`,
    `/api/runs/${run}/story?limit=200`,
    `/api/runs/${run}/events?limit=1000`,
  ],
  workflows: () => ['/api/workflows', '/api/metrics/workflows?since=30d'],
  costs: () => [
    '/api/costs?by=workflow&since=30d',
    '/api/costs?by=day&since=30d',
    '/api/budgets',
    '/api/models',
  ],
  decisions: () => ['/api/ledger?limit=50&origin=true', '/api/daemons'],
  directives: () => ['/api/directives', '/api/scripts'],
  goals: () => ['/api/goals'],
  quality: () => ['/api/workflows', '/api/metrics/workflows?since=90d', '/api/directives', '/api/agents'],
  failures: () => ['/api/failures?since=90d'],
  evaluations: () => ['/api/evals?limit=200'],
  changes: () => ['/api/proposals?limit=200'],
  agents: () => ['/api/agents', '/api/switches'],
  memory: () => ['/api/memory/newest'],
  system: () => ['/api/workers', '/api/queues', '/api/schedules', '/api/models', '/api/triggers'],
  connectors: () => ['/api/connectors'],
  people: () => ['/api/principals?limit=500', '/api/tokens?limit=200'],
  secrets: () => ['/api/secrets'],
  storage: () => ['/api/storage'],
}

type Target = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }

/**
 * The data of each page with a million runs and ten million events, and what a browser loads first. Writing them takes most of
 * the time: `--data FOLDER` keeps the SQLite file there, and takes it again the next time. `--url postgres://…` takes a database
 * of yours, which keeps them likewise.
 *
 * `--only lighthouse` instead opens pages in a browser over a slow line, as Lighthouse does, which is installed for it.
 */
export const run: Bench = async (options) => {
  if (options.only === 'lighthouse') return measurePages(wholeNumber(options, 'rounds', 3))
  if (options.only !== undefined && options.only !== 'data')
    throw new UsageError(`--only takes data or lighthouse; it is "${options.only}".`)
  const runs = wholeNumber(options, 'runs', options.quick === true ? 50_000 : 1_000_000)
  const folder = createDataFolder()
  const kept = typeof options.data === 'string' ? options.data : folder
  mkdirSync(kept, { recursive: true })
  const stores: Record<string, Record<string, number>> = {}
  try {
    if (options.store !== 'postgres')
      stores.sqlite = await measure({ kind: 'sqlite', file: join(kept, 'reeve.db') }, folder, runs)
    const onPostgres = (url: string) => measure({ kind: 'postgres', url }, folder, runs)
    if (options.store !== 'sqlite')
      stores.postgres =
        typeof options.url === 'string' ? await onPostgres(options.url) : await withPostgres(onPostgres)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const worst = (store: string) =>
    stores[store] === undefined ? undefined : Math.max(...Object.values(stores[store]))
  const script = firstLoad()
  return {
    goals: {
      ...(options.store !== 'postgres' && { pageP95OnSqlite: goalOf(worst('sqlite'), 300, 'ms', 'lower') }),
      ...(options.store !== 'sqlite' && {
        pageP95OnPostgres: goalOf(worst('postgres'), 300, 'ms', 'lower'),
      }),
      firstLoadScript: goalOf(script, 250, 'KiB gzipped', 'lower'),
    },
    raw: { runs, events: runs * 10, p95: stores, firstLoadScript: script },
    summary: table(
      ['page', ...Object.keys(stores).map((store) => `${store} p95 ms`)],
      Object.keys(pages).map((page) => [
        page,
        ...Object.values(stores).map((each) => each[page]!.toFixed(1)),
      ]),
    ),
  }
}

async function measure(database: Target, folder: string, runs: number): Promise<Record<string, number>> {
  const steps = workflow({
    name: 'eight-steps',
    input: z.null(),
    async run(ctx) {
      for (let step = 1; step <= 8; step++)
        await ctx.step(`step ${step}`, () => ({ step, text: 'x'.repeat(60) }))
      return { done: true }
    },
  })
  const wait = workflow({ name: 'asks', input: z.null(), run: (ctx) => ctx.approve('go on', { show: {} }) })
  const fails = workflow({
    name: 'fails',
    input: z.null(),
    run: () => {
      throw new Error('the other side said no')
    },
  })
  const project = projectOf({ knowledge: [] }, [steps, wait, fails] as unknown as Workflow[], folder)
  const environment = { database, keys: {}, user: 'bench', ci: true }
  const runtime = await Runtime.open({ project, environment, log: silentLog })
  const { engine, database: store, clock } = internalsOf(runtime)
  try {
    await runtime.start()
    const id = (await seededRun(store)) ?? (await seed(runtime, runs))
    const now = clock.now()
    const token = await store.transaction(async (session) => {
      const acting = { by: 'bench', proof: 'local-user', at: now } as const
      if (!(await findPrincipal(session, 'bench')))
        await addPrincipal(session, { name: 'bench', kind: 'person', role: 'owner' }, acting)
      const what = { id: engine.services.newId(), kind: 'access', principal: 'bench', name: 'bench' } as const
      return issueToken(session, { ...what, role: 'owner', expires_at: null }, acting)
    })
    const served = await serve(runtime, { port: 0 })
    try {
      return await timePages(served.url, token, id)
    } finally {
      await served.close()
    }
  } finally {
    await runtime.stop(1000)
  }
}

/** The run that all are like, where a bench before wrote them. */
async function seededRun(store: Database): Promise<string | undefined> {
  const row = await store.get<{ id: string }>(
    `select id from runs where workflow = 'eight-steps' order by no limit 1`,
  )
  return row?.id
}

/** Answers the run that all but those that wait or failed are like. */
async function seed(runtime: Runtime, runs: number): Promise<string> {
  const { engine, database: store } = internalsOf(runtime)
  const { id } = await runtime.startRun('eight-steps', null)
  await runtime.result(id)
  for (let index = 0; index < 200; index++) {
    await runtime.startRun('asks', null)
    await runtime.startRun('fails', null)
  }
  while (!(await engine.isQuiet())) await new Promise((resolve) => setTimeout(resolve, 50))
  process.stderr.write(`${store.kind}: writing ${runs} runs\n`)
  const batch = 50_000
  for (let left = runs; left > 0; left -= batch) await seedLike(store, id, Math.min(batch, left))
  return id
}

/** Opens each page again and again; what it asks for is asked at once, as a browser does. */
async function timePages(url: string, token: string, id: string): Promise<Record<string, number>> {
  const headers = { authorization: `Bearer ${token}` }
  const p95: Record<string, number> = {}
  for (const [page, asks] of Object.entries(pages)) {
    const times: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const before = performance.now()
      await Promise.all(
        asks(id).map(async (path) => {
          const answer = await fetch(`${url}${path}`, { headers })
          if (!answer.ok)
            throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`)
          await answer.arrayBuffer()
        }),
      )
      // The first one warms up.
      if (round > 0) times.push(performance.now() - before)
    }
    p95[page] = times.sort((a, b) => a - b)[Math.ceil(0.95 * times.length) - 1]!
    process.stderr.write(`  ${page}: ${p95[page]!.toFixed(1)} ms\n`)
  }
  return p95
}

/** The scripts that the page names, and those that they import at once, in KiB as they go over the wire. */
function firstLoad(): number {
  const folder = join(import.meta.dirname, '../packages/reeve/dashboard')
  const names = new Set(readFileSync(join(folder, 'index.html'), 'utf8').match(/[\w.-]+\.js/g) ?? [])
  for (const name of names) {
    const text = readFileSync(join(folder, 'assets', name), 'utf8')
    for (const [, imported] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
      names.add(imported!)
  }
  const known = readdirSync(join(folder, 'assets')).filter((name) => names.has(name))
  const bytes = known.reduce((sum, name) => {
    const path = join(folder, 'assets', name)
    return statSync(path).size > 0 ? sum + gzipSync(readFileSync(path)).length : sum
  }, 0)
  return bytes / 1024
}
