import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Session } from '../database.ts'
import { refuseMoved } from '../identity/moved.ts'
import type { RunRow } from '../runs/runs.ts'

/**
 * A process that claims runs. It is alive while its heartbeat is young by the store's clock.
 *
 * The lease is short, so that the runs of a machine that lost its power go on within 5 s. Two things make up for that.
 * A process of this machine can be looked at: gone, it is dead at once; there, it is only busy, and has longer. And
 * only a worker that has itself been beating without a gap for a whole lease judges others: after the database was away
 * nobody has beaten, and whoever is back first must not take the others for dead.
 */
export interface WorkerRow {
  id: string
  host: string
  pid: number
  /** Where pids mean the same as for this worker, and when its process was born there: a reused pid is another process. */
  born: string
  started_at: number
  heartbeat_at: number
  /** The versions of workflows that it has, as JSON. */
  drives: string
}

export const leaseMs = 3_000
/** Of a process that is there, and may be busy or stopped. */
export const longLeaseMs = 15_000
export const heartbeatMs = 1_000
/** Between two heartbeats of one's own: longer, and there may have been no database, or its clock was set. */
export const gapMs = 2_500

/** In a transaction. `drives`: the `versionName`s of the workflows that it has. @throws `database-moved` */
export async function registerWorker(session: Session, id: string, drives: string[] = []): Promise<void> {
  await session.run(
    `insert into workers (id, host, pid, born, started_at, heartbeat_at, drives)
     values (?, ?, ?, ?, reeve_now(), reeve_now(), ?)`,
    [id, hostname(), process.pid, birthOf(process.pid, pidSpace()) ?? '', JSON.stringify(drives)],
  )
  // A copy keeps the table locked until its source is fenced: only now it can be seen whether there was one.
  await refuseMoved(session)
}

/** Answers false when the worker was declared dead meanwhile: its claims are no longer its own. */
export async function heartbeat(session: Session, id: string): Promise<boolean> {
  return (await session.run('update workers set heartbeat_at = reeve_now() where id = ?', [id])) === 1
}

export async function removeWorker(session: Session, id: string): Promise<void> {
  await session.run('delete from workers where id = ?', [id])
}

/**
 * Removes the dead workers. `steadyMs`: how long the caller has been beating without a gap; one that does not beat says
 * 0 and removes only those whose process it sees to be gone. A last heartbeat that is yet to come is of a time before the
 * store's clock was set back: the living have beaten since.
 */
export async function removeDeadWorkers(session: Session, steadyMs: number): Promise<number> {
  const workers = await session.all<WorkerRow & { silent_ms: number }>(
    'select workers.*, reeve_now() - heartbeat_at as silent_ms from workers',
  )
  const space = pidSpace()
  let removed = 0
  for (const worker of workers) {
    const sight = look(worker, space)
    const lease = sight === 'there' ? longLeaseMs : leaseMs
    if (sight !== 'gone' && (steadyMs < leaseMs || Math.abs(worker.silent_ms) <= lease)) continue
    // It may have beaten since it was read.
    removed += await session.run('delete from workers where id = ? and heartbeat_at = ?', [
      worker.id,
      worker.heartbeat_at,
    ])
  }
  return removed
}

/** By which workers tell each other what they have. */
export function versionName(workflow: string, version: string): string {
  return `${workflow} ${version}`
}

/** The `versionName`s that workers have that may be alive; undefined when there is no worker. */
export async function drivenVersions(session: Session): Promise<Set<string> | undefined> {
  const workers = await liveWorkers(session)
  if (workers.length === 0) return undefined
  return new Set(workers.flatMap(({ drives }) => JSON.parse(drives) as string[]))
}

/** Why a run that could go on now does not, although there are workers: `driven` is what these have. */
export function lackOf(run: RunRow, driven: Set<string> | undefined): string | undefined {
  const { workflow, version, status, paused, wake_at } = run
  if (status !== 'queued' || paused !== 0 || wake_at !== null) return undefined
  if (!driven || driven.has(versionName(workflow, version))) return undefined
  return `no worker has workflow "${workflow}" version ${version}`
}

/** Those that may be alive. */
export async function liveWorkers(session: Session): Promise<WorkerRow[]> {
  return session.all<WorkerRow>('select * from workers where heartbeat_at >= reeve_now() - ?', [longLeaseMs])
}

/** Those that may be alive, without those of this machine whose process is gone. */
export async function workersBeside(session: Session): Promise<WorkerRow[]> {
  const space = pidSpace()
  return (await liveWorkers(session)).filter((worker) => look(worker, space) !== 'gone')
}

/** Of a container or a machine that only has the same name, pids say nothing. */
function look(worker: WorkerRow, space: string): 'there' | 'gone' | 'elsewhere' {
  if (worker.host !== hostname()) return 'elsewhere'
  if (space !== '' && worker.born !== '' && !worker.born.startsWith(`${space}:`)) return 'elsewhere'
  const born = birthOf(worker.pid, space)
  if (born === undefined || (born !== '' && worker.born !== '' && born !== worker.born)) return 'gone'
  return 'there'
}

/** Undefined when no such process runs; empty when its birth cannot be told. */
function birthOf(pid: number, space: string): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return `${space}:${fields[19]}`
  } catch {
    return ''
  }
}

/** The boot of the machine and the space of its pids that this process lives in; empty when it cannot be told. */
function pidSpace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

export async function isSignedOn(session: Session, id: string): Promise<boolean> {
  return (await session.get('select id from workers where id = ?', [id])) !== undefined
}
