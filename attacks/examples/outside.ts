import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What reached the outside: the body of a POST. */
export type Reached = Record<string, unknown>

/** The same in a whole process: tools that are loaded know it. */
let knownPort = 0

/** Payments, helpdesk and chat in one, on loopback: takes everything and remembers it, and answers as each of them would. */
export async function openOutside(): Promise<{ port: number; reached: Reached[]; close(): Promise<void> }> {
  const reached: Reached[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const isForm = request.headers['content-type']?.includes('form-urlencoded') ?? false
    const said: Reached = isForm ? Object.fromEntries(new URLSearchParams(body)) : JSON.parse(body || '{}')
    if (request.method === 'POST') reached.push(said)
    const key = String(request.headers['idempotency-key'] ?? '')
    response.setHeader('content-type', 'application/json')
    const refund = isForm && { ...said, amount: Number(said.amount), currency: 'usd', status: 'succeeded' }
    response.end(JSON.stringify({ key, receivedAt: new Date().toISOString(), id: key, ...(refund || said) }))
  })
  await new Promise<void>((resolve) => server.listen(knownPort, '127.0.0.1', resolve))
  knownPort = (server.address() as AddressInfo).port
  return {
    port: knownPort,
    reached,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
