import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'

interface Refund {
  id: string
  purchaseId: string
  amountUsd: number
}

const largestBody = 64 * 1024

/**
 * A small payment service with idempotency keys: a key pays once, however often it comes. Each refund is on disk, in
 * `refunds.jsonl`, before it is answered.
 */
export async function startPayments(options: {
  port: number
  directory: string
}): Promise<{ close(): Promise<void> }> {
  mkdirSync(options.directory, { recursive: true })
  const file = join(options.directory, 'refunds.jsonl')
  const paid = new Map<string, Refund>()
  for (const { key, refund } of readLog(file)) paid.set(key, refund)
  const log = openSync(file, 'a')
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.url === '/health') return answer(200, { ok: true })
    if (request.method !== 'POST' || request.url !== '/v1/refunds') return answer(404, { error: 'not found' })
    const key = request.headers['idempotency-key']
    if (typeof key !== 'string' || key === '') return answer(400, { error: 'an Idempotency-Key is needed' })
    readBody(request).then(
      ({ purchaseId, amountUsd }) => {
        const before = paid.get(key)
        if (before)
          return answer(
            before.purchaseId === purchaseId && before.amountUsd === amountUsd ? 200 : 422,
            before,
          )
        const refund = { id: `re_${paid.size + 1}`, purchaseId, amountUsd }
        writeSync(log, `${JSON.stringify({ key, refund })}\n`)
        fsyncSync(log)
        paid.set(key, refund)
        answer(200, refund)
      },
      (error: Error) => answer(400, { error: error.message }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          closeSync(log)
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** A torn last line was never answered: its refund was not made. */
function readLog(file: string): { key: string; refund: Refund }[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as { key: string; refund: Refund })
}

async function readBody(request: IncomingMessage): Promise<{ purchaseId: string; amountUsd: number }> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > largestBody) throw new Error('the body is too large')
  }
  return JSON.parse(text) as { purchaseId: string; amountUsd: number }
}
