import type { Row } from '../../store/database.ts'
import { awaitedItem, awaitedRow } from '../../store/runs/awaited.ts'
import type { CallSite } from '../call-site.ts'
import type { Call } from '../replay/call.ts'

/** What an attempt lacked, and what many calls may lack at one moment, such as room in a budget. */
export interface Lacking {
  /** The name under which calls wait for it. */
  until: string
  /** When it is tried again in any case (ms). */
  at: number
  /** Whether it is there now. */
  isThere(): Promise<boolean>
}

/** The row by which the call is told that it has come; it belongs to the commit that says that the call waits. */
export function lackingRow(site: CallSite, { step }: Call, { until: what }: Lacking): Row {
  return awaitedRow({ what, run: site.run.no, step })
}

/** Begins the next attempt when what is lacking has come, and not later than its time. */
export async function untilThere(
  site: CallSite,
  call: Call,
  { until, at, isThere }: Lacking,
  next: () => Promise<void> | void,
): Promise<void> {
  // It may have come before the row was there by which the call is told.
  if (await isThere()) return next()
  if (site.aborted || call.overridden) return
  let stopTimer = () => {}
  const stopWaiting = site.waits.forItem(awaitedItem(until, call.step), call.step, () => {
    stopTimer()
    site.perform(call, next)
    return 'used'
  })
  stopTimer = site.waits.until(
    at,
    () => {
      stopWaiting()
      site.perform(call, next)
    },
    call.step,
  )
  // A person may settle it meanwhile.
  const over = () => {
    stopWaiting()
    stopTimer()
  }
  call.promise.then(over, over)
}
