import { expect, test } from 'vitest'
import type { Session } from '../../src/store/database.ts'
import { SettledNumbers } from '../../src/store/postgres/settled-numbers.ts'

function settling() {
  let now = 0
  const server = { oldest: 100, next: 101 }
  const session = { get: async () => ({ ...server }) } as unknown as Session
  const settled = new SettledNumbers(session, () => now)
  return {
    settled,
    server,
    pass(ms: number) {
      now += ms
    },
  }
}

test('a number is settled once every transaction has ended that may have drawn a lower one', async () => {
  const { settled, server, pass } = settling()
  expect(await settled.look(50)).toBe(0)
  pass(1_999)
  expect(await settled.look(60)).toBe(0)
  pass(1)
  // Transaction 100 goes on, and others begin and end.
  server.next = 120
  expect(await settled.look(70)).toBe(0)
  server.next = 140
  expect(await settled.look(80)).toBe(0)
  server.oldest = 119
  expect(await settled.look(80)).toBe(0)
  server.oldest = 120
  expect(await settled.look(90)).toBe(50)
  expect(settled.upTo).toBe(50)
  pass(2_000)
  server.oldest = server.next
  expect(await settled.look(95)).toBe(90)
})

test('a transaction that goes on and on holds it up for a minute', async () => {
  const { settled, pass } = settling()
  await settled.look(50)
  pass(59_999)
  expect(await settled.look(60)).toBe(0)
  pass(1)
  expect(await settled.look(60)).toBe(50)
})
