import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Arrivals, ReceiverOrder } from './contract.ts'

/**
 * The outside system, in a process that nobody kills: it applies a charge once for each key, and repeats its answer to
 * a key that it knows. It holds its answers back until it is told, so that a worker's death falls between effects and
 * the answers to them.
 */
const applied = new Map<string, number>()
const held: { number: number; response: ServerResponse }[] = []
let repeated = 0
let answersAtOnce = false

const server = createServer((request, response) => {
  const key = String(request.headers['idempotency-key'])
  const number = Number(request.url?.slice(1))
  if (applied.has(key)) repeated++
  else applied.set(key, number)
  if (answersAtOnce) response.end('{}')
  else held.push({ number, response })
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))

process.on('message', (order: ReceiverOrder) => {
  if (order === 'count') {
    const arrivals: Arrivals = { keys: {}, applied: applied.size, repeated }
    for (const [key, number] of applied) {
      const keys = arrivals.keys[number] ?? []
      arrivals.keys[number] = [...keys, key]
    }
    process.send?.(arrivals)
    return
  }
  answersAtOnce = order === 'answer all'
  for (const { number, response } of held.splice(0)) {
    if (answersAtOnce || number % 2 === 0) response.end('{}')
    else held.push({ number, response })
  }
})
