import { verifyAudit } from '../store/audit.ts'
import { requireRun } from '../store/runs.ts'
import type { Cli } from './cli.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { safeLine } from './safe-text.ts'
import { withWorkspace } from './workspace.ts'

/** Recomputes the hash chains. A fault means that somebody changed the database behind Reeve's back, or it is damaged. */
export function verify(cli: Cli, _options: object, runId: string | undefined): Promise<ExitCode> {
  return withWorkspace(cli, async ({ database }) => {
    if (runId !== undefined) await requireRun(database, runId)
    const report = await verifyAudit(database, runId)
    const sound = report.faults.length === 0 && report.integrity.length === 0
    const { terminal } = cli
    const { green, red } = terminal.colors
    terminal.value({ ok: sound, ...report })
    for (const { run, seq, problem } of report.faults) {
      terminal.line(`${red('✗')} run ${safeLine(run)}, event ${seq}: ${safeLine(problem)}`)
    }
    for (const problem of report.integrity) terminal.line(`${red('✗')} database: ${safeLine(problem)}`)
    const checked = `${report.runs} runs with ${report.events} events`
    terminal.line(
      sound
        ? `${green('✓')} ${checked}: every chain holds`
        : `${checked} were checked; the above does not hold`,
    )
    return sound ? exitCodes.done : exitCodes.failed
  })
}
