import { expect, onTestFinished, test, vi } from 'vitest'
import { createClient } from '../../src/client/index.ts'

test('a connection that has gone silent, as after a sleep of the machine, is made anew from where it was', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const asked: (string | undefined)[] = []
  const leaving = new AbortController()
  const client = createClient({
    token: 'any',
    fetch: async (_url, init) => {
      asked.push((init?.headers as Record<string, string> | undefined)?.['last-event-id'])
      const greeting = new TextEncoder().encode('id: 7\nevent: ready\ndata: {}\n\n')
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(greeting) }))
    },
  })
  const states: string[] = []
  const following = client.follow({ signal: leaving.signal, onState: (state) => states.push(state) }, () => {
    throw new Error('nothing happened')
  })
  await vi.advanceTimersByTimeAsync(30_000)
  expect(asked).toEqual([undefined])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked).toEqual([undefined, '7'])
  expect(states).toEqual(['connected', 'away', 'connected'])
  leaving.abort()
  await vi.advanceTimersByTimeAsync(60_000)
  await following
})

test('a page that knows who is signed in writes without asking again', async () => {
  const asked: string[] = []
  const client = createClient({
    fetch: async (url, init) => {
      asked.push(
        `${init?.method} ${url} ${(init?.headers as Record<string, string> | undefined)?.['x-csrf-token'] ?? ''}`,
      )
      return Response.json({ csrfToken: 'of this session' })
    },
  })
  await client.session()
  await client.pause.end()
  expect(asked).toEqual(['GET /api/session ', 'DELETE /api/pause of this session'])
})
