import type { Backend } from '../backend/backend.ts'
import { withRun } from '../backend/named/named-run.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { toLimit } from '../terminal/listing.ts'
import { eventLine } from './event-line.ts'
import type { LogLine } from './logs-backend.ts'

interface LogsOptions {
  follow?: boolean
  all?: boolean
  workflow?: string
  limit: string
}

/** Tells what runs logged and what went wrong, of all workers on the database; with `--follow` also what comes. */
export function logs(cli: Cli, options: LogsOptions, named?: string): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  const { workflow, all = false } = options
  const show = async ({ logs: found }: Backend, run?: string) => {
    const asked = { run, workflow, all, limit }
    if (options.follow) {
      const { signal } = new Interrupt(cli.terminal, 'It only looked.', () => undefined)
      await found.follow(asked, (line) => tell(cli, line), signal)
    } else for (const line of await found.last(asked)) tell(cli, line)
    return exitCodes.done
  }
  return named === undefined ? withBackend(cli, show) : withRun(cli, named, show)
}

function tell({ terminal }: Cli, event: LogLine): void {
  const { runId: run, workflow, seq, at, type, call, name, words } = event
  const { dim } = terminal.colors
  terminal.valueLine({ at, runId: run, workflow, seq, event: type, call, name, words })
  terminal.line(`${dim(`${at} ${workflow} ${run}`)} ${eventLine(event, terminal.colors)}`)
}
