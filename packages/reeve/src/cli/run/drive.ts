import { ReeveError } from '../../base/errors.ts'
import { lastSeqOf } from '../../inspect/follow/follow-run.ts'
import { requireRun } from '../../store/runs/runs.ts'
import type { Backend, FollowedLine } from '../backend/backend.ts'
import { withBackend } from '../backend/with-backend.ts'
import type { Cli } from '../cli.ts'
import { eventLine } from '../look/event-line.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { reportRest } from './rest.ts'

/** A run that says nothing for so long has a person wonder whether to wait (ms). */
const quietMs = 5000

/**
 * Prints a run's events as they happen until it comes to rest, or only waits for more than a minute; `stays`: until it comes to
 * rest. The exit code says how it rests.
 */
export async function showUntilRest(
  cli: Cli,
  backend: Backend,
  runId: string,
  options: { afterSeq: number; stays?: boolean; signal: AbortSignal; extra?: Record<string, unknown> },
): Promise<ExitCode> {
  const { terminal } = cli
  const { afterSeq, stays = false, signal, extra } = options
  let startedAt: number | undefined
  let isWaiting = false
  const quiet = setTimeout(() => {
    terminal.remark(
      `It is followed until it ${stays ? 'ends' : 'ends or waits for more than a minute'}. Ctrl-C leaves it to the next worker (${cli.command('dev')}).`,
    )
  }, quietMs)
  const onEvent = (event: FollowedLine) => {
    startedAt ??= event.at
    if (event.type === 'effect-intended' || event.type === 'child-awaited') return
    const wasWaiting = isWaiting
    isWaiting = event.type === 'budget-awaited'
    // It may be tried and refused several times: once is enough.
    if (isWaiting && wasWaiting) return
    if (isWaiting && stays)
      terminal.remark(
        `It waits for its budget and goes on by itself when there is room: a daily budget begins anew at 00:00 UTC. Ctrl-C leaves it to the next worker (${cli.command('dev')}).`,
      )
    if (!terminal.json) terminal.line(eventLine(event, terminal.colors, event.at - startedAt))
    quiet.refresh()
  }
  const rested = await backend
    .follow(runId, { afterSeq, leaves: !stays, onEvent, signal })
    .finally(() => clearTimeout(quiet))
  if (rested) return reportRest(cli, backend, rested, extra)
  const { status } = await backend.run(runId)
  terminal.value({ runId, status, interrupted: true, ...extra })
  return terminal.closed.aborted ? exitCodes.done : exitCodes.interrupted
}

export function goesOn(cli: Cli, runId: string): string {
  return `Nothing is lost: run ${runId} continues with the next worker (${cli.command('dev')}).`
}

/** After a person decided: says where the run goes on, or what to start so that it does. Runs none of the project's code. */
export async function leaveToWorkers(
  cli: Cli,
  backend: Backend,
  runId: string,
  answer: { said: string; value: Record<string, unknown> },
): Promise<ExitCode> {
  const { terminal } = cli
  const [worker] = await backend.workers()
  terminal.line(answer.said)
  terminal.value({
    ...answer.value,
    runId,
    worker: worker ? { host: worker.host, pid: worker.pid } : null,
  })
  terminal.line(
    worker
      ? `The run continues in the worker with process id ${worker.pid} on ${worker.host}.`
      : `No worker is running; the run continues when one does: ${cli.command('dev')} (to continue here next time: --work)`,
  )
  terminal.line(terminal.colors.dim(`  see how: ${cli.command('show', runId)}`))
  return exitCodes.done
}

/**
 * After a person set a run going again: says that it continues where a worker is running, or else drives it here until it
 * comes to rest.
 */
export async function carryOn(
  cli: Cli,
  backend: Backend,
  runId: string,
  answer: { said: string; value: Record<string, unknown> },
): Promise<ExitCode> {
  const { workspace } = backend
  const { terminal } = cli
  if (!workspace || (await backend.workers()).length > 0) return leaveToWorkers(cli, backend, runId, answer)
  terminal.line(answer.said)
  const { database } = workspace
  const afterSeq = await lastSeqOf(database, await requireRun(database, runId))
  terminal.line('No worker is running, so the run continues here.')
  try {
    return await withBackend(
      cli,
      async (driven) => {
        const interrupt = new Interrupt(terminal, goesOn(cli, runId), () => driven.worker?.hurry())
        await driven.worker?.start()
        return showUntilRest(cli, driven, runId, { afterSeq, signal: interrupt.signal, extra: answer.value })
      },
      'code',
    )
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error
    const { code, details } = error
    const message = `${answer.said}. That is recorded; but the run cannot continue here yet: ${error.message}`
    throw new ReeveError(code, message, {
      cause: error,
      details: { ...details, ...answer.value, runId },
    })
  }
}
