import { formatUsd } from '../../base/money.ts'
import { briefValue, safeLine } from '../../base/text/one-line.ts'
import { isoText, moment, systemClock, toMs } from '../../base/time/time.ts'
import { entryOf, type LedgerLine } from '../../inspect/ledger/ledger.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface Options {
  daemon?: string
  since?: string
  skipped?: boolean
  limit: string
}

/** Lists what daemons decided. As JSON it is the fields of the ledger alone. */
export function ledger(cli: Cli, { daemon, since, skipped = false, limit }: Options): Promise<ExitCode> {
  const most = toLimit(limit)
  const from = since === undefined ? undefined : isoText(systemClock.now() - toMs(since, '--since'))
  return withBackend(cli, async ({ autonomy }) => {
    const { terminal } = cli
    const { lines, next } = await autonomy.ledger({ daemon, since: from, skipped, limit: most })
    terminal.value({ entries: lines.map(entryOf), more: next !== null })
    if (lines.length === 0) terminal.line('No decision was made yet: see reeve daemons list.')
    for (const line of lines) showDecision(terminal, line)
    if (next !== null) terminal.line(terminal.colors.dim('there are older ones; see more with --limit'))
    return exitCodes.done
  })
}

/** One decision for a person: what, what came of it, what it cost, and why. */
export function showDecision(terminal: Terminal, line: LedgerLine): void {
  const { bold, dim } = terminal.colors
  const { timestamp, decision, params, result, metrics, why, goal, of } = line
  const given = Object.keys(params).length === 0 ? '' : ` ${briefValue(params)}`
  const cost = metrics.cost === 0 ? '' : `, ${formatUsd(metrics.cost)}`
  const took = metrics.duration_s === 0 ? '' : `, ${metrics.duration_s.toFixed(1)} s`
  terminal.line(
    `${dim(moment(Date.parse(timestamp)))} ${bold(safeLine(decision))}${safeLine(given)}: ${resultIn(terminal, result)}${cost}${took}`,
  )
  terminal.line(`  ${safeLine(why)}${goal === null ? '' : ` (goal ${safeLine(goal)})`}`)
  if (of.detail !== '' && of.detail !== why) terminal.line(`  ${safeLine(of.detail)}`)
  terminal.line(
    dim(
      `  ${safeLine(of.daemon)}, cycle ${of.cycle}, run ${of.executionId ?? of.runId}, ${decidedBy(of.by)}`,
    ),
  )
}

function decidedBy({ kind, solver, solverKind, instead }: LedgerLine['of']['by']): string {
  if (kind === 'nobody') return 'decided by nobody'
  if (kind === 'route') return `decided by ${safeLine(solver ?? 'a solver')} (${solverKind})`
  return instead === undefined
    ? 'decided by its rules'
    : 'decided by its rules, for the route could not answer'
}

function resultIn({ colors }: Terminal, result: LedgerLine['result']): string {
  if (result === 'success') return colors.green(result)
  if (result === 'failed' || result === 'unmet') return colors.red(result)
  return result === 'idle' || result === 'skipped' ? colors.dim(result) : colors.yellow(result)
}
