import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { LeaseKeeper } from '../../src/store/dispatch/lease/lease-keeper.ts'
import { leaseMs, registerWorker, removeWorker } from '../../src/store/dispatch/workers.ts'
import { openTestDatabase } from '../engine/harness.ts'

/** Resolves with each warning. */
function heardLog(): { log: Log; next: () => Promise<string> } {
  const heard: string[] = []
  let tell = () => {}
  const log: Log = {
    ...silentLog,
    warn(message, fields) {
      heard.push(`${message} ${JSON.stringify(fields)}`)
      tell()
    },
  }
  const next = async () => {
    while (heard.length === 0) {
      await new Promise<void>((resolve) => {
        tell = resolve
      })
    }
    return heard.shift()!
  }
  return { log, next }
}

test('a thread that ends is started again, and that is said', async () => {
  const { log, next } = heardLog()
  const script = new URL('data:text/javascript,throw new Error("no memory")')
  const keeper = new LeaseKeeper({ database: { kind: 'sqlite', file: '/nowhere' }, log, script })
  keeper.begin('worker1')
  expect(await next()).toMatch(/started again in 1\.0 s.*no memory/)
  expect(await next()).toMatch(/started again in 2\.0 s.*no memory/)
  await keeper.end()
})

test('a keeper that is ended leaves no thread behind, and says nothing', async () => {
  const { log, next } = heardLog()
  const script = new URL('data:text/javascript,setInterval(() => {}, 1000)')
  const keeper = new LeaseKeeper({ database: { kind: 'sqlite', file: '/nowhere' }, log, script })
  keeper.begin('worker1')
  await keeper.end()
  expect(await Promise.race([next(), Promise.resolve('nothing')])).toBe('nothing')
  expect(process.getActiveResourcesInfo()).not.toContain('MessagePort')
})

test('a worker that was declared dead is not brought back by the thread that stands in for it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-lease-'))
  const file = join(folder, 'reeve.db')
  const database = await openTestDatabase(systemClock, file)
  const { log, next } = heardLog()
  const keeper = new LeaseKeeper({ database: { kind: 'sqlite', file }, log })
  onTestFinished(async () => {
    await keeper.end()
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await registerWorker(database, 'blocked')
  const beaten = () =>
    database.get('select id from workers where id = ? and heartbeat_at > started_at', ['blocked'])
  keeper.begin('blocked')
  while (!(await beaten())) await new Promise((resolve) => setTimeout(resolve, 20))
  await removeWorker(database, 'blocked')
  // It stands in all the while, which it says once the worker beats again.
  await new Promise((resolve) => setTimeout(resolve, leaseMs))
  keeper.beaten()
  expect(await next()).toContain('A thread kept its lease')
  expect(await database.all('select id from workers')).toEqual([])
})
