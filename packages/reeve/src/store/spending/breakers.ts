import type { Database, Session } from '../database.ts'

/**
 * The circuit breakers of workers that are not closed, for other processes to see. Each worker has its own, in its
 * memory, and writes here when one opens or closes.
 */
export interface BreakerRow {
  solver: string
  worker: string
  /** Failures in a row. */
  failures: number
  opened_at: number
  /** One question may pass from this moment on. */
  probe_at: number
}

export async function saveBreaker(session: Session, row: BreakerRow): Promise<void> {
  await session.run(
    `insert into breakers (solver, worker, failures, opened_at, probe_at) values (?, ?, ?, ?, ?)
     on conflict (solver, worker) do update set
       failures = excluded.failures, opened_at = excluded.opened_at, probe_at = excluded.probe_at`,
    [row.solver, row.worker, row.failures, row.opened_at, row.probe_at],
  )
}

export async function closeBreaker(session: Session, solver: string, worker: string): Promise<void> {
  await session.run('delete from breakers where solver = ? and worker = ?', [solver, worker])
}

/** Those of workers that are there, with where they run. */
export async function listBreakers(
  session: Session,
): Promise<(BreakerRow & { host: string; pid: number })[]> {
  return session.all(
    `select b.*, w.host, w.pid from breakers b join workers w on w.id = b.worker order by b.solver, w.host, w.pid`,
  )
}

/** Forgets a worker's breakers, and those of workers that are no more. */
export async function forgetBreakers(database: Database, worker: string): Promise<void> {
  await database.transaction(async (session) => {
    await session.run('delete from breakers where worker = ? or worker not in (select id from workers)', [
      worker,
    ])
  })
}
