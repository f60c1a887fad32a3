import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { seeded } from '../../crash/campaign.ts'
import type { TestServer } from '../../store/postgres.ts'
import { CommitGate } from './commit-gate.ts'

/** How a server, or one process of it, is ended. */
export interface RestartPlan {
  /**
   * `stop`: all processes at once, as an immediate shutdown · `kill`: the postmaster alone, by SIGKILL · `backend`: one
   * connection's process by SIGKILL, after which the server starts all of itself anew · `terminate`: one connection, as
   * an administrator would.
   */
  how: 'stop' | 'kill' | 'backend' | 'terminate'
  /** After the clients began (ms). */
  afterMs: number
  /** Strikes when a commit is under way, before it is durable. */
  midCommit: boolean
  /** How long the server stays away (ms), where it does not come back by itself. */
  awayMs: number
}

export function restartPlanOf(seed: number): RestartPlan {
  const random = seeded(`restart ${seed}`)
  const chance = random()
  const how = chance < 0.5 ? 'stop' : chance < 0.65 ? 'kill' : chance < 0.85 ? 'backend' : 'terminate'
  return {
    how,
    afterMs: 60 + Math.floor(random() * 700),
    midCommit: random() < 0.5,
    awayMs: Math.floor(random() ** 2 * 600),
  }
}

/** What a strike met. */
export interface Struck {
  /** Runs that had not ended. */
  inFlight: number
  /** Commits that were held up before they were durable. */
  commits: number
}

/** Carries a plan out; resolves when the server has been told to come back. */
export async function strike(server: TestServer, url: string, plan: RestartPlan): Promise<Struck> {
  await pause(plan.afterMs)
  const gate = plan.midCommit ? await CommitGate.close(url) : undefined
  const committing = (await gate?.waiting()) ?? []
  const { inFlight, busy } = await look(url)
  const victim = committing[0] ?? busy
  if (plan.how === 'stop' || plan.how === 'kill') {
    await server.crash(plan.how === 'stop' ? 'SIGQUIT' : 'SIGKILL')
    await pause(plan.awayMs)
    await server.restart()
  } else if (victim !== undefined) {
    if (plan.how === 'backend') process.kill(victim, 'SIGKILL')
    else await server.query(`select pg_terminate_backend(${victim})`)
  }
  await gate?.open()
  return { inFlight, commits: committing.length }
}

/** How many runs have not ended, and the process of a worker's connection, inside a transaction if there is one such. */
async function look(url: string): Promise<{ inFlight: number; busy: number | undefined }> {
  const client = new pg.Client(url)
  client.on('error', () => {})
  await client.connect()
  try {
    const runs = await client.query('select 1 from runs where ended_at is null')
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name like 'worker%'
       order by xact_start is null, state_change desc limit 1`,
    )
    return { inFlight: runs.rows.length, busy: rows[0]?.pid }
  } finally {
    await client.end()
  }
}
