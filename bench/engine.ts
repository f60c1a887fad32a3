import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { contest, type Plan, type Standing } from './engine/contest.ts'
import { contestants } from './engine/contestants.ts'
import { install } from './engine/installation.ts'
import { type Server, startPostgres } from './engine/servers.ts'
import { type BenchOptions, type BenchResult, goalOf, UsageError } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

/**
 * Six sequential steps a run, every result of 220 bytes durable before the next step begins, at 1, 100 and 400
 * concurrent runs: a bare loop on SQLite, Reeve, its durable peers, and two peers that store nothing. With
 * `--store postgres`: Reeve and DBOS, each on a new database of one Postgres server.
 *
 * `--peers a,b` chooses contestants by name, `--concurrency 1,100` other numbers of runs, `--quick` one short round.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const names = contestants.map(({ name }) => name)
  const onPostgres = isPostgres(options.store)
  const usual = onPostgres ? postgresPair : names.filter((name) => name !== postgresPair[0])
  const chosen = listOf(options.peers) ?? usual
  const unknown = chosen.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new UsageError(`--peers has no ${unknown.join(', ')}. Choose from: ${names.join(', ')}.`)
  }
  const concurrencies = listOf(options.concurrency)?.map(Number) ?? [1, 100, 400]
  if (!concurrencies.every((value) => Number.isInteger(value) && value > 0)) {
    throw new UsageError(
      `--concurrency takes whole numbers above 0, such as 1,100,400; it is "${options.concurrency}".`,
    )
  }
  const plan: Plan = {
    steps: 6,
    resultBytes: 220,
    maxRuns: 100_000,
    ...(options.quick
      ? { rounds: 1, roundMs: 1000, warmUpMs: 300 }
      : { rounds: 3, roundMs: 2500, warmUpMs: 1000 }),
  }
  const progress = (text: string) => process.stderr.write(`${text}\n`)

  const standings: Standing[] = []
  const takePart = async (shared?: Server) => {
    for (const entry of contestants.filter(({ name }) => chosen.includes(name)))
      standings.push(await contest(entry, concurrencies, plan, progress, shared))
  }
  await (onPostgres ? withSharedPostgres(takePart, progress) : takePart())
  const goals = onPostgres ? postgresGoalsOf(standings) : goalsOf(standings)
  return { goals, raw: { plan, standings }, summary: summaryOf(standings) }
}

async function withSharedPostgres(
  body: (shared: Server) => Promise<void>,
  progress: (text: string) => void,
): Promise<void> {
  const folder = createDataFolder()
  const server = await startPostgres(await install('postgres', progress), folder)
  const abandon = () => server.kill()
  process.once('exit', abandon)
  try {
    await body(server)
  } finally {
    process.off('exit', abandon)
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const postgresPair = ['reeve-postgres', 'dbos']

/** @throws UsageError */
function isPostgres(store: string | true | undefined): boolean {
  if (store === undefined || store === 'sqlite') return false
  if (store === 'postgres') return true
  throw new UsageError(`--store is sqlite or postgres; it is "${store}".`)
}

function listOf(option: string | true | undefined): string[] | undefined {
  if (typeof option !== 'string') return
  return option.split(',').map((part) => part.trim())
}

/** Reeve at 400 concurrent runs, against the bare loop at 400, and against peers at whichever number suits them best. */
function goalsOf(standings: Standing[]): BenchResult['goals'] {
  const at400 = (name: string) => roundOf(standings, name, 400)?.runsPerSecond
  const bestOf = (kind: Standing['kind']) => {
    const rates = standings
      .filter((standing) => standing.kind === kind)
      .flatMap(({ outcomes }) => outcomes.map(({ median }) => median?.runsPerSecond ?? 0))
    return rates.length > 0 ? Math.max(...rates) : undefined
  }
  const reeve = at400('reeve')
  return {
    reeveVsRaw: goalOf(ratio(reeve, at400('raw')), 0.5, 'x'),
    reeveVsBestDurablePeer: goalOf(ratio(reeve, bestOf('durable')), 20, 'x'),
    reeveVsFastestInMemory: goalOf(ratio(reeve, bestOf('memory')), 1, 'x'),
  }
}

/** Throughput at 400 concurrent runs, and how long one run alone takes. */
function postgresGoalsOf(standings: Standing[]): BenchResult['goals'] {
  const [reeve, dbos] = postgresPair.map((name) => ({
    many: roundOf(standings, name, 400),
    one: roundOf(standings, name, 1),
  }))
  return {
    reeveVsDbos: goalOf(ratio(reeve?.many?.runsPerSecond, dbos?.many?.runsPerSecond), 10, 'x'),
    p50AloneVsDbos: goalOf(ratio(reeve?.one?.p50Ms, dbos?.one?.p50Ms), 1, 'x', 'lower'),
  }
}

function roundOf(standings: Standing[], name: string, concurrency: number) {
  const outcomes = standings.find((standing) => standing.name === name)?.outcomes
  return outcomes?.find((outcome) => outcome.concurrency === concurrency)?.median
}

function ratio(one: number | undefined, other: number | undefined): number | undefined {
  return one && other ? one / other : undefined
}

// A share of all processors: the kernel's own work for a busy database stays below it.
const quietBelow = 0.15

function summaryOf(standings: Standing[]): string {
  const rows: string[][] = []
  const notes: string[] = []
  const failures: string[] = []
  const disturbed: string[] = []
  for (const { name, title, outcomes, failed } of standings) {
    if (failed) failures.push(`${name} failed: ${failed}`)
    const first = outcomes.find(({ report }) => report)?.report
    if (first) {
      const versions = Object.entries(first.versions).map(([part, version]) => `${part} ${version}`)
      notes.push(`- ${title}: ${versions.join(', ')}; durability: ${first.durability}`)
    }
    for (const { concurrency, median, report, failed } of outcomes) {
      if (failed) failures.push(`${name} at ${concurrency} failed: ${failed}`)
      if (!median || !report) continue
      const disturbance = median.otherCpuSeconds / ((median.elapsedMs / 1000) * availableParallelism())
      if (disturbance > quietBelow)
        disturbed.push(`${name} at ${concurrency} (${(disturbance * 100).toFixed(0)} %)`)
      const perThousand = 1000 / median.runs
      rows.push([
        title,
        String(concurrency),
        figure(median.runsPerSecond),
        figure(median.p50Ms),
        figure(median.p99Ms),
        figure(median.cpuSeconds * perThousand),
        figure(median.serverCpuSeconds * perThousand),
        figure(report.peakRssMb),
        figure(report.serverRssMb),
        figure(report.coldStartMs),
      ])
    }
  }
  const heading = [
    'contestant',
    'runs at once',
    'runs/s',
    'p50 ms',
    'p99 ms',
    'CPU s/1000',
    'server CPU',
    'peak MB',
    'server MB',
    'cold start ms',
  ]
  if (disturbed.length > 0) {
    notes.push(
      `- Not quiet: other processes used much of the machine during ${disturbed.join(', ')}. Measure again.`,
    )
  }
  return [table(heading, rows), '', ...notes, ...failures.map((failure) => `- ${failure}`)].join('\n')
}
