import { readFileSync } from 'node:fs'
import type { Contestant, Plan, Report, Round, Sample, Spec } from './contract.ts'
import { machineCpuSeconds, residentMb, treeCpuSeconds } from './processes.ts'

/** Drives a contestant as its spec says and prints its report; the process ends with it. */
export async function measure(create: (spec: Spec) => Promise<Contestant>): Promise<void> {
  const spec = JSON.parse(process.argv[2] ?? '') as Spec
  const contestant = await create(spec)
  let driven = 0
  const drive = async (concurrency: number, forMs: number, maxRuns: number) => {
    const sample = await contestant.drive({ first: driven, concurrency, forMs, maxRuns })
    driven += sample.latenciesMs.length
    return sample
  }

  await drive(1, 60_000, 1)
  const coldStartMs = Date.now() - spec.spawnedAt
  await drive(spec.concurrency, spec.warmUpMs, spec.maxRuns)

  const rounds: Round[] = []
  let serverRssMb = 0
  for (let round = 0; round < spec.rounds; round++) {
    const readings = () => {
      const { user, system } = process.cpuUsage()
      const server = spec.server ? treeCpuSeconds(spec.server.pid) : 0
      return { own: (user + system) / 1e6, server, machine: machineCpuSeconds() }
    }
    const before = readings()
    const sample = await drive(spec.concurrency, spec.roundMs, spec.maxRuns)
    const after = readings()
    const cpuSeconds = after.own - before.own
    const serverCpuSeconds = after.server - before.server
    const otherCpuSeconds = Math.max(0, after.machine - before.machine - cpuSeconds - serverCpuSeconds)
    rounds.push({ ...summarise(sample), cpuSeconds, serverCpuSeconds, otherCpuSeconds })
    if (spec.server) serverRssMb = Math.max(serverRssMb, residentMb(spec.server.pid))
  }

  const report: Report = {
    node: process.version,
    versions: contestant.versions,
    durability: contestant.durability,
    coldStartMs,
    rounds,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    serverRssMb,
  }
  if (contestant.count) report.verified = { driven, found: await contestant.count() }
  await contestant.close?.()
  // Some peers keep timers and sockets open after they are closed: end when the line is out.
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
}

/** Keeps `concurrency` runs under way: each one that ends is followed by a new one. */
export function closedLoop(run: (index: number) => Promise<unknown>): Contestant['drive'] {
  return async (plan: Plan): Promise<Sample> => {
    const latenciesMs: number[] = []
    const start = performance.now()
    let started = 0
    const lane = async () => {
      while (
        started < plan.maxRuns &&
        (started < plan.concurrency || performance.now() - start < plan.forMs)
      ) {
        const index = plan.first + started++
        const asked = performance.now()
        await run(index)
        latenciesMs.push(performance.now() - asked)
      }
    }
    await Promise.all(Array.from({ length: plan.concurrency }, lane))
    return { elapsedMs: performance.now() - start, latenciesMs }
  }
}

const filler = 'the quick brown fox jumps over the lazy dog while the reeve keeps the accounts; '.repeat(4)

/** A step's result: an object of exactly `bytes` bytes as JSON, another one for every run and step. */
export function resultOf(
  run: number,
  step: number,
  bytes: number,
): { run: number; step: number; text: string } {
  const result = { run, step, text: '' }
  const missing = bytes - JSON.stringify(result).length
  const from = (run + step * 7) % 80
  result.text = filler.slice(from, from + missing)
  return result
}

/** The version of each package as it is installed at or above `folder`. */
export function versionsOf(folder: string, ...packages: string[]): Record<string, string> {
  return Object.fromEntries(
    packages.map((name) => {
      const manifest = readFileSync(`${folder}/node_modules/${name}/package.json`, 'utf8')
      return [name, (JSON.parse(manifest) as { version: string }).version]
    }),
  )
}

function summarise({ elapsedMs, latenciesMs }: Sample) {
  const sorted = Float64Array.from(latenciesMs).sort()
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return {
    runs: sorted.length,
    elapsedMs,
    runsPerSecond: sorted.length / (elapsedMs / 1000),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}
