import { itemView } from '../../inspect/memory/item-view.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'

/** Prints every version of every item as it is kept. */
export function exportItems(cli: Cli): Promise<ExitCode> {
  return withBackend(cli, async ({ memory }) => {
    for await (const item of memory.versions()) {
      cli.terminal.valueLine(itemView(item))
      cli.terminal.line(JSON.stringify(itemView(item)))
    }
    return exitCodes.done
  })
}
