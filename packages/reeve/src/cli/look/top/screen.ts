import { formatUsd } from '../../../base/money.ts'
import { safeLine } from '../../../base/text/one-line.ts'
import { firstCharacters } from '../../../base/text/shorten.ts'
import type { Today } from '../../../inspect/health/today.ts'
import type { RunSummary } from '../../../inspect/run/run-view.ts'
import { table } from '../../terminal/table.ts'
import type { Colors } from '../../terminal/terminal.ts'

/** What `reeve top` shows at one moment. */
export interface TopView {
  today: Today
  /** Of those that run now, the newest. */
  running: RunSummary[]
}

const mostCells = 60

/**
 * The view as lines: how it is, what was spent, queues, what runs and what waits. `rows`: where there are only so many, what
 * runs and what waits share what the rest leaves.
 */
export function topLines({ today, running }: TopView, colors: Colors, rows = 60): string[] {
  const { bold, dim, yellow, red, green } = colors
  const { health, runs, waiting, spend, success, silent, queues, workers, at } = today
  const tone = { well: green, attention: yellow, trouble: red, paused: yellow }[health.state]
  const now = Date.parse(at)
  const rate =
    success.now.rate === null ? '' : `, ${Math.round(success.now.rate * 100)} % succeeded in 7 days`
  const head = [
    `${tone(bold(health.state))}  ${safeLine(health.sentence)}`,
    dim(
      `${count(workers, 'worker')}, ${runs.running} running, ${runs.queued} queued, ${runs.waiting} waiting, ${runs.stuck} stuck, ${runs.failed} failed${rate}`,
    ),
    `spent today ${formatUsd(spend.today.spentUsd)}${of(spend.today.ceilingUsd)}, this month ${formatUsd(spend.month.spentUsd)}${of(spend.month.ceilingUsd)}${spend.month.forecastUsd === null ? '' : dim(` (at this pace ${formatUsd(spend.month.forecastUsd)})`)}`,
  ]
  const busy = queues.filter((queue) => queue.paused || queue.ready + queue.inLine + queue.running > 0)
  const lines = table(
    ['queue', 'ready', 'in line', 'running', 'oldest'],
    busy.map((queue) => [
      safeLine(firstCharacters(queue.name, mostCells)) + (queue.paused ? yellow(' paused') : ''),
      String(queue.ready),
      String(queue.inLine),
      String(queue.running),
      queue.readySince === null ? '' : since(now, queue.readySince),
    ]),
  )
  const silence = new Map(silent.map((each) => [each.runId, each]))
  const shown = {
    queues: busy.length === 0 ? [dim('nothing is queued')] : lines,
    running: running.map((run) => {
      const isSilent = silence.get(run.id)
      const words = `${run.workflow}  ${run.id}  ${since(now, run.createdAt)}`
      return `${safeLine(words)}${isSilent ? red(`  silent for ${span(isSilent.silentMs)}`) : ''}`
    }),
    waiting: waiting.oldest.map((item) =>
      safeLine(
        `${item.kind}  ${item.workflow}: ${firstCharacters(item.subject, mostCells)}  ${item.runId}  ${since(now, item.since)}`,
      ),
    ),
  }
  const { total, isMore } = waiting.counts
  const room = Math.max(2, Math.floor((rows - head.length - shown.queues.length - 7) / 2))
  return [
    ...head,
    '',
    ...shown.queues.slice(0, Math.max(3, rows - head.length - 12)),
    '',
    ...section(`running ${runs.running}`, shown.running, room),
    '',
    ...section(`waiting for a person ${total}${isMore ? '+' : ''}`, shown.waiting, room),
  ]

  function section(title: string, all: string[], most: number): string[] {
    const left = all.length - most
    return [
      bold(title),
      ...all.slice(0, most).map((line) => `  ${line}`),
      ...(left > 0 ? [dim(`  … ${left} more`)] : []),
    ]
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function of(ceilingUsd: number | null): string {
  return ceilingUsd === null ? '' : ` of ${formatUsd(ceilingUsd)}`
}

function since(now: number, iso: string): string {
  return span(Math.max(0, now - Date.parse(iso)))
}

function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`
  if (minutes < 120) return `${minutes} min`
  return minutes < 2 * 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`
}
