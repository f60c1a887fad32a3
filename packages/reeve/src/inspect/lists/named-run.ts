import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { shownId } from '../../base/text/text.ts'
import type { Session } from '../../store/database.ts'
import { leastOfId, runsNamed } from '../../store/runs/run-lists.ts'

/** So many that a text names are told to whoever must choose. */
export const mostNamed = 5

/**
 * The only one of the runs that a text names (`runsNamed`, up to `mostNamed`).
 * @param see how runs are seen, for the error
 * @throws `unknown-run` `ambiguous-run`
 */
export function onlyNamed(
  text: string,
  runs: readonly { id: string; workflow: string }[],
  see: string,
): string {
  const [run] = runs
  const shown = shownId(text)
  if (!run) {
    const why =
      text.length < leastOfId
        ? `none has this id or key. The beginning of an id must have ${leastOfId} characters or more.`
        : 'none has this id or key, and no id begins so.'
    throw new ReeveError('unknown-run', `There is no run ${shown}: ${why} See the runs with: ${see}`, {
      details: { run: shown },
    })
  }
  if (runs.length === 1) return run.id
  const named = runs.map(({ id, workflow }) => `${id} (${safeLine(workflow)})`).join(', ')
  throw new ReeveError(
    'ambiguous-run',
    `${shown} names several runs: ${named}${runs.length === mostNamed ? ' and perhaps more' : ''}. Give the whole id of one.`,
    { details: { runs: runs.map(({ id }) => id) } },
  )
}

/**
 * The id of the run that a caller means: by its id, by a key, or by how its id begins.
 * @throws `unknown-run` `ambiguous-run`
 */
export async function namedRun(session: Session, text: string, caller: string): Promise<string> {
  return onlyNamed(text, await runsNamed(session, text, mostNamed, caller), 'reeve runs')
}
