import { safeLine } from '../../base/text/one-line.ts'
import { formatMs } from '../../base/time/time.ts'
import type { EventTone, EventWords } from '../../inspect/events/describe-event.ts'
import type { Colors } from '../terminal/terminal.ts'

const marks: Record<EventTone, string> = { good: '✓', bad: '✗', wait: '…', plain: '·' }

export function toned(tone: EventTone, text: string, colors: Colors): string {
  if (tone === 'plain') return text
  return { good: colors.green, bad: colors.red, wait: colors.yellow }[tone](text)
}

/** One line that tells an event as it happens. `sinceMs` is the time that the run took to come here. */
export function eventLine(
  event: EventWords & { type: string; name: string | null },
  colors: Colors,
  sinceMs?: number,
): string {
  const { tone, words } = event
  const name =
    event.name && event.name !== '' && !event.type.startsWith('run-')
      ? ` ${colors.bold(safeLine(event.name))}`
      : ''
  const since = !sinceMs ? '' : colors.dim(`  +${formatMs(sinceMs)}`)
  return `${toned(tone, marks[tone], colors)} ${colors.dim(event.type.padEnd(18))}${name} ${words}${since}`
}
