import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import type { EventTone } from '../../inspect/events/describe-event.ts'
import { EventFeed, type FollowedEvent, followed } from '../../inspect/follow/follow-events.ts'
import { toldEvents } from '../../inspect/follow/told-events.ts'
import { type EventType, events } from '../../store/journal/events.ts'
import { lastEvents } from '../../store/journal/last-events.ts'
import { requireRun } from '../../store/runs/runs.ts'
import type { Workspace } from '../terminal/workspace.ts'

/** An event of some run, as a line of a log. */
export type LogLine = Omit<FollowedEvent, 'approvalId'>

export interface LogsAsked {
  /** The id of a run; undefined: of all. */
  run: string | undefined
  workflow: string | undefined
  /** Every event, not only what runs say of themselves and what goes wrong. */
  all: boolean
  limit: number
}

export interface LogsBackend {
  /** The newest, in the order in which they were written. */
  last(asked: LogsAsked): Promise<LogLine[]>
  /** The same, and then what comes, until `signal`; each once. */
  follow(asked: LogsAsked, onLine: (line: LogLine) => void, signal: AbortSignal): Promise<void>
}

const pollMs = 100
const mostOfServer = 10_000

/** Of a project's own database. */
export function localLogs({ database }: Workspace): LogsBackend {
  const clock = database.clock ?? systemClock
  const last: LogsBackend['last'] = async ({ run: id, workflow, all, limit }) => {
    const run = id === undefined ? undefined : (await requireRun(database, id)).no
    return (await lastEvents(database, { types: typesOf(all), run, workflow }, limit)).map(followed)
  }
  return {
    last,
    async follow(asked, onLine, signal) {
      const { run, workflow, all } = asked
      const filter = {
        types: typesOf(all),
        ...(run !== undefined && { run }),
        ...(workflow !== undefined && { workflow }),
      }
      // Opened first: what comes between is told by both.
      const feed = await EventFeed.open(database, clock, filter)
      const isNew = once()
      for (const line of await last(asked)) if (isNew(line)) onLine(line)
      while (!signal.aborted) {
        const come = await feed.read()
        for (const line of come) if (isNew(line)) onLine(line)
        if (come.length === 0) await delay(pollMs, undefined, { signal }).catch(() => undefined)
      }
    },
  }
}

/** Of a server, through its API. */
export function remoteLogs(client: Client): LogsBackend {
  const last: LogsBackend['last'] = async ({ run, workflow, all, limit }) => {
    const query = {
      limit: Math.min(limit, mostOfServer),
      ...(run !== undefined && { run }),
      ...(workflow !== undefined && { workflow }),
      ...(all && { all: 'true' as const }),
    }
    const { items } = await client.logs.list({ query })
    return items.map((each) => ({ ...each, tone: each.tone as EventTone }))
  }
  return {
    last,
    async follow(asked, onLine, signal) {
      const isNew = once()
      const tell = (line: LogLine) => {
        if (isNew(line)) onLine(line)
      }
      const came: LogLine[] = []
      let isListed = false
      let failed: unknown
      const stop = new AbortController()
      const list = async () => {
        for (const line of await last(asked)) tell(line)
        isListed = true
        for (const line of came.splice(0)) tell(line)
      }
      let listing: Promise<void> | undefined
      await client.follow(
        {
          ...(asked.run !== undefined && { run: asked.run }),
          ...(asked.workflow !== undefined && { workflow: asked.workflow }),
          ...(!asked.all && { kind: toldEvents }),
          signal: AbortSignal.any([signal, stop.signal]),
          // Connected first: what comes between is told by both.
          onCursor: () => {
            listing ??= list().catch((error: unknown) => {
              failed = error
              stop.abort()
            })
          },
        },
        ({ id: _, tone, ...event }) => {
          const line = { ...event, tone: tone as EventTone }
          if (isListed) tell(line)
          else came.push(line)
        },
      )
      await listing
      if (failed !== undefined) throw failed
    },
  }
}

function typesOf(all: boolean): readonly EventType[] {
  return all ? (Object.keys(events) as EventType[]) : toldEvents
}

const mostKept = 10_000

/** Whether a line was not seen before, as far as the newest ones go. */
function once(): (line: LogLine) => boolean {
  const seen = new Set<string>()
  return ({ runId: run, seq }) => {
    const key = `${run}:${seq}`
    if (seen.has(key)) return false
    seen.add(key)
    if (seen.size > mostKept) seen.delete(seen.values().next().value!)
    return true
  }
}
