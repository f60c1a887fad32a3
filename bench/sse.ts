import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { type Member, startMember } from './runner/member.ts'
import { figure, table } from './runner/table.ts'
import type { SseMessage, SseSpec } from './sse/contract.ts'
import { watchAll } from './sse/watch.ts'

const program = join(import.meta.dirname, 'sse/process.ts')
/** What was not heard after so long counts as lost. */
const patienceMs = 20_000

type Worked = Extract<SseMessage, { kind: 'worked' }>

/**
 * What it costs to be watched: a server that drives 100 runs a second of 10 events each, alone, and with 200 who follow all of
 * its events over connections of their own. A lag is from the time in the event to its arrival. The watchers read in this process.
 *
 * `--seconds 20`, `--watchers 200`, `--events 1000` a second; `--quick`: 5 seconds.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const seconds = wholeNumber(options, 'seconds', options.quick === true ? 5 : 20)
  const watchers = wholeNumber(options, 'watchers', 200)
  const eventsPerSecond = wholeNumber(options, 'events', 1000)
  const folder = createDataFolder()
  const spec: SseSpec = { file: join(folder, 'reeve.db'), eventsPerSecond }
  const member = startMember<SseMessage>(program, spec)
  try {
    const [said] = await member.until((messages) => messages.length > 0)
    if (said?.kind !== 'listens') throw new Error('The server did not say where it listens.')
    await work(member, 2)
    const alone = await work(member, seconds)
    process.stderr.write(`alone: ${figure(rateOf(alone))} events/s\n`)
    const { lags, heard, stop } = await watchAll(said.url, said.token, watchers)
    const watched = await work(member, seconds)
    for (const until = performance.now() + patienceMs; performance.now() < until; ) {
      if (heard.every((count) => count >= watched.events)) break
      await sleep(100)
    }
    stop()
    const lost = heard.reduce((sum, count) => sum + Math.max(0, watched.events - count), 0)
    const doubled = heard.reduce((sum, count) => sum + Math.max(0, count - watched.events), 0)
    const kept = rateOf(watched) / rateOf(alone)
    const spread = { p50Ms: lags.at(0.5), p99Ms: lags.at(0.99), maxMs: lags.at(1) }
    return {
      goals: {
        lagP99Ms: goalOf(spread.p99Ms, 500, 'ms', 'lower'),
        throughputKept: goalOf(kept, 0.9, 'of the rate alone'),
        lost: goalOf(lost, 0, 'events', 'lower'),
      },
      raw: { watchers, alone, watched, ...spread, heard: lags.total, lost, doubled },
      summary: table(
        [
          '',
          'events/s',
          'CPU of the server',
          'heard',
          'lag p50 ms',
          'p99 ms',
          'max ms',
          'lost',
          'heard twice',
        ],
        [
          ['alone', figure(rateOf(alone)), cpuOf(alone), '', '', '', '', '', ''],
          [
            `${watchers} watch`,
            figure(rateOf(watched)),
            cpuOf(watched),
            ...[lags.total, spread.p50Ms, spread.p99Ms, spread.maxMs, lost, doubled].map(figure),
          ],
        ],
      ),
    }
  } finally {
    await member.end('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

function rateOf({ events, seconds }: Worked): number {
  return events / seconds
}

function cpuOf({ cpuSeconds, seconds }: Worked): string {
  return `${Math.round((100 * cpuSeconds) / seconds)} %`
}

async function work(member: Member<SseMessage>, seconds: number): Promise<Worked> {
  const before = member.messages.length
  member.process.send({ seconds })
  const messages = await member.until((all) => all.length > before)
  const last = messages.at(-1)
  if (last?.kind !== 'worked') throw new Error('The server did not say what it did.')
  return last
}
