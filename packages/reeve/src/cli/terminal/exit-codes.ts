import type { RunStatus } from '../../store/runs/runs.ts'

export const exitCodes = {
  done: 0,
  failed: 1,
  wrongUse: 2,
  waits: 3,
  stopped: 4,
  internal: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodesHelp = `
Exit codes:
  0    done
  1    failed: a run failed, or a check found a fault
  2    wrong use: unknown command, run or approval; invalid input; a project or database that cannot be used
  3    the run waits: for a person, a signal, a budget, or a time more than a minute away; the last lines say for what
  4    the run is stuck or was cancelled
  70   internal error
  130  interrupted with Ctrl-C before the run ended; it goes on with the next worker`

/** What a run that came to rest means for the process that followed it. */
export function codeOf(status: RunStatus): ExitCode {
  if (status === 'succeeded') return exitCodes.done
  if (status === 'failed') return exitCodes.failed
  return status === 'stuck' || status === 'cancelled' ? exitCodes.stopped : exitCodes.waits
}
