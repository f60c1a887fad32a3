import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Arrival } from '../receivers/arrival-log.ts'
import { parseFaults } from '../receivers/faults.ts'
import { type ReceiverOptions, startReceivers } from '../receivers/server.ts'
import { findReply, postMessage, postReply } from '../tools/receivers.ts'

const reply = { to: 'a@example.com', subject: 'Re: scale', body: 'Hello', inReplyTo: 'm-1' }
const at = '2026-11-14T09:00:00.000Z'
let directory: string
let url: string
let close: () => Promise<void>

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reeve-receivers-'))
  await start()
})
afterEach(async () => {
  await close()
  await rm(directory, { recursive: true, force: true })
})

async function start(options: Partial<ReceiverOptions> = {}): Promise<void> {
  const receivers = await startReceivers({ port: 0, directory, now: () => Date.parse(at), ...options })
  url = receivers.url
  close = receivers.close
}

async function restart(options: Partial<ReceiverOptions> = {}): Promise<void> {
  await close()
  await start(options)
}

async function arrivals(): Promise<Arrival[]> {
  const text = await readFile(join(directory, 'receivers.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Arrival)
}

/** Asks until so many requests wait inside the receivers; the test's own time limit bounds it. */
async function untilDelayed(count: number): Promise<void> {
  let delayed = 0
  while (delayed < count)
    delayed = ((await (await fetch(`${url}/health`)).json()) as { delayed: number }).delayed
}

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { method: 'POST', body, headers })
  return { status: response.status, error: ((await response.json()) as { error?: string }).error }
}

describe('a key', () => {
  test('takes effect once, and a repetition gets the first answer', async () => {
    expect(await postReply(url, reply, 'run:1')).toEqual({ key: 'run:1', receivedAt: at, replayed: false })
    expect(await postReply(url, reply, 'run:1')).toEqual({ key: 'run:1', receivedAt: at, replayed: true })
    expect(await arrivals()).toEqual([
      { seq: 1, at, receiver: 'helpdesk', key: 'run:1', replayed: false, applied: true, body: reply },
      { seq: 2, at, receiver: 'helpdesk', key: 'run:1', replayed: true, applied: false, body: reply },
    ])
  })

  test('takes effect once when it arrives many times at once', async () => {
    const receipts = await Promise.all(Array.from({ length: 20 }, () => postReply(url, reply, 'run:2')))
    expect(receipts.filter((receipt) => !receipt.replayed)).toHaveLength(1)
    const log = await arrivals()
    expect(log).toHaveLength(20)
    expect(log.filter((arrival) => arrival.applied).map((arrival) => arrival.seq)).toEqual([1])
  })

  test('is refused for another body, for good', async () => {
    await postReply(url, reply, 'run:3')
    await expect(postReply(url, { ...reply, body: 'Other' }, 'run:3')).rejects.toMatchObject({
      code: 'receiver-refused',
      retryable: false,
      status: 422,
    })
    expect((await arrivals()).map(({ applied, replayed }) => ({ applied, replayed }))).toEqual([
      { applied: true, replayed: false },
      { applied: false, replayed: false },
    ])
    expect((await findReply(url, 'run:3'))?.reply).toEqual(reply)
  })

  test('of one receiver is free at the other', async () => {
    await postReply(url, reply, 'run:4')
    expect((await postMessage(url, { channel: '#critical-bugs', text: 'down' }, 'run:4')).replayed).toBe(
      false,
    )
  })

  test('is known after a restart', async () => {
    await postReply(url, reply, 'run:5')
    await restart()
    expect((await postReply(url, reply, 'run:5')).replayed).toBe(true)
    await expect(postReply(url, { ...reply, body: 'Other' }, 'run:5')).rejects.toMatchObject({ status: 422 })
    expect((await arrivals()).map((arrival) => arrival.seq)).toEqual([1, 2, 3])
  })

  test('can be asked for', async () => {
    expect(await findReply(url, 'a/b c')).toBeUndefined()
    await postReply(url, reply, 'a/b c')
    expect(await findReply(url, 'a/b c')).toMatchObject({ receivedAt: at, reply })
  })
})

describe('the log', () => {
  test('survives a torn last line, which was never acknowledged', async () => {
    await postReply(url, reply, 'run:1')
    await close()
    await appendFile(join(directory, 'receivers.jsonl'), '{"seq":2,"at":"2026-11-14T09:0')
    await start()
    expect(await findReply(url, 'run:1')).toBeDefined()
    expect((await postReply(url, reply, 'run:2')).replayed).toBe(false)
    expect((await arrivals()).map((arrival) => arrival.key)).toEqual(['run:1', 'run:2'])
  })

  test('with a broken line in the middle stops the start and names the line', async () => {
    const path = join(directory, 'broken', 'receivers.jsonl')
    await postReply(url, reply, 'run:1')
    const good = await readFile(join(directory, 'receivers.jsonl'), 'utf8')
    await startReceivers({ port: 0, directory: join(directory, 'broken') }).then((each) => each.close())
    await writeFile(path, `${good}{"seq":\n${good}`)
    await expect(startReceivers({ port: 0, directory: join(directory, 'broken') })).rejects.toThrow(
      `${path}:2`,
    )
  })

  test('can be read on from a place', async () => {
    for (const key of ['a', 'b', 'c']) await postMessage(url, { channel: '#x', text: key }, key)
    const answer = (await (await fetch(`${url}/log?since=1`)).json()) as { arrivals: Arrival[] }
    expect(answer.arrivals.map((arrival) => arrival.key)).toEqual(['b', 'c'])
    expect((await fetch(`${url}/log?since=x`)).status).toBe(400)
  })
})

describe('bad requests', () => {
  test.each([
    ['no key', '/helpdesk/replies', JSON.stringify(reply), {}, 400, /Idempotency-Key/],
    ['no JSON', '/helpdesk/replies', '{', { 'idempotency-key': 'k' }, 400, /not JSON/],
    ['a list', '/helpdesk/replies', '[]', { 'idempotency-key': 'k' }, 400, /not a JSON object/],
    [
      'a blank field',
      '/chat/messages',
      '{"channel":"#x","text":" "}',
      { 'idempotency-key': 'k' },
      400,
      /"text"/,
    ],
    [
      'an unknown field',
      '/chat/messages',
      '{"channel":"#x","text":"y","to":"z"}',
      { 'idempotency-key': 'k' },
      400,
      /"to"/,
    ],
    ['too much', '/chat/messages', 'x'.repeat(1024 * 1024 + 1), { 'idempotency-key': 'k' }, 413, /larger/],
    ['a wrong path', '/chat', '{}', { 'idempotency-key': 'k' }, 404, /POST \/chat/],
  ] as const)(
    '%s is refused, says why, and leaves no trace',
    async (_name, path, body, headers, status, error) => {
      const answer = await post(path, body, headers)
      expect(answer.status).toBe(status)
      expect(answer.error).toMatch(error)
      expect(await arrivals()).toEqual([])
    },
  )
})

describe('faults', () => {
  test('failing before leaves nothing behind, and the retry takes effect', async () => {
    await restart({ faults: [{ kind: 'fail-before', status: 503 }] })
    await expect(postReply(url, reply, 'k')).rejects.toMatchObject({
      code: 'receiver-failed',
      retryable: true,
      status: 503,
    })
    expect(await findReply(url, 'k')).toBeUndefined()
    expect((await postReply(url, reply, 'k')).replayed).toBe(false)
  })

  test('a lost reply is retryable, can be verified, and the retry has no second effect', async () => {
    await restart({ faults: [{ kind: 'lose-reply', receiver: 'helpdesk', key: 'k' }] })
    await expect(postReply(url, reply, 'k')).rejects.toMatchObject({
      code: 'receiver-unreachable',
      retryable: true,
    })
    expect((await findReply(url, 'k'))?.reply).toEqual(reply)
    expect((await postReply(url, reply, 'k')).replayed).toBe(true)
    expect((await arrivals()).filter((arrival) => arrival.applied)).toHaveLength(1)
  })

  test('failing after has its effect once over two retries', async () => {
    await restart({ faults: [{ kind: 'fail-after', status: 500, times: 2, receiver: 'chat' }] })
    const message = { channel: '#critical-bugs', text: 'down' }
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(postMessage(url, message, 'k')).rejects.toMatchObject({ retryable: true, status: 500 })
    expect((await postMessage(url, message, 'k')).replayed).toBe(true)
    expect((await arrivals()).filter((arrival) => arrival.applied)).toHaveLength(1)
  })

  test('a delayed request can be given up, and does not hold up the stop', async () => {
    await restart({ faults: [{ kind: 'delay', delayMs: 3_600_000, times: 2 }] })
    const impatience = new AbortController()
    const first = expect(postReply(url, reply, 'k', impatience.signal)).rejects.toThrow('given up')
    await untilDelayed(1)
    impatience.abort(new Error('given up'))
    await first
    const second = expect(postReply(url, reply, 'k')).rejects.toMatchObject({ retryable: true })
    await untilDelayed(2)
    await close()
    await second
    expect(await arrivals()).toEqual([])
    await start()
  })

  test('are read from JSON, and nonsense is refused', () => {
    expect(parseFaults('[{"kind":"delay","delayMs":5}]')).toEqual([{ kind: 'delay', delayMs: 5 }])
    expect(() => parseFaults('[{"kind":"explode"}]')).toThrow('fail-before')
    expect(() => parseFaults('[null]')).toThrow('RECEIVERS_FAULTS')
  })
})

describe('the script', () => {
  test('stops at SIGTERM with code 0, also while a request is held up', async () => {
    const script = join(import.meta.dirname, '..', 'receivers', 'server.ts')
    const child = spawn(process.execPath, [script, '--port', '0', '--dir', join(directory, 'script')], {
      env: { ...process.env, RECEIVERS_FAULTS: '[{"kind":"delay","delayMs":3600000}]' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const exited = once(child, 'exit')
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      url = /http:\S+(?=;)/.exec(line.toString())![0]
      const pending = expect(postReply(url, reply, 'k')).rejects.toMatchObject({ retryable: true })
      await untilDelayed(1)
      child.kill('SIGTERM')
      await pending
      expect(await exited).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('starting', () => {
  test('on a port in use says which and what to do', async () => {
    const port = Number(new URL(url).port)
    await expect(startReceivers({ port, directory: join(directory, 'other') })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use`,
    )
  })

  test('nobody listening is a retryable error that names the place', async () => {
    await close()
    await expect(postReply(url, reply, 'k')).rejects.toMatchObject({ retryable: true })
    await expect(postReply(url, reply, 'k')).rejects.toThrow('/helpdesk/replies')
    await start()
  })
})
