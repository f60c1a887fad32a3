import type { Database } from '../../../src/store/database.ts'

/**
 * The database's own record of who wrote what: each insert into `events` with the process that made it and the epoch of
 * the run at that moment, and each claim with its epoch and worker. Nothing of the engine takes part in it.
 */
export async function installWitness(database: Database): Promise<void> {
  await database.run(
    'create table witnessed_events (run bigint, seq bigint, type text, epoch bigint, writer text)',
  )
  await database.run('create table witnessed_claims (run bigint, epoch bigint, worker text)')
  if (database.kind === 'sqlite') {
    for (const [name, when] of [
      ['claims', 'update of epoch'],
      ['births', 'insert'],
    ]) {
      await database.run(
        `create trigger witness_${name} after ${when} on runs when new.worker is not null
         begin insert into witnessed_claims values (new.no, new.epoch, new.worker); end`,
      )
    }
    return
  }
  await database.run(
    `create function witness_claim () returns trigger language plpgsql as $$
     begin insert into witnessed_claims values (new.no, new.epoch, new.worker); return null; end $$`,
  )
  await database.run(
    `create trigger witness_claims after insert or update of epoch on runs for each row
     when (new.worker is not null) execute function witness_claim()`,
  )
  await database.run(
    `create function witness_event () returns trigger language plpgsql as $$
     begin
       insert into witnessed_events
         select new.run, new.seq, new.type, epoch, current_setting('application_name') from runs where no = new.run;
       return null;
     end $$`,
  )
  await database.run(
    'create trigger witness_events after insert on events for each row execute function witness_event()',
  )
}

/** On SQLite each process puts its name into a trigger that only its own connection has. */
export async function nameWriter(database: Database, writer: string): Promise<void> {
  if (database.kind !== 'sqlite') return
  await database.run(
    `create temp trigger witness_${writer} after insert on main.events
     begin
       insert into witnessed_events select new.run, new.seq, new.type, epoch, '${writer}' from runs where no = new.run;
     end`,
  )
}

/** I7: whoever wrote an event of a claimed run is who claimed that epoch. Answers what is not so. */
export async function strangers(
  database: Database,
  runs: number[],
  writerOf: (worker: string) => string | undefined,
): Promise<string[]> {
  if (runs.length === 0) return []
  const rows = await database.all<{
    run: number
    seq: number
    type: string
    epoch: number
    writer: string
    worker: string | null
  }>(
    `select e.*, c.worker from witnessed_events e
     left join witnessed_claims c on c.run = e.run and c.epoch = e.epoch
     where e.type <> 'run-started' and e.run in (${runs.map(() => '?').join(', ')}) order by e.run, e.seq`,
    runs,
  )
  const problems = rows
    .filter(({ worker, writer }) => worker === null || writerOf(worker) !== writer)
    .map(
      ({ run, seq, type, epoch, writer, worker }) =>
        `${writer} wrote event ${seq} (${type}) of run number ${run} in epoch ${epoch}, which ${worker ?? 'nobody'} claimed`,
    )
  return rows.length === 0 ? ['the witness saw no event of these runs'] : problems
}
