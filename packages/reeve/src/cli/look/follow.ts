import { withRun } from '../backend/named/named-run.ts'
import type { Cli } from '../cli.ts'
import { showUntilRest } from '../run/drive.ts'
import type { ExitCode } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'

/** Tells what a run did and does, until it comes to rest; drives nothing. The exit code says how it rests. */
export function follow(cli: Cli, _options: object, text: string): Promise<ExitCode> {
  return withRun(cli, text, (backend, id) => {
    const interrupt = new Interrupt(cli.terminal, `Run ${id} continues as before.`, () => {})
    return showUntilRest(cli, backend, id, { afterSeq: 0, stays: true, signal: interrupt.signal })
  })
}
