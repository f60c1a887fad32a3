import { safeLine } from '../../base/text/one-line.ts'
import { toMs } from '../../base/time/time.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { table } from '../terminal/table.ts'

/** Sorts what failed and what people corrected by where the fix belongs. */
export async function failures(cli: Cli, { since = '30d' }: { since?: string }): Promise<ExitCode> {
  toMs(since, '--since')
  return withBackend(cli, async ({ learning }) => {
    const { terminal } = cli
    const found = await learning.failures(since)
    terminal.value(found)
    if (found.classes.length === 0)
      terminal.line(`Nothing failed and nobody corrected anything in ${safeLine(since)}.`)
    const rows = found.classes.map(({ place, count, reasons, workflows, runs }) => [
      place ?? 'not known',
      String(count),
      reasons
        .slice(0, 3)
        .map(({ reason, count: times }) => `${safeLine(reason)} (${times})`)
        .join(', '),
      workflows.slice(0, 3).map(safeLine).join(', '),
      runs[0] ?? '',
    ])
    if (rows.length > 0)
      for (const line of table(['place', 'count', 'why', 'workflows', 'newest run'], rows))
        terminal.line(line)
    for (const { place, proposalId: proposal } of found.classes)
      if (proposal) terminal.line(`${place}: ${proposal}`)
    return exitCodes.done
  })
}
