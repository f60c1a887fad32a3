import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { guardedFetch } from '../../../src/tools/mcp/transport/guarded-fetch.ts'
import { hostile, whileTimePasses } from './hostile.ts'

const inexact = [
  ['a repeated key', '{"to":"Ann","to":"Bob"}', 'gives the property "to" twice'],
  ['a rounded number', '{"order":9007199254740993}', '9007199254740993 would be rounded'],
] as const

test.each(inexact)(
  'structured content with %s is left out, and says so; the text stays',
  async (_what, data, why) => {
    const { act, clock } = await hostile({}, { settings: { approval: 'never' } })
    const words = `"result":{"content":[{"type":"text","text":"as it was"}],"structuredContent":${data}}`
    const result = await whileTimePasses(clock, act('answer in these words', { words }))
    expect(result).toMatchObject({
      text: 'as it was',
      structured: null,
      cut: expect.stringContaining(why),
    })
  },
)

test('an answer that cannot be read exactly and has no structured content fails, and says why', async () => {
  const { act, clock } = await hostile({}, { settings: { approval: 'never' } })
  const words = '"result":{"content":[{"type":"text","text":"to Ann","text":"to Bob"}]}'
  await expect(whileTimePasses(clock, act('answer in these words', { words }))).rejects.toMatchObject({
    message: expect.stringMatching(/cannot be read exactly.*"text" twice/),
  })
})

/** What comes of an answer that is sent in pieces. */
async function fetched(type: string, pieces: (string | Buffer)[]): Promise<string> {
  const server = createServer(async (_request, response) => {
    response.writeHead(200, { 'content-type': type })
    for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve))
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const fetch = guardedFetch({ name: 'raw', url } as never, {
    maxMessage: 10_000,
    timeoutMs: 60_000,
    onFlood: () => {},
  })
  return (await fetch(url)).text()
}

const answerWith = (data: string) =>
  `{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":${data}}}`

test.each(inexact)('over HTTP, in one answer or as an event: %s', async (_what, data, why) => {
  const json = answerWith(data)
  const half = json.length / 2
  const answers = [
    await fetched('application/json', [json.slice(0, half), json.slice(half)]),
    await fetched('application/json', [`[{"jsonrpc":"2.0","method":"a"},${json}]`]),
    await fetched('text/event-stream', [`id: 7\ndata: ${json}\n\n`]),
    await fetched('text/event-stream; charset=utf-8', [
      `data:${json.slice(0, half)}`,
      `${json.slice(half)}\r\n\r\n`,
    ]),
    await fetched('text/event-stream', [`data: ${json.replaceAll(',"', '\ndata: ,"')}\n\n`]),
    await fetched('text/event-stream', [`data: ${json}`]),
  ]
  for (const answer of answers) {
    const read = JSON.parse(answer.slice(answer.search(/[[{]/))) as { result: object } | { result: object }[]
    const message = Array.isArray(read) ? read[1]! : read
    expect(message.result).not.toHaveProperty('structuredContent')
    expect(JSON.stringify(message.result)).toContain(JSON.stringify(why).slice(1, -1))
  }
  expect(answers[2]).toMatch(/^id: 7\ndata: .*\n\n$/)
})

test('what can be read exactly passes byte for byte, cut anywhere', async () => {
  const events = `: hi\n\nid: 1\ndata: ${answerWith('{"to":"Änn €"}')}\n\nevent: x\r\ndata: no JSON "a":1,"a":2\r\n\r\n`
  const bytes = Buffer.from(events)
  const pieces = Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1))
  expect(await fetched('text/event-stream', pieces)).toBe(events)
})

test.each([
  ['application/json', (json: string) => json],
  ['text/event-stream', (json: string) => `data: ${json}\n\n`],
] as const)(
  'over HTTP (%s), an answer of too many values is not parsed and ends the connection',
  async (type, sent) => {
    const faults: unknown[] = []
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(sent(answerWith(`[${'{},'.repeat(200_000)}0]`)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const fetch = guardedFetch({ name: 'raw', url } as never, {
      maxMessage: 5_000_000,
      timeoutMs: 60_000,
      onFlood: (fault) => faults.push(fault),
    })
    const answer = await fetch(url)
    const parse = vi.spyOn(JSON, 'parse')
    onTestFinished(() => void parse.mockRestore())
    await expect(answer.text()).rejects.toMatchObject({ code: 'mcp-flood' })
    expect(faults).toMatchObject([{ code: 'mcp-flood' }])
    expect(parse).not.toHaveBeenCalled()
  },
)

test('an answer whose head does not come in time ends the exchange; a stream may begin late', async () => {
  const released = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') return
    await released.promise
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const fetch = guardedFetch({ name: 'raw', url } as never, {
    maxMessage: 10_000,
    timeoutMs: 50,
    onFlood: () => {},
  })
  const stream = fetch(url)
  await expect(fetch(url, { method: 'POST', body: '{}' })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('no answer within 50 ms'),
  })
  released.resolve()
  expect(await (await stream).text()).toBe('{}')
})
