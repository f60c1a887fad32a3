import { CommanderError } from 'commander'
import { ReeveError } from '../../base/errors.ts'
import { fileErrorOf } from '../../base/files/file-error.ts'
import { ApiError } from '../../client/api-error.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Tells what went wrong, as its message; a stack only with `--verbose`. Answers the exit code. */
export function reportFailure(terminal: Terminal, thrown: unknown, verbose: boolean): ExitCode {
  const error = fileErrorOf(thrown) ?? thrown
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done
    if (terminal.json) {
      const message = error.message.replace(/^error: /, '')
      terminal.value({ error: { code: 'wrong-use', message, details: {} } })
    }
    return exitCodes.wrongUse
  }
  const known = error instanceof ReeveError || error instanceof ApiError
  const message = error instanceof Error ? error.message : String(error)
  const code = known ? error.code : 'internal'
  terminal.value({ error: { code, message, details: known ? error.details : {} } })
  if (!terminal.json) {
    terminal.remark(`reeve: ${known ? '' : 'internal error: '}${message}`)
    if (!known && !verbose) terminal.remark('Run it again with --verbose to see where.')
  }
  if (verbose) for (const trace of stacks(error)) terminal.remark(trace)
  return known ? exitCodes.wrongUse : exitCodes.internal
}

function stacks(error: unknown): string[] {
  const traces: string[] = []
  for (let at = error; at instanceof Error && traces.length < 5; at = at.cause)
    traces.push(at.stack ?? at.message)
  return traces
}
