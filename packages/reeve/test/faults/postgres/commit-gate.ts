import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const key = 7_041
const waitsForAtMostMs = 1_000

/**
 * Holds commits up inside COMMIT, before they are durable, so that a fault can strike just there: a deferred trigger on
 * `events` takes a lock that all commits share, and whoever holds the gate has it alone.
 */
export class CommitGate {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  /** Closes the gate of the schema that `url` names. */
  static async close(url: string): Promise<CommitGate> {
    const client = new pg.Client(url)
    // It dies with the server.
    client.on('error', () => {})
    await client.connect()
    await client.query(
      `create or replace function commit_gate () returns trigger language plpgsql as $$
       begin perform pg_advisory_xact_lock_shared(${key}); return null; end $$`,
    )
    await client.query(
      `create constraint trigger commit_gate after insert on events deferrable initially deferred
       for each row execute function commit_gate()`,
    )
    await client.query('select pg_advisory_lock($1)', [key])
    return new CommitGate(client)
  }

  /** Processes of the server that wait inside a COMMIT; empty when none comes in time. */
  async waiting(): Promise<number[]> {
    const endsAt = Date.now() + waitsForAtMostMs
    for (;;) {
      const { rows } = await this.#client.query<{ pid: number }>(
        `select pid from pg_stat_activity where query = 'commit' and wait_event = 'advisory'`,
      )
      if (rows.length > 0 || Date.now() > endsAt) return rows.map(({ pid }) => pid)
      await pause(2)
    }
  }

  async open(): Promise<void> {
    await this.#client.end().catch(() => {})
  }
}
