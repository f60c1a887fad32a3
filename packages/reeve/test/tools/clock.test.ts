import { expect, test } from 'vitest'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { clockTool } from '../../src/tools/clock.ts'
import { callTool } from './tool-call.ts'

test('tells the time of a zone, on both sides of its change', async () => {
  const clock = new FakeClock(Date.UTC(2026, 2, 29, 0, 59, 59))
  const now = clockTool({ clock })
  expect(await callTool(now, { timeZone: 'Europe/Berlin' })).toEqual({
    iso: '2026-03-29T00:59:59.000Z',
    timeZone: 'Europe/Berlin',
    local: '2026-03-29 01:59:59',
    weekday: 'Sunday',
    offset: '+01:00',
  })
  await clock.advance(1000)
  expect(await callTool(now, { timeZone: 'Europe/Berlin' })).toMatchObject({
    local: '2026-03-29 03:00:00',
    offset: '+02:00',
  })
  expect(await callTool(now, {})).toMatchObject({ local: '2026-03-29 01:00:00', offset: '+00:00' })
})

test('names a zone that it does not know', async () => {
  await expect(callTool(clockTool(), { timeZone: 'Mars/Olympus' })).rejects.toThrow(/Mars\/Olympus/)
})
