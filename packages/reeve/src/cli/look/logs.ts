import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../base/time/time.ts'
import { EventFeed, type FollowedEvent, followed } from '../../inspect/follow/follow-events.ts'
import { internalsOf } from '../../runtime/runtime.ts'
import { type EventType, events } from '../../store/journal/events.ts'
import { lastEvents } from '../../store/journal/last-events.ts'
import type { Cli } from '../cli.ts'
import { requireNamedRun } from '../house/named-run.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { Interrupt } from '../terminal/interrupt.ts'
import { toLimit } from '../terminal/listing.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { eventLine } from './event-line.ts'

interface LogsOptions {
  follow?: boolean
  all?: boolean
  workflow?: string
  limit: string
}

/** What runs say of themselves, and what goes wrong with them. */
const told: EventType[] = [
  'log-written',
  'agent-finished',
  'agent-stopped',
  'agent-refused',
  'run-failed',
  'run-stuck',
  'run-cancelled',
  'step-retrying',
  'step-failed',
  'effect-retrying',
  'effect-failed',
  'effect-unknown',
  'question-retrying',
  'question-failed',
  'signal-refused',
]

const pollMs = 100

/** Tells what runs logged and what went wrong, of all workers on the database; with `--follow` also what comes. */
export function logs(cli: Cli, options: LogsOptions, runId?: string): Promise<ExitCode> {
  const limit = toLimit(options.limit)
  const types = options.all ? (Object.keys(events) as EventType[]) : told
  const { workflow } = options
  return withRuntime(cli, async (runtime) => {
    const { database } = internalsOf(runtime)
    const run = runId === undefined ? undefined : await requireNamedRun(cli, database, runId)
    const clock = database.clock ?? systemClock
    const filter = { types, ...(run && { run: run.id }), ...(workflow !== undefined && { workflow }) }
    const feed = options.follow ? await EventFeed.open(database, clock, filter) : undefined
    const last = await lastEvents(database, { types, run: run?.no, workflow }, limit)
    for (const event of last) tell(cli, followed(event))
    if (!feed) return exitCodes.done
    const known = new Set(last.map(({ run_id, seq }) => `${run_id}:${seq}`))
    const interrupt = new Interrupt(cli.terminal, 'It only looked.', () => runtime.hurry())
    while (!interrupt.signal.aborted) {
      const come = await feed.read()
      for (const event of come) if (!known.has(`${event.runId}:${event.seq}`)) tell(cli, event)
      if (come.length === 0)
        await delay(pollMs, undefined, { signal: interrupt.signal }).catch(() => undefined)
    }
    return exitCodes.done
  })
}

function tell({ terminal }: Cli, event: FollowedEvent): void {
  const { runId: run, workflow, seq, at, type, call, name, words } = event
  const { dim } = terminal.colors
  terminal.valueLine({ at, runId: run, workflow, seq, event: type, call, name, words })
  terminal.line(`${dim(`${at} ${workflow} ${run}`)} ${eventLine(event, terminal.colors)}`)
}
