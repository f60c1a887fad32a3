import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { door } from './contract.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const key = Buffer.from(door.secret.slice('whsec_'.length), 'base64')
/** Between two attempts of one delivery that got no answer, as a service would. */
const againMs = 100
const text = 'x'.repeat(800)

/** A delivery, as its sender sees it. */
export interface Sent {
  id: string
  /** From when it was to be sent until it was answered (ms). */
  ms: number
  /** What it was answered with at last. */
  status: number
  runId: string | null
  attempts: number
}

/**
 * Sends signed deliveries at a steady pace, whatever the answers do: each is timed from the moment at which it was due, so that
 * a server that stands still cannot hide what waits. One without an answer, or with one of 500 and above, is sent again.
 */
export async function sendSteadily(
  urlOf: () => string,
  { perSecond, count, prefix }: { perSecond: number; count: number; prefix: string },
): Promise<Sent[]> {
  const begun = performance.now()
  const sent: Promise<Sent>[] = []
  for (let next = 0; next < count; ) {
    const due = Math.floor(((performance.now() - begun) * perSecond) / 1000) + 1
    for (; next < Math.min(due, count); next++) {
      sent.push(deliver(urlOf, `${prefix}-${next}`, next, begun + (next * 1000) / perSecond))
    }
    await sleep(1)
  }
  return Promise.all(sent)
}

async function deliver(urlOf: () => string, id: string, order: number, dueAt: number): Promise<Sent> {
  const body = JSON.stringify({ type: 'order.paid', data: { order, text } })
  for (let attempts = 1; ; attempts++) {
    const answer = await post(urlOf(), id, body)
    if (answer && answer.status < 500) return { id, ms: performance.now() - dueAt, ...answer, attempts }
    await sleep(againMs)
  }
}

/** Undefined: no answer came. */
function post(url: string, id: string, body: string): Promise<Pick<Sent, 'status' | 'runId'> | undefined> {
  const sentAt = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', key).update(`${id}.${sentAt}.${body}`).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'webhook-id': id,
    'webhook-timestamp': String(sentAt),
    'webhook-signature': `v1,${signature}`,
  }
  return new Promise((resolve) => {
    const asked = request(`${url}${door.path}`, { method: 'POST', agent, headers }, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        answer += part
      })
      response.on('error', () => resolve(undefined))
      response.on('end', () => resolve(readAnswer(response.statusCode!, answer)))
    })
    asked.on('error', () => resolve(undefined))
    asked.end(body)
  })
}

function readAnswer(status: number, answer: string): Pick<Sent, 'status' | 'runId'> | undefined {
  try {
    const { runId = null } = JSON.parse(answer) as { runId?: string | null }
    return { status, runId }
  } catch {
    return undefined
  }
}
