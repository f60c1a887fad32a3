import { expect, test, vi } from 'vitest'
import type { Client, JournalEvent } from '../../src/client/index.ts'
import { Tail } from '../../src/store/journal/tail.ts'
import { startServer } from './server-harness.ts'

/** Follows until `count` events came; answers them and where it was. */
async function hear(
  reeve: Client,
  count: number,
  options: { after?: string; kind?: string; run?: string } = {},
) {
  const heard: JournalEvent[] = []
  let cursor = options.after
  const stop = new AbortController()
  const connected = Promise.withResolvers<void>()
  const done = reeve.follow(
    {
      ...options,
      signal: stop.signal,
      onCursor: (its) => {
        cursor = its
        connected.resolve()
      },
    },
    (event) => {
      heard.push(event)
      if (heard.length === count) stop.abort()
    },
  )
  await connected.promise
  return { done: done.then(() => ({ heard, cursor })), heard, stop, cursor: () => cursor }
}

const start = (reeve: Client, name: string) =>
  reeve.runs.start({ query: { wait: '20s' }, body: { workflow: 'greet', input: { name } } })

test('whoever watches hears each event of the journal, in the order of its run', async () => {
  const reeve = await (await startServer()).as('operator')
  const watching = await hear(reeve, 3)
  const { id } = await start(reeve, 'Ada')
  const { heard } = await watching.done
  expect(heard.map(({ runId, type, seq, words }) => ({ runId, type, seq, words }))).toEqual([
    { runId: id, type: 'run-started', seq: 1, words: expect.stringContaining('operator') },
    { runId: id, type: 'step-completed', seq: 2, words: expect.any(String) },
    { runId: id, type: 'run-succeeded', seq: 3, words: expect.any(String) },
  ])
})

test('a filter lets through only what was asked for', async () => {
  const reeve = await (await startServer()).as('operator')
  const watching = await hear(reeve, 2, { kind: 'run-succeeded' })
  const ids = [(await start(reeve, 'a')).id, (await start(reeve, 'b')).id]
  const { heard } = await watching.done
  expect(heard.map(({ runId, type }) => [runId, type])).toEqual(ids.map((id) => [id, 'run-succeeded']))
})

test('who comes back with a cursor misses nothing that happened meanwhile, also after a restart', async () => {
  const first = await startServer()
  const { database } = first.runtime.environment
  const reeve = await first.as('operator')
  const token = await first.tokenOf('operator')
  const watching = await hear(reeve, 3)
  await start(reeve, 'first')
  const { cursor } = await watching.done
  const missed = await start(reeve, 'missed')
  await first.close()
  const second = await startServer({ database })
  const { createClient } = await import('../../src/client/index.ts')
  const back = createClient({ url: second.url, token })
  const again = await hear(back, 6, { after: cursor! })
  const last = await start(back, 'last')
  const { heard } = await again.done
  expect(heard.map(({ runId, seq }) => [runId, seq])).toEqual(
    [missed.id, last.id].flatMap((id) => [1, 2, 3].map((seq) => [id, seq])),
  )
})

test('who is far behind reads on from the database until it has caught up, and hears each once', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  const cursor = (await Tail.fromNow(server.internals.database, server.internals.clock, 'all')).cursor
  const ids = []
  for (let count = 0; count < 250; count++)
    ids.push((await server.runtime.startRun('greet', { name: 'x' })).id)
  await server.runtime.result(ids.at(-1)!)
  await vi.waitFor(async () => expect(await server.runtime.isQuiet()).toBe(true), 20_000)
  const watching = await hear(reeve, 760 - 7, { after: cursor })
  await server.runtime.startRun('greet', { name: 'last' })
  const { heard } = await watching.done
  expect(new Set(heard.map(({ id }) => id)).size).toBe(753)
})

test('a reader that takes nothing costs no memory, and one that is signed out hears no more', async () => {
  const server = await startServer()
  const owner = await server.as('owner')
  const made = await owner.tokens.create({ body: { name: 'watcher' } })
  const response = await fetch(`${server.url}/api/events`, {
    headers: { authorization: `Bearer ${made.token}` },
  })
  const reader = response.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('event: ready')
  await owner.tokens.revoke({ params: { token: made.id } })
  const denied = await fetch(`${server.url}/api/events`, {
    headers: { authorization: `Bearer ${made.token}` },
  })
  expect(denied.status).toBe(401)
  // Within a heartbeat the open stream ends, too.
  for (;;) if ((await reader.read()).done) break
}, 40_000)

test('a server that stops ends its streams, and does not wait for them', async () => {
  const server = await startServer()
  const watching = await hear(await server.as('viewer'), 1)
  const began = performance.now()
  await server.close()
  expect(performance.now() - began).toBeLessThan(10_000)
  watching.stop.abort()
  await watching.done
})

test('a page that was away until what it saw last was pruned goes on with what there is', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  const watching = await hear(reeve, 3)
  const { id: gone } = await start(reeve, 'gone')
  const { cursor } = await watching.done
  const { id: meanwhile } = await start(reeve, 'pruned as well')
  const { id: stays } = await start(reeve, 'stays')
  const { database } = server.internals
  for (const run of [gone, meanwhile]) {
    await database.run('delete from events where run = (select no from runs where id = ?)', [run])
    await database.run('delete from runs where id = ?', [run])
  }
  const back = await hear(reeve, 3, { after: cursor! })
  const { heard } = await back.done
  expect(heard.map(({ runId, seq }) => [runId, seq])).toEqual([1, 2, 3].map((seq) => [stays, seq]))
})

test('a page that saw more than there is, as before a backup was put back, hears what comes next', async () => {
  const server = await startServer()
  const reeve = await server.as('operator')
  await start(reeve, 'before')
  const back = await hear(reeve, 3, { after: '1000000' })
  const { id } = await start(reeve, 'after')
  const { heard } = await back.done
  expect(heard.map(({ runId, seq }) => [runId, seq])).toEqual([1, 2, 3].map((seq) => [id, seq]))
})

test('a cursor that is none is told so, and not taken for the beginning', async () => {
  const server = await startServer()
  const authorization = `Bearer ${await server.tokenOf('viewer')}`
  for (const cursor of ['yesterday', '-1', '1;drop table events', 'x'.repeat(5000)]) {
    const response = await fetch(`${server.url}/api/events`, {
      headers: { authorization, 'last-event-id': cursor },
    })
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'bad-cursor'])
  }
})
