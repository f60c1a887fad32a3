import { expect, test, vi } from 'vitest'
import { Inbox } from '../../src/engine/waiting/inbox.ts'
import { OpenWaits } from '../../src/engine/waiting/open-waits.ts'
import { Timers } from '../../src/engine/waiting/timers.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'

const waitsOfARun = () =>
  new OpenWaits(
    new Timers(new FakeClock()),
    new Inbox([], { isUnrest: () => false, whenAtRest: () => undefined }),
  )

test('a wait is given up by the promise of its own run alone', () => {
  const [own, other] = [waitsOfARun(), waitsOfARun()]
  const giveUp = vi.fn()
  const promise = new Promise(() => undefined)
  own.add(promise, 1, giveUp)
  other.giveUp(promise)
  expect(giveUp).not.toHaveBeenCalled()
  own.giveUp(promise)
  expect(giveUp).toHaveBeenCalledOnce()
})
