import { resolve } from 'node:path'
import { safeLine } from '../../base/text/one-line.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

/** Takes a file or folder in, and says what could not be read. */
export function ingest(cli: Cli, _options: object, path: string): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { terminal } = cli
    const report = await internalsOf(runtime).knowledge.ingest(resolve(path))
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
