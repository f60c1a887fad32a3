import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../crash/campaign.ts'
import type { Violation } from '../crash/checker.ts'
import { exitCodes } from './disk/life.ts'
import { DiskTrial, type LifeEnd, SharedOracle, type Wrapping } from './disk/lives.ts'
import { buildShim, mayShim, mayTrace } from './disk/means.ts'
import type { Fault, Tools } from './fault.ts'

const oracle = new SharedOracle()
let traces: boolean | undefined
let told = false

/** Syncs of a life are tried up to here; a life that makes fewer ends undisturbed. */
const mostSyncs = 60

/**
 * Lets a sync of the database's files fail, once or from then on for ever. Nobody can tell then what is on disk, so the
 * process must end (code 70; with a message when it has only just begun) and acknowledge nothing; the next one
 * recovers. Up to three lives in a row have a failing disk.
 */
export const syncErrors: Fault = {
  name: 'sync-errors',
  injects: 'fsync and fdatasync answer EIO, once or for ever, up to three lives deep',
  invariants: 'I1–I6, the process ends rather than go on',
  trials: 300,
  unavailable() {
    traces ??= mayTrace()
    return traces || mayShim()
      ? undefined
      : 'because strace is not there or may not trace, and there is no C compiler to build a shim with'
  },
  trial,
  close: () => oracle.close(),
}

async function trial(seed: number, tools: Tools): Promise<Violation[]> {
  traces ??= mayTrace()
  if (!told) tools.note(`sync-errors: ${traces ? 'by strace' : 'by a shim before the C library'}`)
  told = true
  const name = `trial-${seed}`
  const disk = join(tools.folder, name, 'disk')
  mkdirSync(disk, { recursive: true })
  const port = await oracle.port(tools.folder)
  const trial = new DiskTrial({ folder: tools.folder, disk, trial: name, seed, port })
  const random = seeded(`sync errors ${seed}`)
  const violations: Violation[] = []
  for (let lives = 1 + Math.floor(random() * 3), life = 1; life <= lives; life++) {
    const log = join(trial.folder, `syncs-${life}`)
    const from = Math.max(1, Math.floor(mostSyncs ** random()))
    const ever = random() < 0.5
    const wrap = traces ? tracing : shimming
    const end = await trial.live(wrap({ disk, log, from, ever, folder: tools.folder })).ended
    violations.push(...judge(end, log, `life ${life}, sync ${from} ${ever ? 'for ever' : 'once'}`))
  }
  const last = await trial.live().ended
  if (last.code !== exitCodes.done)
    violations.push({ invariant: 'I4', what: `the last life did not recover: ${tail(last)}` })
  violations.push(...(await trial.check()))
  if (violations.length === 0) rmSync(trial.folder, { recursive: true })
  return violations
}

interface Failing {
  disk: string
  log: string
  from: number
  ever: boolean
  folder: string
}

function tracing({ log, from, ever }: Failing): Wrapping {
  const inject = `inject=fsync,fdatasync:error=EIO:when=${from}${ever ? '+' : ''}`
  const command = ['strace', '-f', '-qq', '-y', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync']
  return { command: [...command, '-e', inject, '-o', log], environment: {} }
}

function shimming({ disk, log, from, ever, folder }: Failing): Wrapping {
  const environment = {
    LD_PRELOAD: buildShim(folder),
    FAULTS_FOLDER: disk,
    FAULTS_SYNC_FROM: String(from),
    FAULTS_SYNC_LOG: log,
    ...(ever ? { FAULTS_SYNC_EVER: '1' } : {}),
  }
  return { command: [], environment }
}

/** A failed sync of the log is a commit in doubt. Where it was only a checkpoint's, all is in the log still. */
function judge(end: LifeEnd, log: string, which: string): Violation[] {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
  const failed = lines.filter((line) => line.includes('(INJECTED)'))
  const inDoubt = failed.some((line) => line.includes('reeve.db-wal>'))
  const { code } = end
  if (code === exitCodes.fatal && failed.length > 0) return []
  if (code === exitCodes.notStarted && failed.length > 0 && end.complained !== '') return []
  if (code === exitCodes.done && !inDoubt) return []
  const what = `${which}: ${failed.length} syncs failed and it ended with code ${code}: ${tail(end)}`
  return [{ invariant: code === exitCodes.done ? 'I1' : 'I4', what }]
}

function tail({ complained }: LifeEnd): string {
  return complained.slice(-300)
}
