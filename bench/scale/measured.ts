import { constants, PerformanceObserver } from 'node:perf_hooks'
import { treeCpuSeconds } from '../engine/processes.ts'
import type { Place, ScaleReport } from './contract.ts'
import { LoopBlocks } from './loop-blocks.ts'

interface Options {
  /** The median of so many counts. Default 3. */
  rounds?: number
  /** A round repeats `work` until it has made so many units. Default 1. */
  unitsARound?: number
  /** Work before the first round, so that code is compiled. */
  warmUp?: () => Promise<unknown>
}

/** Measures `work`, which answers how many units it did: CPU time for each, how long the event loop stood still, the heap. */
export async function measured(
  place: Place,
  work: () => Promise<number>,
  { rounds = 3, unitsARound = 1, warmUp }: Options = {},
): Promise<ScaleReport> {
  await warmUp?.()
  globalThis.gc?.()
  const heap = new HeapPeak()
  const blocks = new LoopBlocks()
  const found: { perUnitMs: number; units: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const before = cpuMs(place)
    let units = 0
    while (units < unitsARound) units += await work()
    found.push({ perUnitMs: (cpuMs(place) - before) / units, units })
  }
  const block = blocks.end()
  const median = found.sort((left, right) => left.perUnitMs - right.perUnitMs)[found.length >> 1]!
  return { ...median, block, heapMb: heap.end() }
}

function cpuMs({ serverPid }: Place): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000 + (serverPid === undefined ? 0 : treeCpuSeconds(serverPid) * 1000)
}

const heapMb = () => process.memoryUsage().heapUsed / 2 ** 20

/** What the types of Node leave out. */
interface CollectionEntry {
  detail: { kind: number }
}

/** The most heap in use right after full collections. */
class HeapPeak {
  #peakMb = 0
  readonly #observer = new PerformanceObserver((list) => {
    const isFull = (list.getEntries() as unknown as CollectionEntry[]).some(({ detail }) => {
      return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
    })
    if (isFull) this.#peakMb = Math.max(this.#peakMb, heapMb())
  })

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  end(): number {
    this.#observer.disconnect()
    globalThis.gc?.()
    return Math.max(this.#peakMb, heapMb())
  }
}
