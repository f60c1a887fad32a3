import { ReeveError } from '../../../base/errors.ts'
import { safeLine } from '../../../base/text/one-line.ts'
import { shownId } from '../../../base/text/text.ts'
import { mostNamed } from '../../../inspect/lists/named-run.ts'
import type { Cli } from '../../cli.ts'
import type { Asked, House } from '../house.ts'
import { withHouse } from '../with-house.ts'

/** Of what waits, so much is looked through for what a person means. */
const mostLookedAt = 1000

/**
 * As `withHouse`, for what is done with one approval. A person names it by its id, by how that begins, or by the run that
 * asks for it (its id, how that begins, or its key), where that run asks for one thing alone.
 * @throws `unknown-approval` `ambiguous-approval`
 */
export function withApproval<T>(
  cli: Cli,
  text: string,
  body: (house: House, asked: Asked) => Promise<T>,
): Promise<T> {
  return withHouse(cli, async (house) => body(house, await namedApproval(cli, house, text)))
}

async function namedApproval(cli: Cli, house: House, text: string): Promise<Asked> {
  const known = await approvalOf(house, text)
  if (known) return known
  const { runs } = await house.runs({ named: text }, mostNamed)
  const { asked } = await house.approvals(mostLookedAt, false)
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
export async function approvalOf(house: Pick<House, 'approval'>, id: string): Promise<Asked | undefined> {
  try {
    return await house.approval(id)
  } catch (error) {
    if (error instanceof ReeveError && (error.code === 'unknown-approval' || error.code === 'bad-text'))
      return
    throw error
  }
}
