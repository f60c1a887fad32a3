import { expect, onTestFinished, test, vi } from 'vitest'
import type { Backend } from '../../src/cli/backend/backend.ts'
import type { Cli } from '../../src/cli/cli.ts'
import { showUntilRest } from '../../src/cli/run/drive.ts'
import { Terminal } from '../../src/cli/terminal/terminal.ts'

test('a run that says nothing for some seconds has a person told, once, how to leave it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const terminal = new Terminal(false)
  const remarks = vi.spyOn(terminal, 'remark').mockReturnValue()
  vi.spyOn(terminal, 'line').mockReturnValue()
  const cli = { terminal, command: () => 'reeve dev' } as unknown as Cli
  const ending = Promise.withResolvers<undefined>()
  const happened: ((event: object) => void)[] = []
  const backend = {
    follow: (_run: string, { onEvent }: { onEvent: (event: object) => void }) => {
      happened.push(onEvent)
      return ending.promise
    },
    run: async () => ({ status: 'waiting' }),
  } as unknown as Backend
  const shown = showUntilRest(cli, backend, 'r1', { afterSeq: 0, signal: new AbortController().signal })
  vi.advanceTimersByTime(4000)
  happened[0]!({ type: 'timer-set', name: 'nap', at: 0, tone: 'wait', words: 'until tomorrow' })
  vi.advanceTimersByTime(4000)
  expect(remarks).not.toHaveBeenCalled()
  vi.advanceTimersByTime(60_000)
  expect(remarks.mock.calls).toEqual([[expect.stringMatching(/Ctrl-C leaves it.*\(reeve dev\)/)]])
  ending.resolve(undefined)
  await shown
  expect(vi.getTimerCount()).toBe(0)
})
