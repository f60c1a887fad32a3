/**
 * How likely so many of the first group, or more, would be hit by chance alone if both groups were alike (Fisher's exact test,
 * 1922; one-sided).
 */
export function fisherTail(hits: number, size: number, otherHits: number, otherSize: number): number {
  const total = size + otherSize
  const all = hits + otherHits
  let p = 0
  for (let count = hits; count <= Math.min(size, all); count++)
    p += Math.exp(logChoose(size, count) + logChoose(otherSize, all - count) - logChoose(total, all))
  return Math.min(1, p)
}

function logChoose(n: number, k: number): number {
  return k < 0 || k > n ? Number.NEGATIVE_INFINITY : logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

function logFactorial(n: number): number {
  let sum = 0
  for (let factor = 2; factor <= n; factor++) sum += Math.log(factor)
  return sum
}
