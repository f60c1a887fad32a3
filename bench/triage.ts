import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runChild } from './runner/child.ts'
import { type BenchOptions, type BenchResult, goalOf, UsageError, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'
import type { TriageReport, TriageSpec } from './triage/contract.ts'

const receiversProgram = join(import.meta.dirname, '../examples/support-triage/receivers/server.ts')
const triageProgram = join(import.meta.dirname, 'triage/process.ts')

type Round = TriageReport & {
  /** Messages that took effect at the chat, as its own log has them. */
  posted: number
}

/**
 * All messages of Banking77 as tickets through the support triage of the example, with local solvers: two workers on one
 * database drive them, a third process is helpdesk and chat. A round begins with an empty database and trains anew; the
 * median counts.
 *
 * `--data FOLDER` holds `banking77` and `bank-knowledge`; `--workers 2`, `--rounds 3`, `--quick` one round.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const spec = { ...filesIn(options.data), workers: wholeNumber(options, 'workers', 2) }
  const wanted = options.quick ? 1 : wholeNumber(options, 'rounds', 3)
  const rounds: Round[] = []
  for (let round = 1; round <= wanted; round++) {
    const result = await runRound(spec)
    rounds.push(result)
    process.stderr.write(
      `round ${round}: ${figure(result.ticketsPerMinute)} tickets a minute, trained in ${figure(result.trainSeconds)} s\n`,
    )
  }
  const ranked = [...rounds].sort((a, b) => a.ticketsPerMinute - b.ticketsPerMinute)
  const median = ranked[ranked.length >> 1]!
  return {
    goals: {
      ticketsPerMinute: goalOf(median.ticketsPerMinute, 100_000, 'tickets/min'),
      accuracyOnTestOpen: goalOf(median.accuracyOnTest, 0.88, 'share'),
      trainSeconds: goalOf(median.trainSeconds, 20, 's', 'lower'),
      effectsPerCriticalRun: {
        ...goalOf(median.posted / (median.outcomes.critical ?? 0), 1, 'x'),
        ok: rounds.every(({ posted, outcomes }) => posted === outcomes.critical),
      },
    },
    raw: { rounds },
    summary: summaryOf(rounds),
  }
}

function filesIn(option: string | true | undefined): Pick<TriageSpec, 'train' | 'test' | 'knowledge'> {
  const folder = resolve(typeof option === 'string' ? option : join(import.meta.dirname, '../../shared/data'))
  const files = {
    train: join(folder, 'banking77/train.csv'),
    test: join(folder, 'banking77/test-open.csv'),
    knowledge: join(folder, 'bank-knowledge/documents.jsonl'),
  }
  const missing = Object.values(files).filter((file) => !existsSync(file))
  if (missing.length === 0) return files
  throw new UsageError(
    `The triage bench needs ${missing.join(' and ')}. Say where they are with --data FOLDER, which holds banking77/ and bank-knowledge/.`,
  )
}

async function runRound(files: Omit<TriageSpec, 'dataFolder'>): Promise<Round> {
  const folder = createDataFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const receivers = await startReceivers(join(folder, 'receivers'))
  try {
    const dataFolder = join(folder, 'data')
    mkdirSync(dataFolder)
    const env = { RECEIVERS_URL: receivers.url }
    const report = await runChild<TriageReport>(triageProgram, {
      spec: { ...files, dataFolder },
      limitMs: 300_000,
      env,
    })
    return { ...report, posted: receivers.posted() }
  } finally {
    await receivers.stop()
    process.off('exit', remove)
    remove()
  }
}

/** The example's helpdesk and chat, in a process of their own, on a free port. */
async function startReceivers(directory: string) {
  const child = spawn(process.execPath, [receiversProgram, '--port', '0', '--dir', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'close')
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /http:\/\/[\d.]+:\d+/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('close', (code) => reject(new Error(`the receivers ended with ${code}: ${said}`)))
  })
  return {
    url,
    posted() {
      const lines = readFileSync(join(directory, 'receivers.jsonl'), 'utf8').trim().split('\n')
      const arrivals = lines
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { applied: boolean })
      return arrivals.filter(({ applied }) => applied).length
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      process.off('exit', kill)
    },
  }
}

function summaryOf(rounds: Round[]): string {
  const heading = [
    'round',
    'tickets',
    'tickets/min',
    'accuracy',
    'train s',
    'CPU s',
    'p50 ms',
    'p99 ms',
    'peak MB',
  ]
  const rows = rounds.map((round, index) => [
    String(index + 1),
    figure(round.tickets),
    figure(round.ticketsPerMinute),
    round.accuracyOnTest.toFixed(4),
    figure(round.trainSeconds),
    figure(round.cpuSeconds),
    figure(round.p50Ms),
    figure(round.p99Ms),
    figure(round.peakRssMb),
  ])
  const { outcomes, posted, articles, events } = rounds[0]!
  const became = Object.entries(outcomes).map(([outcome, count]) => `${figure(count)} ${outcome}`)
  return [
    table(heading, rows),
    '',
    `- ${articles} articles; ${figure(events)} events journaled a round; outcomes: ${became.join(', ')}; ${figure(posted)} messages took effect at the chat`,
  ].join('\n')
}
