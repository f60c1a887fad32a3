/** How long to wait before each next try of what failed. */
export interface Backoff {
  firstMs: number
  /** The wait grows by it with each try. */
  factor: number
  longestMs: number
}

/** After `failures` tries that failed (from 1), in milliseconds: without jitter, which its callers add in their own measure. */
export function backoffMs({ firstMs, factor, longestMs }: Backoff, failures: number): number {
  // The growth may be without end, and nothing grows from no delay.
  const growth = Math.min(factor ** (failures - 1), Number.MAX_VALUE)
  return Math.min(firstMs * growth, longestMs)
}
