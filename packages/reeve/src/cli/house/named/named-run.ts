import { ReeveError } from '../../../base/errors.ts'
import { shownId } from '../../../base/text/text.ts'
import { mostNamed, onlyNamed } from '../../../inspect/lists/named-run.ts'
import { listRunPage } from '../../../inspect/lists/run-list.ts'
import type { RunSummary } from '../../../inspect/run/run-view.ts'
import type { Database } from '../../../store/database.ts'
import { type RunRow, requireRun } from '../../../store/runs/runs.ts'
import type { Cli } from '../../cli.ts'
import type { House } from '../house.ts'
import { withHouse } from '../with-house.ts'
import { approvalOf } from './named-approval.ts'

/**
 * The id of the run that a person means: by its id, by a key, or by how its id begins.
 * @throws `unknown-run` `ambiguous-run`
 */
async function namedRun(
  cli: Cli,
  text: string,
  list: (asked: { named: string; limit: number }) => Promise<{ runs: RunSummary[] }>,
): Promise<string> {
  const { runs } = await list({ named: text, limit: mostNamed })
  return onlyNamed(text, runs, cli.command('runs'))
}

/** As `withHouse`, for what is done with one run. */
export function withRun<T>(
  cli: Cli,
  text: string,
  body: (house: House, id: string) => Promise<T>,
  needs?: 'data' | 'code',
): Promise<T> {
  return withHouse(cli, async (house) => body(house, await namedOrAsking(cli, house, text)), needs)
}

/** A person may name a run by what it asks for, too. */
async function namedOrAsking(cli: Cli, house: House, text: string): Promise<string> {
  try {
    return await namedRun(cli, text, ({ named, limit }) => house.runs({ named }, limit))
  } catch (error) {
    const asked =
      error instanceof ReeveError && error.code === 'unknown-run' ? await approvalOf(house, text) : undefined
    if (!asked) throw error
    cli.terminal.remark(`${shownId(text)} is an approval of run ${asked.runId}`)
    return asked.runId
  }
}

/** The row of the run that a person means. @throws `unknown-run` `ambiguous-run` */
export async function requireNamedRun(cli: Cli, database: Database, text: string): Promise<RunRow> {
  return requireRun(database, await namedRun(cli, text, (asked) => listRunPage(database, asked)))
}
