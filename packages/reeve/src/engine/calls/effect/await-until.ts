import { awaitedItem } from '../../../store/runs/awaited.ts'
import type { CallSite } from '../../call-site.ts'
import type { Call } from '../../replay/call.ts'

/**
 * Waits, durably, until `until` comes to be, and at the latest until `dueAt` (ms). What came is used up with what the run writes
 * next: `next` writes something first.
 * @returns what ends the wait for what may come; the time still counts
 */
export function awaitUntil(
  site: CallSite,
  call: Call,
  { until, dueAt }: { until: string; dueAt: number },
  next: () => Promise<void> | void,
): () => void {
  let stopTimer = () => {}
  const stopWaiting = site.waits.forItem(awaitedItem(until, call.step), call.step, () => {
    stopTimer()
    site.perform(call, next)
  })
  stopTimer = site.waits.until(
    dueAt,
    () => {
      stopWaiting()
      site.perform(call, next)
    },
    call.step,
  )
  return stopWaiting
}
