import { resolve } from 'node:path'
import { ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

/** Between two lines that say how far it is. */
const everyMs = 2_000

/** Takes a file or folder in, says how far it is, and what could not be read. */
export function ingest(cli: Cli, { untrusted }: { untrusted?: boolean }, path: string): Promise<ExitCode> {
  if (path.trim() === '')
    throw new ReeveError('no-knowledge', 'The path is empty. Name a file or a folder; all of this one is .')
  return withRuntime(cli, async (runtime) => {
    const { terminal } = cli
    let toldAt = performance.now()
    const report = await internalsOf(runtime).knowledge.ingest(resolve(path), {
      untrusted,
      onProgress: ({ at, read, written, problems }) => {
        if (performance.now() - toldAt < everyMs) return
        toldAt = performance.now()
        terminal.remark(
          `${read} documents read, ${written} written, ${problems} passed over; at ${safeLine(at)}`,
        )
      },
    })
    terminal.value(report)
    for (const { where, problem } of report.problems)
      terminal.line(`${terminal.colors.yellow('passed over')} ${safeLine(where)}: ${safeLine(problem)}`)
    const { added, changed, removed, unchanged } = report
    terminal.line(
      `${added} documents added, ${changed} changed, ${removed} gone, ${unchanged} as they were; ${report.passages} passages are known`,
    )
    return exitCodes.done
  })
}
