import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ScaleReport } from './contract.ts'

/** Above the turn of the monitor's own timer. */
const resolutionMs = 5

/** Measures `work`, which answers how many units it did: CPU time for each, and how long the event loop stood still. */
export async function measured(work: () => Promise<number>): Promise<ScaleReport> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const before = process.cpuUsage()
  const units = await work()
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  globalThis.gc?.()
  return {
    perUnitMs: (user + system) / 1000 / units,
    units,
    blockMs: Math.max(0, delay.max / 1e6 - resolutionMs),
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
  }
}
