import { formatUsd } from '../../base/money.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { formatMs, moment } from '../../base/time/time.ts'
import type { DaemonView } from '../../inspect/ledger/daemon-view.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import type { DaemonAct } from './autonomy-backend.ts'
import { showDecision } from './ledger.ts'

export function daemonList(cli: Cli): Promise<ExitCode> {
  return withBackend(
    cli,
    async ({ autonomy }) => {
      const { terminal } = cli
      const daemons = await autonomy.daemons()
      terminal.value({ daemons })
      if (daemons.length === 0) terminal.line('The project has no daemons: see docs/autonomy.md.')
      for (const daemon of daemons) showDaemon(cli, daemon)
      return exitCodes.done
    },
    'code',
  )
}

export function daemonShow(cli: Cli, options: { limit: string }, name: string): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  return withBackend(
    cli,
    async ({ autonomy }) => {
      const daemon = await autonomy.daemon(name)
      const { lines } = await autonomy.ledger({ daemon: name, since: undefined, skipped: false, limit })
      cli.terminal.value({ ...daemon, decisions: lines })
      showDaemon(cli, daemon)
      for (const line of lines) showDecision(cli.terminal, line)
      return exitCodes.done
    },
    'code',
  )
}

const steering =
  (act: DaemonAct) =>
  (cli: Cli, { why }: { why?: string }, name: string): Promise<ExitCode> =>
    withBackend(cli, async ({ autonomy }) => {
      const daemon = await autonomy.steerDaemon(name, act, why)
      cli.terminal.value(daemon)
      showDaemon(cli, daemon)
      return exitCodes.done
    })

export const daemonPause = steering('pause')
export const daemonResume = steering('resume')
export const daemonWake = steering('wake')

function showDaemon({ terminal }: Cli, daemon: DaemonView): void {
  const { bold, dim } = terminal.colors
  const { name, nextAt, cycle, runId: run, decides, wakes, today, goals, directives, woken } = daemon
  const next = nextAt === null ? '' : `, wakes next ${moment(Date.parse(nextAt))}`
  const began = daemon.state === 'new' ? ', starts with the next reeve start' : ''
  terminal.line(`${bold(safeLine(name))}: ${daemon.state}${next}${began}`)
  if (daemon.reason !== null) terminal.line(`  ${safeLine(daemon.reason)}`)
  const ceiling = today.ceilingUsd === null ? 'no limit' : `of ${formatUsd(today.ceilingUsd)}`
  terminal.line(`  decides by ${safeLine(decides)}; today ${formatUsd(today.spentUsd)}, ${ceiling}`)
  terminal.line(
    `  wakes every ${formatMs(wakes.everyMs)}, at most every ${formatMs(wakes.floorMs)}, at least every ${formatMs(wakes.ceilingMs)}`,
  )
  if (goals.length > 0) terminal.line(`  goals: ${safeLine(goals.join(', '))}`)
  terminal.line(
    `  directives: ${safeLine(directives === null ? 'all of the project' : directives.join(', '))}`,
  )
  if (woken !== null) terminal.line(`  woken last by: ${safeLine(woken)}`)
  terminal.line(dim(`  cycle ${cycle}${run === null ? '' : `, run ${run}`}`))
}
