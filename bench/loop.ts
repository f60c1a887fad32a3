import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Report, Round, Spec } from './engine/contract.ts'
import { install, place } from './engine/installation.ts'
import { runChild } from './runner/child.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const folder = join(import.meta.dirname, 'loop')
const reeveProgram = join(import.meta.dirname, 'loop/process.ts')

interface Contestant {
  name: 'reeve' | 'ai-sdk' | 'openai-agents'
  title: string
  program: string
}

interface Standing extends Omit<Contestant, 'program'> {
  concurrency: number
  median: Round
  report: Report
  rates: number[]
}

/**
 * An agent's loop of three calls of tools, one after the other, and an answer, with a model that answers at once.
 * Reeve journals every turn and every call durably; its peers keep nothing. Contestants take turns, `--passes 3` times,
 * each in a process of its own, so that a busy moment strikes them alike; the median pass counts.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const passes = options.quick ? 1 : wholeNumber(options, 'passes', 3)
  const contestants: Contestant[] = [
    { name: 'reeve', title: 'Reeve on SQLite, every turn durable', program: reeveProgram },
    { name: 'ai-sdk', title: 'AI SDK generateText, in memory', program: await placePeer('ai-sdk') },
    {
      name: 'openai-agents',
      title: 'OpenAI Agents SDK, in memory',
      program: await placePeer('openai-agents'),
    },
  ]
  const standings: Standing[] = []
  for (const concurrency of [1, 100]) {
    const reports = contestants.map(() => [] as Report[])
    for (let pass = 0; pass < (concurrency === 1 ? 1 : passes); pass++) {
      for (const [index, contestant] of contestants.entries()) {
        const report = await runOnce(contestant, concurrency)
        reports[index]!.push(report)
        process.stderr.write(
          `${contestant.name} at ${concurrency}: ${figure(report.rounds[0]!.runsPerSecond)} loops/s\n`,
        )
      }
    }
    for (const [index, { name, title }] of contestants.entries()) {
      const ranked = reports[index]!.toSorted((a, b) => rateOf(a) - rateOf(b))
      const report = ranked[ranked.length >> 1]!
      standings.push({
        name,
        title,
        concurrency,
        median: report.rounds[0]!,
        report,
        rates: reports[index]!.map(rateOf),
      })
    }
  }
  const at100 = (name: Contestant['name']) =>
    standings.find((standing) => standing.name === name && standing.concurrency === 100)!.median.runsPerSecond
  const peers = [at100('ai-sdk'), at100('openai-agents')]
  return {
    goals: {
      reeveVsSlowerPeer: goalOf(at100('reeve') / Math.min(...peers), 1, 'x'),
      timeVsFasterPeer: goalOf(Math.max(...peers) / at100('reeve'), 1.5, 'x', 'lower'),
    },
    raw: { standings },
    summary: summaryOf(standings),
  }
}

function rateOf(report: Report): number {
  return report.rounds[0]!.runsPerSecond
}

async function placePeer(name: 'ai-sdk' | 'openai-agents'): Promise<string> {
  const installed = await install(name, (text) => process.stderr.write(`${text}\n`))
  place(installed, ['measure.ts', 'processes.ts'])
  for (const file of ['orders.ts', `${name}.mjs`]) copyFileSync(join(folder, file), join(installed, file))
  return join(installed, `${name}.mjs`)
}

async function runOnce({ name, program }: Contestant, concurrency: number): Promise<Report> {
  const data = createDataFolder()
  const remove = () => rmSync(data, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const dataFolder = join(data, 'data')
    mkdirSync(dataFolder)
    const spec: Spec = {
      concurrency,
      steps: 4,
      resultBytes: 0,
      rounds: 1,
      roundMs: 2000,
      warmUpMs: 1500,
      maxRuns: 100_000,
      dataFolder,
      spawnedAt: Date.now(),
    }
    const report = await runChild<Report>(program, {
      spec,
      limitMs: 60_000,
      env: { OPENAI_AGENTS_DISABLE_TRACING: '1' },
    })
    const { verified } = report
    if (verified && verified.found !== verified.driven)
      throw new Error(
        `${name} holds ${verified.found} complete loops of the ${verified.driven} it acknowledged`,
      )
    return report
  } finally {
    process.off('exit', remove)
    remove()
  }
}

function summaryOf(standings: Standing[]): string {
  const heading = [
    'contestant',
    'at once',
    'loops/s',
    'p50 ms',
    'p99 ms',
    'CPU s/1000',
    'peak MB',
    'others’ CPU',
  ]
  const rows = standings.map(({ title, concurrency, median, report }) => {
    const available = (median.elapsedMs / 1000) * availableParallelism()
    return [
      title,
      String(concurrency),
      figure(median.runsPerSecond),
      figure(median.p50Ms),
      figure(median.p99Ms),
      figure((median.cpuSeconds * 1000) / median.runs),
      figure(report.peakRssMb),
      `${((median.otherCpuSeconds / available) * 100).toFixed(0)} %`,
    ]
  })
  const notes = standings
    .filter(({ concurrency }) => concurrency === 100)
    .map(({ title, report, rates }) => {
      const versions = Object.entries(report.versions).map(([part, version]) => `${part} ${version}`)
      return `- ${title}: ${versions.join(', ')}; durability: ${report.durability}; all passes: ${rates.map(figure).join(', ')}`
    })
  return [table(heading, rows), '', ...notes].join('\n')
}
