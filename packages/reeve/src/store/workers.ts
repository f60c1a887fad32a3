import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Session } from './database.ts'

/** A process that claims runs. It is alive while its heartbeat is young by the store's clock. */
export interface WorkerRow {
  id: string
  host: string
  pid: number
  /** Where pids mean the same as for this worker, and when its process was born there: a reused pid is another process. */
  born: string
  started_at: number
  heartbeat_at: number
}

export const leaseMs = 15_000
export const heartbeatMs = 3_000

export async function registerWorker(session: Session, id: string): Promise<void> {
  await session.run(
    'insert into workers (id, host, pid, born, started_at, heartbeat_at) values (?, ?, ?, ?, reeve_now(), reeve_now())',
    [id, hostname(), process.pid, birthOf(process.pid) ?? ''],
  )
}

/** Answers false when the worker was declared dead meanwhile: its claims are no longer its own. */
export async function heartbeat(session: Session, id: string): Promise<boolean> {
  return (await session.run('update workers set heartbeat_at = reeve_now() where id = ?', [id])) === 1
}

export async function removeWorker(session: Session, id: string): Promise<void> {
  await session.run('delete from workers where id = ?', [id])
}

/**
 * Removes the workers whose lease ran out, and those of this host whose process is gone: no need to wait for them. Of a
 * container or a machine that only has the same name, pids say nothing.
 */
export async function removeDeadWorkers(session: Session): Promise<number> {
  let removed = await session.run('delete from workers where heartbeat_at < reeve_now() - ?', [leaseMs])
  const here = await session.all<WorkerRow>('select * from workers where host = ?', [hostname()])
  const space = pidSpace()
  for (const worker of here) {
    if (space !== '' && worker.born !== '' && !worker.born.startsWith(`${space}:`)) continue
    const born = birthOf(worker.pid)
    if (born === undefined || (born !== '' && worker.born !== '' && born !== worker.born)) {
      removed += await session.run('delete from workers where id = ?', [worker.id])
    }
  }
  return removed
}

export async function liveWorkers(session: Session): Promise<WorkerRow[]> {
  return session.all<WorkerRow>('select * from workers where heartbeat_at >= reeve_now() - ?', [leaseMs])
}

/** Undefined when no such process runs; empty when its birth cannot be told. */
function birthOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return `${pidSpace()}:${fields[19]}`
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
