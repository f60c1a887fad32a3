import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { describeValue } from '../../base/text/shorten.ts'
import { visibleJson, visibleLine } from '../../base/text/visible-text.ts'
import { moment } from '../../base/time/time.ts'
import type { ProposalView } from '../../inspect/lists/proposals.ts'
import { type ProposalDecision, type ProposalKind, proposalKinds } from '../../store/proposals/proposals.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { moreLine, toLimit } from '../terminal/listing.ts'
import { table } from '../terminal/table.ts'

/** Lists what machines propose to change: what is open, or all of it; the newest first. */
export function proposalList(
  cli: Cli,
  options: { kind?: string; all?: boolean; limit: string },
): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  const kind = options.kind === undefined ? undefined : toKind(options.kind)
  return withBackend(cli, async (backend) => {
    const status = options.all ? undefined : 'open'
    const { proposals, more } = await backend.proposals.list({ kind, status, limit })
    const { terminal } = cli
    terminal.value({ proposals, more })
    if (proposals.length === 0)
      terminal.line(options.all ? 'Nothing was ever proposed.' : 'Nothing is proposed that is not decided.')
    else
      for (const line of table(
        ['proposal', 'kind', 'what', 'by', 'made', 'status'],
        proposals.map(({ id, kind: its, title, madeBy, madeAt, status: now }) => [
          id,
          its,
          visibleLine(safeLine(title)),
          safeLine(madeBy),
          moment(Date.parse(madeAt)),
          now,
        ]),
      ))
        terminal.line(line)
    if (more) terminal.line(moreLine(`the newest ${limit}`, limit))
    return exitCodes.done
  })
}

/** @throws `bad-option` */
function toKind(given: string): ProposalKind {
  const kind = proposalKinds.find((each) => each === given)
  if (kind) return kind
  throw new ReeveError(
    'bad-option',
    `--kind is ${describeValue(given)}; it must be one of: ${proposalKinds.join(', ')}.`,
  )
}

export function proposalShow(cli: Cli, _: object, id: string): Promise<ExitCode> {
  return withBackend(cli, async (backend) => {
    const proposal = await backend.proposals.one(id)
    cli.terminal.value(proposal)
    show(cli, proposal)
    return exitCodes.done
  })
}

interface DecideOptions {
  hash?: string
  why?: string
}

export const proposalAdopt = deciding('adopted')
export const proposalReject = deciding('rejected')
export const proposalWithdraw = deciding('withdrawn')

/** Shows what is decided, unless its hash says that it was seen. */
function deciding(decision: ProposalDecision) {
  return (cli: Cli, { hash, why }: DecideOptions, id: string): Promise<ExitCode> =>
    withBackend(
      cli,
      async (backend) => {
        const { terminal } = cli
        const seen = await backend.proposals.one(id)
        if (hash === undefined) show(cli, seen)
        const decided = await backend.proposals.decide(id, decision, { hash: hash ?? seen.hash, why })
        terminal.value(decided)
        const by = decided.decided === null ? '' : ` by ${safeLine(decided.decided.by)}`
        terminal.line(`${decided.status}${by}`)
        if (decided.problem === null) return exitCodes.done
        terminal.line(terminal.colors.red(`It could not be carried out: ${safeLine(decided.problem)}`))
        terminal.line(`After you have corrected that, decide again: ${cli.command('proposals', 'adopt', id)}`)
        return exitCodes.failed
      },
      'code',
    )
}

function show({ terminal }: Cli, proposal: ProposalView): void {
  const { id, kind, title, body, hash, madeBy, madeAt, status, decided } = proposal
  const { bold, dim } = terminal.colors
  terminal.line(`${bold(visibleLine(safeLine(title)))}`)
  terminal.line(dim(`${kind} ${id}: ${status}; by ${safeLine(madeBy)}, ${moment(Date.parse(madeAt))}`))
  for (const line of visibleJson(body, 2).split('\n')) terminal.line(`  ${line}`)
  terminal.line(dim(`hash ${hash}`))
  if (decided)
    terminal.line(
      `${status} by ${safeLine(decided.by)}, ${moment(Date.parse(decided.at))}${decided.note === null ? '' : `: ${safeLine(decided.note)}`}`,
    )
}
