import { ReeveError } from '../../../base/errors.ts'
import { briefLine, safeLine } from '../../../base/text/one-line.ts'
import { shownId } from '../../../base/text/text.ts'
import { mostNamed, onlyNamed } from '../../../inspect/lists/named-run.ts'
import { listRunPage } from '../../../inspect/lists/run-list.ts'
import type { RunSummary } from '../../../inspect/run/run-view.ts'
import type { Database } from '../../../store/database.ts'
import { type RunRow, requireRun } from '../../../store/runs/runs.ts'
import type { Cli } from '../../cli.ts'
import type { Backend } from '../backend.ts'
import { withBackend } from '../with-backend.ts'
import { approvalOf } from './named-approval.ts'

/**
 * The id of the run that a person means: by its id, by a key, or by how its id begins.
 * @throws `unknown-run` `ambiguous-run`
 */
async function namedRun(
  cli: Cli,
  text: string,
  list: (asked: { named: string; limit: number }) => Promise<{ runs: RunSummary[] }>,
): Promise<Named> {
  const { runs } = await list({ named: text, limit: mostNamed })
  const id = onlyNamed(text, runs, cli.command('runs'))
  return { id, label: labelOf(runs[0]!), workflow: runs[0]!.workflow }
}

interface Named {
  id: string
  /** Its id, with its key where it has one. */
  label: string
  workflow: string
}

/** A run as people are told of it: `06f2kq8d1m3x7v9zs (R-1)`. */
export function labelOf({ id, key, workflowKey }: Pick<RunSummary, 'id' | 'key' | 'workflowKey'>): string {
  const its = key ?? workflowKey
  return its === null ? id : `${id} (${briefLine(its, 60)})`
}

/** As `withBackend`, for what is done with one run. */
export function withRun<T>(
  cli: Cli,
  text: string,
  body: (backend: Backend, id: string, label: string) => Promise<T>,
  needs?: 'data' | 'code',
): Promise<T> {
  const named = async (backend: Backend) => {
    const run = await namedOrAsking(cli, backend, text)
    return body(backend, run.id, run.label).catch(async (error) => {
      throw await orAnother(backend, { text, run }, error)
    })
  }
  return withBackend(cli, named, needs)
}

/** The run with this key has ended: tells of another with the same key that has not. */
async function orAnother(
  backend: Backend,
  { text, run }: { text: string; run: Named },
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof ReeveError) || error.code !== 'run-ended' || run.id.startsWith(text)) return error
  const form = `${run.workflow}:${text}`
  const { runs } = await backend.runs({ named: form }, mostNamed)
  const open = runs.filter(({ id, endedAt }) => id !== run.id && endedAt === null)
  if (open.length === 0) return error
  const others = open.map(({ id, status }) => `${id} (${status})`).join(', ')
  const name = open.length === 1 ? `${form}, or by its id` : 'its id'
  return new ReeveError(
    'run-ended',
    `${error.message} Another run has this key and has not ended: ${others}. Name it by ${safeLine(name)}.`,
    { cause: error, details: { ...error.details, runs: open.map(({ id }) => id) } },
  )
}

/** A person may name a run by what it asks for, too. */
async function namedOrAsking(cli: Cli, backend: Backend, text: string): Promise<Named> {
  try {
    return await namedRun(cli, text, ({ named, limit }) => backend.runs({ named }, limit))
  } catch (error) {
    const asked =
      error instanceof ReeveError && error.code === 'unknown-run'
        ? await approvalOf(backend, text)
        : undefined
    if (!asked) throw error
    cli.terminal.remark(`${shownId(text)} is an approval of run ${asked.runId}`)
    return { id: asked.runId, label: asked.runId, workflow: asked.workflow }
  }
}

/** The row of the run that a person means. @throws `unknown-run` `ambiguous-run` */
export async function requireNamedRun(cli: Cli, database: Database, text: string): Promise<RunRow> {
  const { id } = await namedRun(cli, text, (asked) => listRunPage(database, asked))
  return requireRun(database, id)
}
