import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { projectOf, Runtime, readEnvironment, workflow } from '../../src/index.ts'
import { internalsOf } from '../../src/runtime/runtime.ts'
import { recoverOrphans } from '../../src/store/dispatch/recovery.ts'
import { leaseMs, removeDeadWorkers } from '../../src/store/dispatch/workers.ts'
import { readEvents } from '../../src/store/journal/journal.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { startPostgres, type TestServer } from './postgres.ts'

const limitMs = 90_000

/** The same workflow, which blocks nothing. */
const block = workflow({
  name: 'block',
  input: z.any(),
  async run(ctx) {
    await ctx.step('begin', () => process.pid)
    return ctx.step('end', () => process.pid)
  },
})

async function open(url: string): Promise<Runtime> {
  const runtime = await Runtime.open({
    project: projectOf({}, [block]),
    environment: readEnvironment(tmpdir(), { DATABASE_URL: url }),
    log: silentLog,
  })
  onTestFinished(() => runtime.stop())
  return runtime
}

/** A worker in a process of its own, whose event loop a run blocks until `letGo`. */
async function blockedWorker(url: string, maxBlockedMs: number) {
  const gate = join(mkdtempSync(join(tmpdir(), 'reeve-blocked-')), 'go')
  const program = fileURLToPath(import.meta.resolve('./blocked-worker.ts'))
  const child = spawn(process.execPath, ['--conditions=reeve-source', program, url, gate, `${maxBlockedMs}`])
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: string[] = []
  let complaints = ''
  let heard = () => {}
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line)
    heard()
  })
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const hears = (word: string) =>
    new Promise<string>((resolve) => {
      heard = () => {
        const line = said.find((each) => each.startsWith(word))
        if (line !== undefined) resolve(line.slice(word.length).trim())
      }
      heard()
    })
  return {
    id: await hears('worker'),
    hears,
    said,
    complaints: () => complaints,
    letGo: () => writeFileSync(gate, ''),
    /** What it is asked to do on a loop that turns again. */
    async stop(): Promise<number | null> {
      child.kill('SIGTERM')
      const [code] = await once(child, 'exit')
      return code
    },
  }
}

/** Looks at the database until what it finds is there. */
async function found<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function cases(openUrl: () => Promise<string>): void {
  test(
    'a worker whose event loop is blocked beyond its lease keeps its run, and no death is counted',
    async () => {
      const url = await openUrl()
      const { database, engine } = internalsOf(await open(url))
      const { id } = await engine.startRun(block, {})
      const worker = await blockedWorker(url, 120_000)
      await worker.hears('blocking')
      // Of a process of another host only its heartbeats tell that it lives: the lease is the short one.
      await database.run(`update workers set host = 'another host' where id = ?`, [worker.id])
      // Three that would take it over.
      for (let count = 0; count < 3; count++) await (await open(url)).start()
      const beatAt = async () =>
        (
          await database.get<{ at: number }>('select heartbeat_at as at from workers where id = ?', [
            worker.id,
          ])
        )?.at
      const before = (await beatAt())!
      await found(async () => {
        const at = await beatAt()
        // Declared dead, it has no heartbeat any more.
        return at === undefined || at > before + 2 * leaseMs ? true : undefined
      })
      expect(await requireRun(database, id)).toMatchObject({ status: 'running', worker: worker.id, epoch: 1 })
      worker.letGo()
      expect(await worker.hears('ended')).toBe('succeeded')
      expect(await requireRun(database, id)).toMatchObject({ status: 'succeeded', epoch: 1, crashes: 0 })
      await found(async () => worker.complaints().includes('its event loop was blocked') || undefined)
      expect(await worker.stop()).toBe(0)
    },
    limitMs,
  )

  test(
    'an endless loop is found: the lease ends, log and row say so, the death is counted, and the worker writes no more',
    async () => {
      const url = await openUrl()
      const { database, engine } = internalsOf(await open(url))
      const { id } = await engine.startRun(block, {})
      const worker = await blockedWorker(url, 2_000)
      await worker.hears('blocking')
      await database.run(`update workers set host = 'another host' where id = ?`, [worker.id])
      const reason = await found(async () => (await requireRun(database, id)).reason ?? undefined)
      expect(reason).toContain('has not shown for 2.0 s that it lives')
      expect(worker.complaints()).toContain(worker.id)
      const orphans = await found(async () => {
        const recovered = await database.transaction(async (session) => {
          await removeDeadWorkers(session, leaseMs)
          return recoverOrphans(session)
        })
        return recovered.length > 0 ? recovered : undefined
      })
      expect(orphans).toMatchObject([{ id, crashes: 1 }])
      await (await open(url)).start()
      const run = await found(async () => {
        const row = await requireRun(database, id)
        return row.status === 'succeeded' ? row : undefined
      })
      expect(run.epoch).toBe(2)
      worker.letGo()
      expect(await worker.hears('ended')).toBe('lost')
      const ends = (await readEvents(database, run.no)).filter(({ type }) => type === 'step-completed')
      expect(ends.map(({ payload }) => payload === String(process.pid))).toEqual([false, true])
      expect(await worker.stop()).toBe(0)
    },
    limitMs,
  )
}

describe('SQLite', () =>
  cases(async () => `file:${join(mkdtempSync(join(tmpdir(), 'reeve-blocked-')), 'reeve.db')}`))

describe('Postgres', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  cases(() => server.createDatabase())
})
