import { ReeveError } from '../../../base/errors.ts'
import { safeLine } from '../../../base/text/one-line.ts'
import { shownId } from '../../../base/text/text.ts'
import { mostNamed } from '../../../inspect/lists/named-run.ts'
import type { Cli } from '../../cli.ts'
import type { Asked, Backend } from '../backend.ts'
import { withBackend } from '../with-backend.ts'

/** Of what waits, so much is looked through for what a person means. */
const mostLookedAt = 1000

/**
 * As `withBackend`, for what is done with one approval. A person names it by its id, by how that begins, or by the run that
 * asks for it (its id, how that begins, or its key), where that run asks for one thing alone.
 * @throws `unknown-approval` `ambiguous-approval`
 */
export function withApproval<T>(
  cli: Cli,
  text: string,
  body: (backend: Backend, asked: Asked) => Promise<T>,
): Promise<T> {
  return withBackend(cli, async (backend) => body(backend, await namedApproval(cli, backend, text)))
}

async function namedApproval(cli: Cli, backend: Backend, text: string): Promise<Asked> {
  const known = await approvalOf(backend, text)
  if (known) return known
  const { runs } = await backend.runs({ named: text }, mostNamed)
  const { asked } = await backend.approvals(mostLookedAt, false)
  const meant = asked.filter(
    ({ runId, approval }) => approval.id.startsWith(text) || runs.some(({ id }) => id === runId),
  )
  const [only] = meant
  const shown = shownId(text)
  if (!only) {
    const run =
      runs.length === 1 ? `Run ${runs[0]!.id} asks for nothing now.` : `There is no approval ${shown}.`
    throw new ReeveError('unknown-approval', `${run} See the open approvals: ${cli.command('approvals')}`, {
      details: { approval: shown },
    })
  }
  if (meant.length === 1) {
    cli.terminal.remark(`${shown} means approval ${only.approval.id}: ${safeLine(only.approval.subject)}`)
    return only
  }
  const named = meant
    .slice(0, mostNamed)
    .map(({ approval, runId }) => `${approval.id} (${safeLine(approval.subject)}, run ${runId})`)
  throw new ReeveError(
    'ambiguous-approval',
    `${shown} means several approvals: ${named.join(', ')}${meant.length > mostNamed ? ' and more' : ''}. Give the id of one.`,
    { details: { approvals: meant.map(({ approval }) => approval.id) } },
  )
}

/** The approval of exactly this id. */
export async function approvalOf(backend: Pick<Backend, 'approval'>, id: string): Promise<Asked | undefined> {
  try {
    return await backend.approval(id)
  } catch (error) {
    if (error instanceof ReeveError && (error.code === 'unknown-approval' || error.code === 'bad-text'))
      return
    throw error
  }
}
