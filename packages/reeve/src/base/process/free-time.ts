import { readFileSync } from 'node:fs'

/** However busy the machine is, no limit is further away than so many times its length. */
const mostTimes = 4

/**
 * Calls `late` after `ms`, without the time in which some program of this machine waited for a processor: a busy machine is not the fault
 * of the program that is timed. At most four times as long by the clock; by the clock alone where the system does not tell (Linux does).
 * @param waited what the system tells of it: for how long some program has waited since it started (ms)
 * @returns what takes it back
 */
export function afterFreeTime(ms: number, late: () => void, waited = readWaitedMs): () => void {
  const [began, before] = [performance.now(), waited()]
  let timer = setTimeout(look, ms)
  function look(): void {
    const passed = performance.now() - began
    const since = before === undefined ? 0 : (waited() ?? before) - before
    const left = Math.min(ms + since, ms * mostTimes) - passed
    if (left <= 0) late()
    else timer = setTimeout(look, Math.max(left, 1))
  }
  return () => clearTimeout(timer)
}

function readWaitedMs(): number | undefined {
  try {
    const total = /^some .*\btotal=(\d+)$/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1]
    return total === undefined ? undefined : Number(total) / 1000
  } catch {
    return undefined
  }
}
