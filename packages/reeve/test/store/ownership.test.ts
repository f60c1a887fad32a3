import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Environment } from '../../src/base/config.ts'
import { silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/time/time.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow } from '../../src/engine/workflow.ts'
import type { ProjectConfig } from '../../src/project/config.ts'
import { projectOf } from '../../src/project/load.ts'
import { claimantOf } from '../../src/project/name.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { listQueues } from '../../src/store/dispatch/queues/queues.ts'
import { adoptDatabase, readOwner } from '../../src/store/identity/ownership.ts'
import { openDatabase } from '../../src/store/open.ts'
import { startPostgres, type TestServer } from './postgres.ts'

let server: TestServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(() => server.stop())

/** A folder of this name, somewhere else each time. */
function folder(name: string, packageName?: string): string {
  const root = mkdtempSync(join(tmpdir(), 'reeve-owner-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const made = join(root, name)
  mkdirSync(made)
  if (packageName !== undefined)
    writeFileSync(join(made, 'package.json'), JSON.stringify({ name: packageName }))
  return made
}

function greeting(name: string) {
  return defineWorkflow({
    name,
    input: z.unknown(),
    run: (ctx: CoreContext) => ctx.step('greet', () => 'hi'),
  })
}

interface Given {
  folder: string
  config?: ProjectConfig
  /** The name of its one workflow. */
  workflow?: string
}

function projectIn({ folder, config = {}, workflow = 'greet' }: Given) {
  return projectOf(config, [greeting(workflow)], folder)
}

/** Opens the project as a worker does, and closes again; with `runs` it drives one run. */
async function use(
  database: Environment['database'],
  given: Given,
  runs = false,
  variables: NodeJS.ProcessEnv = {},
): Promise<void> {
  const runtime = await Runtime.open({
    project: projectIn(given),
    environment: { database, keys: {}, user: 'ada', ci: false, variables },
    log: silentLog,
  })
  try {
    if (!runs) return
    await runtime.start()
    const handle = await runtime.startRun(given.workflow ?? 'greet', {})
    expect(await handle.result()).toMatchObject({ status: 'succeeded' })
  } finally {
    await runtime.stop()
  }
}

async function looking<T>(
  database: Environment['database'],
  look: (opened: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const opened = openDatabase(database, systemClock)
  try {
    return await look(opened)
  } finally {
    await opened.close()
  }
}

const ofAnother = { code: 'database-of-another-project' }

describe.each(['sqlite', 'postgres'] as const)('on %s', (kind) => {
  const fresh = async (): Promise<Environment['database']> =>
    kind === 'sqlite'
      ? { kind, file: join(folder('shared'), 'shared.db') }
      : { kind, url: await server.createDatabase() }

  test('a second project is refused with whose the database is and what to do, and changes nothing', async () => {
    const database = await fresh()
    await use(database, { folder: folder('a', 'shop') })
    const blog = { folder: folder('b', 'blog'), config: { queues: { mail: { concurrency: 1 } } } }
    const refusal = await use(database, blog).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      ...ofAnother,
      message: expect.stringMatching(
        /belongs to the project "shop", and this one is "blog".*of its own.*reeve db adopt\. Nothing was changed/,
      ),
    })
    expect((refusal as Error).message).toContain(
      kind === 'sqlite' ? 'a file of its own' : 'search_path%3DNAME',
    )
    expect((await looking(database, listQueues)).map(({ name }) => name)).not.toContain('mail')
    expect(await looking(database, readOwner)).toEqual({ names: ['shop'], isNamed: true })
  })

  test('a project whose name is a secret too is the same one each time', async () => {
    const database = await fresh()
    const secret = { API_TOKEN: 'shop-7f3a-of-ada' }
    for (let start = 0; start < 3; start++)
      await use(database, { folder: folder('a', 'shop-7f3a-of-ada') }, false, secret)
    expect(await looking(database, readOwner)).toEqual({ names: ['[secret]'], isNamed: true })
  })

  test('runs of daemons, directives and the runtime tell nothing of whose a database is', async () => {
    const database = await fresh()
    await use(database, { folder: folder('a') }, true)
    for (const workflow of ['daemon:steward', 'directive:check', 'reeve.learn']) {
      await looking(database, (opened) =>
        opened.transaction((session) => session.run('update runs set workflow = ?', [workflow])),
      )
      await use(database, { folder: folder('b'), workflow: 'other' })
    }
  })

  test('checkouts of one project in other folders are the same project, by its own name before its package', async () => {
    const database = await fresh()
    await use(database, { folder: folder('a', 'shop') }, true)
    await use(database, { folder: folder('app', 'shop') })
    await use(database, { folder: folder('app', 'image'), config: { name: 'shop' } })
    await expect(
      use(database, { folder: folder('a', 'shop'), config: { name: 'other' } }),
    ).rejects.toMatchObject(ofAnother)
  })

  test('where only folders give a name, another folder passes unless all runs are of workflows it does not have', async () => {
    const database = await fresh()
    await use(database, { folder: folder('checkout') })
    await use(database, { folder: folder('app') }, true)
    await use(database, { folder: folder('elsewhere') })
    await expect(use(database, { folder: folder('blog'), workflow: 'publish' })).rejects.toMatchObject(
      ofAnother,
    )
    await expect(
      use(database, { folder: folder('blog', 'blog'), workflow: 'publish' }),
    ).rejects.toMatchObject(ofAnother)
    expect(await looking(database, readOwner)).toEqual({ names: ['checkout'], isNamed: false })
    await use(database, { folder: folder('app', 'shop') })
    expect(await looking(database, readOwner)).toEqual({ names: ['shop'], isNamed: true })
    await use(database, { folder: folder('app') })
    expect(await looking(database, readOwner)).toEqual({ names: ['shop'], isNamed: true })
  })

  test('a project that was renamed says so once; then both names pass, for workers of both are at work', async () => {
    const database = await fresh()
    const [before, after] = [{ folder: folder('a', 'shop') }, { folder: folder('a', 'store') }]
    await use(database, before)
    await expect(use(database, after)).rejects.toMatchObject(ofAnother)
    const owner = await looking(database, (opened) =>
      adoptDatabase(opened, claimantOf(projectIn(after), database)),
    )
    expect(owner).toEqual({ names: ['shop', 'store'], isNamed: true })
    await use(database, after)
    await use(database, before)
    await expect(use(database, { folder: folder('a', 'blog') })).rejects.toMatchObject(ofAnother)
  })
})

test('of projects that come to an empty database at one moment one owns it', async () => {
  const database: Environment['database'] = { kind: 'postgres', url: await server.createDatabase() }
  const results = await Promise.allSettled(
    ['shop', 'blog', 'news'].map((name) => use(database, { folder: folder('a', name) })),
  )
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject(ofAnother)
})

test('two projects share a Postgres database in schemas of their own', async () => {
  const url = await server.createDatabase()
  await server.query('create schema blog', url)
  await use({ kind: 'postgres', url }, { folder: folder('a', 'shop') }, true)
  const apart = `${url}?options=-c%20search_path%3Dblog`
  await use({ kind: 'postgres', url: apart }, { folder: folder('a', 'blog'), workflow: 'publish' }, true)
})

test("a file in the project's own folder stays its own when its package is renamed", async () => {
  const home = folder('a', 'shop')
  const database: Environment['database'] = { kind: 'sqlite', file: join(home, '.reeve/reeve.db') }
  await use(database, { folder: home }, true)
  writeFileSync(join(home, 'package.json'), '{"name":"store"}')
  await use(database, { folder: home }, true)
  expect(await looking(database, readOwner)).toEqual({ names: ['shop', 'store'], isNamed: true })
})
