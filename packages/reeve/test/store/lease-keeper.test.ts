import { expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.ts'
import { LeaseKeeper } from '../../src/store/lease-keeper.ts'

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
