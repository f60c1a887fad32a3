import type { PairedChange } from '../../inspect/evals/eval-view.ts'
import { fisherTail } from './fisher.ts'

const z = 1.959964
const level = 0.05

/** Of so many runs so many went well. */
export interface Arm {
  runs: number
  good: number
}

/**
 * How the share that goes well differs between two groups of different runs: the interval of Newcombe (1998, method 10, from those of
 * Wilson), and Fisher's exact test, both sides of it. Sure only where the interval leaves out 0 and the test says so too.
 */
export function unpairedChange(
  before: Arm,
  now: Arm,
): Pick<PairedChange, 'mean' | 'low' | 'high' | 'p' | 'verdict'> {
  const [was, is] = [before.good / before.runs, now.good / now.runs]
  const [one, other] = [wilson(before), wilson(now)]
  const mean = is - was
  const low = mean - Math.hypot(is - other.low, one.high - was)
  const high = mean + Math.hypot(other.high - is, was - one.low)
  const up = fisherTail(now.good, now.runs, before.good, before.runs)
  const down = fisherTail(now.runs - now.good, now.runs, before.runs - before.good, before.runs)
  const p = Math.min(1, 2 * Math.min(up, down))
  const isSure = p < level && (low > 0 || high < 0)
  return { mean, low, high, p, verdict: !isSure ? 'unclear' : mean > 0 ? 'better' : 'worse' }
}

function wilson({ runs, good }: Arm): { low: number; high: number } {
  const share = good / runs
  const middle = (share + (z * z) / (2 * runs)) / (1 + (z * z) / runs)
  const half =
    (z / (1 + (z * z) / runs)) * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs))
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}
