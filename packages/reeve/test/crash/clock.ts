import type { Clock } from '../../src/base/time.ts'

/** How much faster than the wall a victim's time goes. */
export const timeScale = 10

/** The system's clock, sped up from `originMs` on; every life of a victim shares the origin. */
export function scaledClock(originMs: number): Clock {
  return {
    now: () => originMs + (Date.now() - originMs) * timeScale,
    after(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(Math.max(0, delayMs) / timeScale, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  }
}
