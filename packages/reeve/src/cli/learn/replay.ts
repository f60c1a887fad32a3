import { briefValue, safeLine } from '../../base/text/one-line.ts'
import { type Duration, systemClock, toMs } from '../../base/time/time.ts'
import { describeDifference, type ReplayedRun } from '../../evals/replay/compare.ts'
import type { ReplayReport } from '../../evals/replay/replay-runs.ts'
import { replayProject } from '../../runtime/evals/replaying.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { toLimit } from '../terminal/listing.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { table } from '../terminal/table.ts'

export interface ReplayCommandOptions {
  workflow?: string
  since?: string
  tolerant?: boolean
  ask?: boolean
  limit: string
}

const mostShown = 20

/** Tries the present code over recorded runs. Fails when one of them would do outside what it had not done. */
export async function replay(cli: Cli, options: ReplayCommandOptions): Promise<ExitCode> {
  const { workflow, since, tolerant = false, ask: mayAsk = false } = options
  const limit = toLimit(options.limit)
  const sinceMs = since === undefined ? undefined : systemClock.now() - toMs(since as Duration, '--since')
  return withRuntime(cli, async (runtime) => {
    if (workflow !== undefined) runtime.workflow(workflow)
    let done = 0
    const onRun = () => {
      if (++done % 1000 === 0) cli.terminal.remark(`${done} runs`)
    }
    const report = await replayProject(runtime, { workflow, since: sinceMs, tolerant, mayAsk, limit }, onRun)
    cli.terminal.value(report)
    tell(cli, report)
    return report.counts['new-effects'] > 0 ? exitCodes.failed : exitCodes.done
  })
}

function tell({ terminal, command }: Cli, { runs, counts, changed }: ReplayReport): void {
  if (runs === 0) {
    terminal.line('No run has ended that fits.')
    return
  }
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => [outcome, String(count)])
  for (const line of table(['outcome', 'runs'], [...rows, ['all', String(runs)]])) terminal.line(line)
  for (const each of changed.slice(0, mostShown)) for (const line of linesOf(each)) terminal.line(line)
  const more = changed.length - mostShown
  if (more > 0)
    terminal.line(terminal.colors.dim(`${more} more that differ: ${command('eval', 'replay', '--json')}`))
}

function linesOf({
  runId: run,
  workflow,
  outcome,
  why,
  was,
  now,
  differences,
  newEffects,
}: ReplayedRun): string[] {
  const lines = [``, `${run}  ${safeLine(workflow)}  ${outcome}${why === null ? '' : `: ${safeLine(why)}`}`]
  for (const difference of differences.slice(0, mostShown))
    lines.push(`  ${safeLine(describeDifference(difference))}`)
  for (const { tool, class: its, args } of newEffects)
    lines.push(`  + ${safeLine(tool)} (${its}) ${brief(args)}`)
  if (now && outcome === 'different-result')
    lines.push(
      `  - ${brief(was.output ?? was.error ?? null)}`,
      `  + ${brief(now.output ?? now.error ?? null)}`,
    )
  return lines
}

function brief(value: unknown): string {
  return briefValue(value, 200)
}
