import { floodSimulated } from './duplicates/simulated.ts'
import type { Fault } from './fault.ts'

/** Senders that repeat themselves: webhooks, retries, double clicks. A trial makes 76 deliveries on average. */
export const duplicates: Fault = {
  name: 'duplicates',
  injects: '1 to 50 copies of keyed starts and signals, in no order, over two workers that die',
  invariants: 'one run for each key, each signal once, one answer for all; I1–I7',
  trials: 1000,
  trial: async (seed) => (await floodSimulated(seed)).violations,
}
