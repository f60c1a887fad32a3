import type { Clock } from '../../src/base/time/time.ts'

/** How much faster than the wall a victim's time goes. */
export const timeScale = 10

/** The system's clock, sped up from `originMs` on; every life of a victim shares the origin. */
export function scaledClock(originMs: number, scale = timeScale): Clock {
  return {
    now: () => originMs + Math.floor((Date.now() - originMs) * scale),
    after(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(Math.max(0, delayMs) / scale, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  }
}
