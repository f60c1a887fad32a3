import { internalsOf } from '../../runtime/runtime.ts'
import { readItemsAfter } from '../../store/memory/items.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { withRuntime } from '../terminal/project-runtime.ts'

const pageRows = 500

/** Prints every version of every item as it is kept. */
export function exportItems(cli: Cli): Promise<ExitCode> {
  return withRuntime(cli, async (runtime) => {
    const { database } = internalsOf(runtime)
    for (let last = 0; ; ) {
      const page = await readItemsAfter(database, last, pageRows)
      for (const item of page) {
        cli.terminal.valueLine(item)
        cli.terminal.line(JSON.stringify(item))
      }
      if (page.length < pageRows) return exitCodes.done
      last = page.at(-1)!.no
    }
  })
}
