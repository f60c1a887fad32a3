import { moment } from '../../base/time/time.ts'
import { isLimited, keptBy, prunableMemoryOf } from '../../project/prune.ts'
import { internalsOf } from '../../runtime/runtime.ts'
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
    const configured = isLimited(keptBy(runtime.project))
    if (!configured) {
      const none = { runs: 0, events: 0, statuses: [], chapters: { runs: 0, events: 0 }, memory: 0 }
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
      const { database, clock } = internalsOf(runtime)
      const memory = await prunableMemoryOf({ database, clock, ...keptBy(runtime.project) })
      const items = memory.reduce((sum, each) => sum + each.items, 0)
      if (options.dryRun) terminal.value({ ...dryRunOf(statuses), chapters, memory: items, rules: memory })
      for (const line of prunableLines(statuses)) terminal.line(line)
      if (chapters.events > 0)
        terminal.line(
          `earlier chapters of ${chapters.runs} runs that continue: ${chapters.events} events, ${mebibytes(chapters.bytes)}`,
        )
      for (const { as, kinds, scope, items: count } of memory)
        terminal.line(
          `memory to be ${as}: ${count} items (${kinds.join(', ')})${scope === '' ? '' : ` in ${scope}`}`,
        )
      if (options.dryRun || (statuses.length === 0 && chapters.events === 0 && items === 0))
        return exitCodes.done
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
    if (pruned.memory > 0) terminal.line(`${pruned.memory} items of memory retracted or redacted`)
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
  const cells = statuses.map(({ status, workflow, runs, events, bytes, oldest, newest }) => [
    workflow === null ? status : `${status}, ${workflow}`,
    String(runs),
    String(events),
    mebibytes(bytes),
    `${moment(oldest)} to ${moment(newest)}`,
  ])
  return table(['past retention', 'runs', 'events', 'payloads', 'ended'], cells)
}
