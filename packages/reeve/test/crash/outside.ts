import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Json } from '../../src/base/json/json.ts'
import { type EffectAttempt, NotApplied } from '../../src/engine/calls/effect/definition.ts'
import type { EffectClass } from '../../src/store/journal/vocabulary/effect-class.ts'
import type { Failpoints } from './failpoints.ts'
import type { Answer, Envelope, Manner, Said } from './oracle-protocol.ts'

/** The outside world as workflows and clients see it. */
export interface Outside {
  /** Tells the oracle, without waiting. */
  tell(said: Said): void
  /** Has an outside system do something. @throws NotApplied when it refused, another error when its reply was lost */
  apply(
    tool: { name: string; effect: EffectClass; manner: Manner },
    args: Json,
    attempt: EffectAttempt,
  ): Promise<Json>
  /** What the outside system has for a key; undefined when nothing was applied. */
  ask(tool: string, key: string): Promise<Json | undefined>
}

/** Talks to the oracle: one lasting connection for what is told, one for each question as a plain client would. */
export async function connectOutside(
  port: number,
  trial: string,
  life: number,
  failpoints: Failpoints,
): Promise<Outside> {
  const telling = await open(port)
  const envelope = (said: Said): string => {
    const full: Envelope = { trial, life, said }
    return `${JSON.stringify(full)}\n`
  }
  return {
    tell(said) {
      telling.write(envelope(said))
    },
    async apply({ name: tool, effect, manner }, args, { key, attempt }) {
      failpoints.reach(`${tool}: before sending`)
      const answer = await exchange(
        port,
        envelope({ kind: 'effect', tool, effect, key, attempt, args, manner }),
        () => failpoints.reach(`${tool}: sent`),
      )
      failpoints.reach(`${tool}: answered`)
      if (answer.outcome === 'refused') throw new NotApplied(`${tool} refused`, { retryable: true })
      return answer.result ?? null
    },
    async ask(tool, key) {
      const answer = await exchange(port, envelope({ kind: 'asked', tool, key }))
      failpoints.reach(`${tool}: asked`)
      return answer.outcome === 'applied' ? (answer.result ?? null) : undefined
    },
  }
}

/** Waits until the oracle has on disk everything that was said in a trial. */
export async function closeTrial(port: number, trial: string): Promise<void> {
  await exchange(port, `${JSON.stringify({ close: trial })}\n`)
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** @throws when the other side breaks off without an answer */
async function exchange(port: number, line: string, sent?: () => void): Promise<Answer> {
  const socket = await open(port)
  const answered = new Promise<string>((resolve, reject) => {
    createInterface({ input: socket })
      .on('line', resolve)
      .on('error', reject)
      .on('close', () => reject(new Error('the connection broke before the answer came')))
  })
  answered.catch(() => {})
  try {
    await new Promise<void>((resolve) => socket.write(line, () => resolve()))
    sent?.()
    return JSON.parse(await answered) as Answer
  } finally {
    socket.destroy()
  }
}
