import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { shownId } from '../../base/text/text.ts'
import { listRunPage } from '../../inspect/lists/run-list.ts'
import type { RunSummary } from '../../inspect/run/run-view.ts'
import type { Database } from '../../store/database.ts'
import { type RunRow, requireRun } from '../../store/runs/runs.ts'
import type { Cli } from '../cli.ts'
import type { House } from './house.ts'
import { withHouse } from './with-house.ts'

const mostNamed = 5

/**
 * The id of the run that a person means: by its id, by how that begins, or by the key that it was started with.
 * @throws `unknown-run` `ambiguous-run`
 */
async function namedRun(
  cli: Cli,
  text: string,
  list: (asked: { named: string; limit: number }) => Promise<{ runs: RunSummary[] }>,
): Promise<string> {
  const { runs } = await list({ named: text, limit: mostNamed })
  const [run] = runs
  const shown = shownId(text)
  if (!run)
    throw new ReeveError(
      'unknown-run',
      `There is no run ${shown}: none has this id or key, and no id begins so. See the runs with: ${cli.command('runs')}`,
      { details: { run: shown } },
    )
  if (runs.length === 1) return run.id
  const named = runs.map(({ id, workflow }) => `${id} (${safeLine(workflow)})`).join(', ')
  throw new ReeveError(
    'ambiguous-run',
    `${shown} names several runs: ${named}${runs.length === mostNamed ? ' and perhaps more' : ''}. Give the whole id of one.`,
    { details: { runs: runs.map(({ id }) => id) } },
  )
}

/** As `withHouse`, for what is done with one run. */
export function withRun<T>(
  cli: Cli,
  text: string,
  body: (house: House, id: string) => Promise<T>,
  needs?: 'data' | 'code',
): Promise<T> {
  return withHouse(
    cli,
    async (house) =>
      body(house, await namedRun(cli, text, ({ named, limit }) => house.runs({ named }, limit))),
    needs,
  )
}

/** The row of the run that a person means. @throws `unknown-run` `ambiguous-run` */
export async function requireNamedRun(cli: Cli, database: Database, text: string): Promise<RunRow> {
  return requireRun(database, await namedRun(cli, text, (asked) => listRunPage(database, asked)))
}
