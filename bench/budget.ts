import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerSpec } from './budget/contract.ts'
import { startProvider } from './budget/provider.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { createDataFolder } from './runner/machine.ts'
import { figure, table } from './runner/table.ts'

const program = join(import.meta.dirname, 'budget/process.ts')
const limitMs = 120_000

/**
 * 1,000 runs at once, each with three paid calls, against one ceiling that holds about two thirds of them: two worker
 * processes on one database file, of which one is killed in the middle of calls, again and again. What was spent is
 * what the provider billed, by its own count: it bills a call as it arrives, also when its caller is dead.
 *
 * `--runs 1000`, `--kills 2`.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const runs = wholeNumber(options, 'runs', 1000)
  const kills = options.quick ? 1 : wholeNumber(options, 'kills', 2)
  const ceilingUsd = runs * 0.012
  const folder = createDataFolder()
  const provider = await startProvider()
  const workers = new Set<ChildProcess>()
  const abandon = () => {
    for (const worker of workers) worker.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', abandon)
  const start = async (starts: number) => {
    const spec: WorkerSpec = {
      dataFolder: folder,
      runs: starts,
      ceilingUsd,
      providerUrl: provider.url,
    }
    const worker = fork(program, [JSON.stringify(spec)])
    workers.add(worker)
    await once(worker, 'message')
    return worker
  }
  try {
    const startedAt = performance.now()
    // Each victim starts runs of its own, so that it has calls under way whatever the other one has taken over.
    const ofVictim = Math.floor((runs * 0.3) / (kills + 1))
    const steady = start(runs - (kills + 1) * ofVictim)
    let victim = await start(ofVictim)
    await steady
    let cutOff = 0
    for (let kill = 1; kill <= kills; kill++) {
      const lost = await busy(victim.pid!, provider)
      cutOff += lost
      const ended = once(victim, 'exit')
      victim.kill('SIGKILL')
      await ended
      workers.delete(victim)
      process.stderr.write(`killed with ${lost} calls under way\n`)
      victim = await start(ofVictim)
    }
    const states = await allEnded(join(folder, 'reeve.db'), runs)
    const elapsedSeconds = (performance.now() - startedAt) / 1000
    for (const worker of workers) {
      const ended = once(worker, 'exit')
      worker.disconnect()
      await ended
    }
    const ledger = readLedger(join(folder, 'reeve.db'))
    const { calls, billedNanousd, mostAtOnce } = provider.figures()
    const ceilingNanousd = Math.round(ceilingUsd * 1e9)
    if (!states.refused) throw new Error('no call was refused: the ceiling was never reached')
    return {
      goals: {
        overshoot: goalOf(Math.max(0, billedNanousd - ceilingNanousd) / 1e9, 0, 'USD', 'lower'),
        billedBeyondLedger: goalOf(Math.max(0, billedNanousd - ledger.nanousd) / 1e9, 0, 'USD', 'lower'),
      },
      raw: {
        runs,
        kills,
        cutOff,
        calls,
        billedNanousd,
        ceilingNanousd,
        ledger,
        mostAtOnce,
        states,
        elapsedSeconds,
      },
      summary: table(
        [
          'ceiling',
          'billed',
          'ledger',
          'calls billed',
          'at once',
          'kills',
          'calls cut off',
          'runs by outcome',
          's',
        ],
        [
          [
            `$${ceilingUsd.toFixed(4)}`,
            `$${(billedNanousd / 1e9).toFixed(4)}`,
            `$${(ledger.nanousd / 1e9).toFixed(4)}`,
            figure(calls),
            figure(mostAtOnce),
            String(kills),
            String(cutOff),
            Object.entries(states)
              .map(([state, count]) => `${figure(count)} ${state}`)
              .join(', '),
            figure(elapsedSeconds),
          ],
        ],
      ),
    }
  } finally {
    provider.close()
    process.off('exit', abandon)
    abandon()
  }
}

/** Waits until a worker has enough calls under way for its death to matter, and answers how many. */
async function busy(pid: number, provider: Awaited<ReturnType<typeof startProvider>>): Promise<number> {
  const giveUpAt = performance.now() + limitMs / 4
  for (;;) {
    const underWay = provider.underWayOf(pid)
    if (underWay >= 20) return underWay
    if (performance.now() > giveUpAt)
      throw new Error('the worker to be killed had too few calls under way: nothing would be proved')
    await sleep(5)
  }
}

/** Waits until every run has ended, and answers how many ended how. */
async function allEnded(file: string, runs: number): Promise<Record<string, number>> {
  const giveUpAt = performance.now() + limitMs
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const open = database.prepare(
      `select count(*) as count from runs where status in ('queued', 'running', 'waiting')`,
    )
    const all = database.prepare(
      `select case when r.status <> 'succeeded' then r.status when e.payload = '"refused"' then 'refused' else 'answered' end as state, count(*) as count
       from runs r join events e on e.run = r.no and e.seq = r.head_seq group by state`,
    )
    while ((open.get() as { count: number }).count > 0) {
      if (performance.now() > giveUpAt) throw new Error('some runs have not ended')
      await sleep(250)
    }
    const rows = all.all() as { state: string; count: number }[]
    const found = rows.reduce((sum, { count }) => sum + count, 0)
    if (found !== runs) throw new Error(`${found} runs are there, not ${runs}`)
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
  } finally {
    database.close()
  }
}

/** What the project's budget counts as spent, with what is still reserved. */
function readLedger(file: string): { nanousd: number; reservedNanousd: number } {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const row = database.prepare(`select * from budgets where scope = 'project'`).get() as {
      spent_nanousd: number
      reserved_nanousd: number
    }
    return { nanousd: row.spent_nanousd + row.reserved_nanousd, reservedNanousd: row.reserved_nanousd }
  } finally {
    database.close()
  }
}
