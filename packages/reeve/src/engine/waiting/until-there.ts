import { isoText } from '../../base/time/time.ts'
import { awaitedItem } from '../../store/runs/awaited.ts'
import type { CallSite } from '../call-site.ts'
import type { Call } from '../replay/call.ts'

/** What an attempt lacked, and what many calls may lack at one moment, such as room in a budget. */
export interface Lacking {
  /** The name under which calls wait for it. */
  until: string
  /** The same for people: `the budget of agent clerk`. */
  words: string
  /** When it is tried again in any case (ms). */
  at: number
  /** Whether it is there now; if not, that call is told when it has come. */
  isThere(of: { run: number; step: number }): Promise<boolean>
}

/** Begins the next attempt when what is lacking has come, and not later than its time. */
export async function untilThere(
  site: CallSite,
  call: Call,
  { until, words, at, isThere }: Lacking,
  next: () => Promise<void> | void,
): Promise<void> {
  // What cannot be looked at is tried: an attempt waits out what keeps it from the database.
  const look = () => isThere({ run: site.run.no, step: call.step }).catch(() => true)
  // It may have come before the call could be told; what a person said of the call counts first.
  if (!site.waits.isOverridden(call.step) && (await look()) && !site.waits.isOverridden(call.step))
    return next()
  if (site.aborted || call.overridden) return
  call.lacks = `${words}, until ${isoText(at).slice(0, 16).replace('T', ' ')} UTC`
  let stopTimer = () => {}
  const goOn = () => {
    delete call.lacks
    site.perform(call, next)
  }
  const stopWaiting = site.waits.forItem(awaitedItem(until, call.step), call.step, () => {
    stopTimer()
    goOn()
    return 'used'
  })
  stopTimer = site.waits.until(
    at,
    () => {
      stopWaiting()
      goOn()
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
