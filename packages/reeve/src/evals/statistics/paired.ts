import type { PairedChange } from '../../inspect/evals/eval-view.ts'
import { seededRandom } from '../../models/local/classify/random.ts'

const resamples = 2000
const level = 0.05
/** With more than so many cases that moved, the sign test says little that the interval does not. */
const mostSigns = 1000

/**
 * Compares pairs. What is right or wrong and nothing between is judged by the exact sign test over the pairs that differ
 * (McNemar, 1947); other scores by a bootstrap interval of the mean difference (Efron, 1979), which must not reach 0. The same
 * pairs give the same answer, always.
 */
export function pairedChange(pairs: readonly { before: number; now: number }[]): PairedChange {
  const differences = pairs.map(({ before, now }) => now - before)
  const cases = differences.length
  const mean = meanOf(differences)
  const { low, high } = interval(differences)
  const up = differences.filter((each) => each > 0).length
  const down = differences.filter((each) => each < 0).length
  const p = signTest(up, down)
  const isBinary = pairs.every(({ before, now }) => isWhole(before) && isWhole(now))
  const isSure = isBinary ? p < level : up + down >= 5 && (low > 0 || high < 0)
  return { cases, mean, low, high, p, verdict: !isSure ? 'unclear' : mean > 0 ? 'better' : 'worse' }
}

function isWhole(score: number): boolean {
  return score === 0 || score === 1
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length
}

/** The percentile bootstrap. */
function interval(differences: readonly number[]): { low: number; high: number } {
  const { length } = differences
  if (length === 0 || differences.every((each) => each === differences[0]))
    return { low: differences[0] ?? 0, high: differences[0] ?? 0 }
  const random = seededRandom(length)
  const means = new Float64Array(resamples)
  for (let round = 0; round < resamples; round++) {
    let sum = 0
    for (let draw = 0; draw < length; draw++) sum += differences[Math.floor(random() * length)]!
    means[round] = sum / length
  }
  means.sort()
  return { low: means[Math.floor(resamples * 0.025)]!, high: means[Math.ceil(resamples * 0.975) - 1]! }
}

/** Two-sided: twice the chance of so few heads, or fewer, of so many throws. */
function signTest(up: number, down: number): number {
  const throws = up + down
  if (throws === 0) return 1
  const few = Math.min(up, down)
  if (throws > mostSigns) {
    const distance = (Math.abs(up - down) - 1) / Math.sqrt(throws)
    return Math.min(1, 2 * upperTail(distance))
  }
  let chance = 0.5 ** Math.min(throws, 1000)
  let below = chance
  for (let heads = 1; heads <= few; heads++) {
    chance *= (throws - heads + 1) / heads
    below += chance
  }
  return Math.min(1, 2 * below)
}

/** Of the normal distribution, by the continued fraction of Abramowitz and Stegun (26.2.17); error below 1e-7. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly
}
