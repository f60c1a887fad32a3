import { join } from 'node:path'
import type { PendingApproval, Runtime } from 'reeve'
import { correctAnswer, internalsOf, openPage } from 'reeve/internal'
import { testRuntime } from 'reeve/testing'
import { chanceOf } from '../world/chance.ts'
import { idsOf } from './ids.ts'

/**
 * The process that is killed: a project's runtime as `reeve start` has it, with the dashboard, under a clock that moves only when
 * the player says so. It tells when it has come to rest, and when something is due next.
 */
export type Order =
  | { type: 'goto'; to: number }
  | { type: 'approvals' }
  | { type: 'decide'; id: string; decision: Parameters<Runtime['decide']>[1] }
  | { type: 'proposal'; id: string; decision: 'adopted' | 'rejected'; by: string }
  | { type: 'stuck' }
  | { type: 'retry'; run: string; by: string }
  | { type: 'correct'; run: string; call: number; question: string; value: { kind: string }; by: string }
  | { type: 'wake'; by: string; why: string }
  | { type: 'stop' }

export interface Rested {
  /** When something is due next (ms); null: nothing is. */
  due: number | null
  /** A link that signs in to the dashboard, from the first start on. */
  page: string | null
  approvals?: PendingApproval[]
  stuck?: { id: string; reason: string }[]
}

const [folder, at, seed, port, start] = process.argv.slice(2) as [string, string, string, string, string]
// Reeve spreads its retries by chance: that of the seed and the moment, so that a day goes as it went, whenever the process began.
const chance = chanceOf(Number(seed))
let drawn = { at: 0, count: 0 }
let now = () => Number(at)
Math.random = () => {
  if (drawn.at !== now()) drawn = { at: now(), count: 0 }
  return chance('retries', drawn.at, drawn.count++)
}

const test = await testRuntime({
  project: folder,
  live: 'all',
  at: new Date(Number(at)),
  file: join(folder, '.reeve/reeve.db'),
  keys: process.env,
  // Scripts and repairs are processes of their own, which a busy machine lets wait for long.
  patience: '10m',
  idFor: idsOf(chance, { at: Number(at), start: Number(start) }),
  // What learning and the steward do at one moment would else go by which of them the machine lets run first.
  atOnce: 1,
})
now = () => test.clock.now()
// By the clock of the business, of which a day takes seconds.
const yearMs = 365 * 86_400_000
const page =
  port === 'none'
    ? undefined
    : await openPage(test.runtime, { port, isAttended: true, signInWithinMs: yearMs })

function rested(more: Partial<Rested> = {}): Rested {
  return { due: test.clock.nextDue() ?? null, page: page?.signIn ?? null, ...more }
}

async function follow(order: Order): Promise<Rested> {
  switch (order.type) {
    case 'goto':
      await test.advanceTo(new Date(order.to))
      return rested()
    case 'approvals':
      return rested({ approvals: await test.approvals() })
    case 'decide':
      await test.runtime.decide(order.id, order.decision)
      break
    case 'proposal': {
      const acting = { by: order.by, proof: 'local-user', at: test.clock.now() } as const
      const { proposals } = internalsOf(test.runtime)
      await proposals.decide(order.id, { decision: order.decision, role: 'owner', acting })
      break
    }
    case 'stuck': {
      const { runs } = await test.runs({ status: 'stuck' })
      return rested({ stuck: runs.map(({ id, reason }) => ({ id, reason: reason ?? '' })) })
    }
    case 'retry':
      await test.runtime.retry(order.run, { by: order.by })
      break
    case 'correct': {
      const { run, by, question, call, value } = order
      const acting = { by, proof: 'local-user', at: test.clock.now() } as const
      const { database } = internalsOf(test.runtime)
      await database.transaction((session) => correctAnswer(session, run, { question, call, value }, acting))
      return rested()
    }
    case 'wake':
      await test.runtime.wakeDaemon('steward', { by: order.by, why: order.why })
      break
    case 'stop':
      await page?.close()
      await test.stop()
      return rested()
  }
  await test.settle()
  return rested()
}

function tell(message: object, then = () => {}): void {
  // Who started this is gone.
  if (process.connected) process.send!(message, then)
  else process.exit(1)
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  follow(order).then(
    (answer) => tell({ id, answer }, () => order.type === 'stop' && process.exit(0)),
    (error: unknown) => tell({ id, error: String(error instanceof Error ? error.stack : error) }),
  )
})
process.on('disconnect', () => process.exit(1))
tell({ id: 0, answer: rested() })
