import { setTimeout as pause } from 'node:timers/promises'
import { longLeaseMs } from '../../../src/store/dispatch/workers.ts'
import { seeded } from '../../crash/campaign.ts'
import { timeScale } from '../../crash/clock.ts'
import type { Direction, TcpProxy } from '../../store/tcp-proxy.ts'

const ways = [
  'cut',
  'refused',
  'stalled',
  'answers-held',
  'questions-held',
  'commit-answer-lost',
  'commit-lost',
] as const

/** How the way between a worker and the server is disturbed. */
export interface PartitionPlan {
  /**
   * `cut`: its connections end, again and again · `refused`: they end and no new one is made · `stalled`,
   * `answers-held`, `questions-held`: both ways, or one, fall silent · `commit-answer-lost`, `commit-lost`: a COMMIT gets
   * no answer, or never arrives, and then no connection is made.
   */
  way: (typeof ways)[number]
  /** Which of the two workers; the other can take its runs over unless both are struck. */
  workers: number[]
  /** After so many commits of the first of them. */
  afterCommits: number
  /** How long it lasts (ms). */
  lastsMs: number
  /** Whether what was held back arrives in the end, or its connections turn out to be dead. */
  kept: 'delivered' | 'lost'
}

const cutEveryMs = 200

/** Past this, others may take over the runs of a worker that does not beat. */
const leaseOverMs = longLeaseMs / timeScale

export function partitionPlanOf(seed: number): PartitionPlan {
  const random = seeded(`partition ${seed}`)
  const isLong = random() < 0.6
  const first = Math.floor(random() * 2)
  return {
    way: ways[Math.floor(random() * ways.length)]!,
    workers: random() < 0.85 ? [first] : [first, 1 - first],
    afterCommits: 1 + Math.floor(random() * 25),
    lastsMs: Math.round(isLong ? leaseOverMs * (1.1 + random() * 0.6) : random() * leaseOverMs * 0.5),
    kept: random() < 0.5 ? 'delivered' : 'lost',
  }
}

/** Carries a plan out; `over` says when all runs rest and there is nothing to disturb any more. */
export async function partition(
  proxies: TcpProxy[],
  plan: PartitionPlan,
  over: Promise<void>,
): Promise<boolean> {
  const struck = plan.workers.map((worker) => proxies[worker]!)
  const began = moment(struck[0]!, plan).then(() => true)
  if (!(await Promise.race([began, over.then(() => false)]))) return false
  for (const proxy of struck) begin(proxy, plan)
  for (let left = plan.lastsMs; left > 0; left -= cutEveryMs) {
    await pause(Math.min(left, cutEveryMs))
    if (plan.way === 'cut') for (const proxy of struck) proxy.cut()
  }
  for (const proxy of struck) proxy.heal(plan.kept)
  return true
}

/** Resolves when it is to begin. */
function moment(proxy: TcpProxy, { way, afterCommits }: PartitionPlan): Promise<void> {
  return new Promise((resolve) => {
    // At once: what comes next must not get through.
    const onStruck = () => {
      proxy.refuse()
      resolve()
    }
    if (way === 'commit-answer-lost') proxy.loseAnswerTo('commit', { after: afterCommits, onStruck })
    else if (way === 'commit-lost') proxy.loseQuestion('commit', { after: afterCommits, onStruck })
    else void proxy.seen('commit', afterCommits).then(resolve)
  })
}

const heldBy: Partial<Record<PartitionPlan['way'], Direction[]>> = {
  stalled: ['questions', 'answers'],
  'answers-held': ['answers'],
  'questions-held': ['questions'],
}

function begin(proxy: TcpProxy, { way }: PartitionPlan): void {
  const held = heldBy[way]
  if (held) proxy.hold(...held)
  else if (way === 'cut') proxy.cut()
  else proxy.refuse()
}
