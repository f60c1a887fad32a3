import { expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { StandIns } from '../../src/connectors/host/stand-ins.ts'
import type { Connection } from '../../src/connectors/shape/connection.ts'
import { startStandIn } from '../../src/connectors/stand-in/stand-in.ts'
import { takeStandIn } from '../../src/store/connectors/stand-ins.ts'
import { temporaryFolder } from '../cli/reeve.ts'
import { testEngine } from '../engine/harness.ts'

test('of several processes that find the owner of a stand-in dead one starts it, and all use that', async () => {
  const { database, clock } = await testEngine([])
  const dead = JSON.stringify({ url: 'http://127.0.0.1:1', endpoints: {} })
  const death = { before: undefined, place: dead, at: clock.now() }
  await database.transaction((session) => takeStandIn(session, 'desk', death))
  const open = new Set<string>()
  const requests: unknown[][] = []
  const started = Promise.withResolvers<void>()
  let starts = 0
  const load = async () => async () => {
    const standIn = await startStandIn(() => ({ name: 'desk', refuse: () => ({ status: 404 }), routes: {} }))
    open.add(standIn.url)
    requests.push(standIn.requests)
    // Both have found the owner dead before either takes its place.
    if (++starts === 2) started.resolve()
    await started.promise
    const close = async () => {
      open.delete(standIn.url)
      await standIn.close()
    }
    return { ...standIn, close }
  }
  const connection = { name: 'desk', definition: { sandbox: { standIn: { load } } } } as unknown as Connection
  const folder = temporaryFolder()
  const processes = [1, 2].map(() => new StandIns({ database, clock, log: silentLog, folder }))
  onTestFinished(async () => void (await Promise.all(processes.map((each) => each.close()))))
  const found = await Promise.all(processes.map((each) => each.of(connection)))
  expect(new Set(found.map(({ url }) => url))).toEqual(open)
  expect(open.size).toBe(1)
  expect(starts).toBe(2)
  // Whether it is there is no request to the service.
  expect(requests).toEqual([[], []])
})
