import { messageOf } from '../../base/errors.ts'
import { newEvent } from '../../store/journal/events.ts'
import { isGivenUpAtEnd } from '../../store/journal/vocabulary/define.ts'
import type { CallSite } from '../call-site.ts'
import type { Call } from '../replay/call.ts'
import type { Calls } from '../replay/calls.ts'

/**
 * Waits until what the run's code began and did not await is over: its calls, and what the code does after them. Waits for a time, a
 * signal or a person are given up. The journal says once what is waited for and what is given up, and which of it failed: whether the
 * code looks at a failure cannot be told, so that it does not fail the run.
 * @param counts which of the calls are waited for
 */
export async function untilOver(
  site: Pick<CallSite, 'log'>,
  calls: Pick<Calls, 'unawaited' | 'next'>,
  counts: (call: Call) => boolean,
): Promise<void> {
  const failed: string[] = []
  let told = false
  let next: number | undefined
  for (;;) {
    const open = calls.unawaited().filter((call) => !isGivenUpAtEnd(call.kind) && counts(call))
    if (open.length > 0) {
      if (!told) tell(site, waitsFor(open))
      told = true
      next = undefined
      const ends = await Promise.allSettled(open.map(({ promise }) => promise))
      ends.forEach((end, index) => {
        if (end.status === 'rejected') failed.push(`${nameOf(open[index]!)}: ${messageOf(end.reason)}`)
      })
    } else if (next === calls.next) {
      break
    } else {
      // What is told to the code between two such moments has come to rest at the second one.
      next = calls.next
      await new Promise<void>((resolve) => process.nextTick(resolve))
    }
  }
  const givenUp = calls.unawaited().filter(counts)
  if (givenUp.length > 0) tell(site, givesUp(givenUp))
  if (failed.length > 0) tell(site, `What the workflow did not await failed. ${failed.join('; ')}`)
}

function waitsFor(open: Call[]): string {
  return `The workflow returned before this was over: ${open.map(nameOf).join(', ')}. The run waits for it before it ends. Await it, unless this is meant.`
}

function givesUp(open: Call[]): string {
  return `The workflow returned before this was over: ${open.map(nameOf).join(', ')}. The run ends without it. Await it, or use ctx.race where only the first counts.`
}

function nameOf({ kind, name, step }: Call): string {
  return `${kind} "${name}" (call ${step})`
}

function tell(site: Pick<CallSite, 'log'>, message: string): void {
  site.log(newEvent('log-written', { message }))
}
