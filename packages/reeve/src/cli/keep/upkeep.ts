import { moment } from '../../base/time/time.ts'
import type { Prunable } from '../../store/keeping/retention.ts'
import type { Cli } from '../cli.ts'
import { canAsk, confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { table } from '../terminal/table.ts'

/** Deletes the ended runs that the project's retention no longer wants; on a terminal only when told to. */
export function prune(cli: Cli, options: { dryRun?: boolean; yes?: boolean }): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { terminal } = cli
    const configured = runtime.project.config.retention !== undefined
    if (!configured) {
      const none = { runs: 0, events: 0, statuses: [], chapters: { runs: 0, events: 0 } }
      terminal.value({ configured, dryRun: options.dryRun === true, ...none })
      terminal.line(
        "Every run is kept: reeve.config.ts has no retention. Add for example: retention: { succeeded: '30d' }",
      )
      return exitCodes.done
    }
    const asks = canAsk(cli.terminal) && options.yes !== true
    if (options.dryRun || asks) {
      const statuses = await runtime.prunable()
      const chapters = await runtime.prunableChapters()
      if (options.dryRun) terminal.value({ ...dryRunOf(statuses), chapters })
      for (const line of prunableLines(statuses)) terminal.line(line)
      if (chapters.events > 0)
        terminal.line(
          `earlier chapters of ${chapters.runs} runs that continue: ${chapters.events} events, ${mebibytes(chapters.bytes)}`,
        )
      if (options.dryRun || (statuses.length === 0 && chapters.events === 0)) return exitCodes.done
      if (!(await confirmed('Delete them, with all that their journals say?'))) {
        terminal.line('Nothing was deleted.')
        return exitCodes.done
      }
    }
    const pruned = await runtime.prune()
    terminal.value({ configured, dryRun: false, ...pruned })
    terminal.line(`${pruned.runs} runs with ${pruned.events} events deleted`)
    const { runs, events } = pruned.chapters
    if (events > 0) terminal.line(`${events} events of earlier chapters of ${runs} runs deleted`)
    return exitCodes.done
  })
}

function dryRunOf(statuses: Prunable[]) {
  return {
    configured: true,
    dryRun: true,
    runs: statuses.reduce((sum, { runs }) => sum + runs, 0),
    events: statuses.reduce((sum, { events }) => sum + events, 0),
    statuses: statuses.map(({ oldest, newest, ...counts }) => ({
      ...counts,
      oldest: new Date(oldest).toISOString(),
      newest: new Date(newest).toISOString(),
    })),
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

function prunableLines(statuses: Prunable[]): string[] {
  if (statuses.length === 0) return ['No run is past its retention']
  const cells = statuses.map(({ status, runs, events, bytes, oldest, newest }) => [
    status,
    String(runs),
    String(events),
    mebibytes(bytes),
    `${moment(oldest)} to ${moment(newest)}`,
  ])
  return table(['past retention', 'runs', 'events', 'payloads', 'ended'], cells)
}
