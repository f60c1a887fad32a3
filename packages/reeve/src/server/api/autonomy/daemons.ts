import { z } from 'zod'
import {
  daemonView,
  daemonViewStates,
  daemonViews,
  requireDaemon,
} from '../../../inspect/ledger/daemon-view.ts'
import type { Acting } from '../../../store/authority/acting.ts'
import {
  type DaemonRow,
  lockDaemon,
  pauseDaemon,
  resumeDaemon,
  wakeDaemonBy,
} from '../../../store/autonomy/daemons.ts'
import type { Session } from '../../../store/database.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { name, time } from '../parts.ts'
import { ledgerEntry, ledgerOrigin } from './ledger.ts'

const view = z.object({
  name: z.string(),
  state: z.enum(daemonViewStates),
  reason: z.string().nullable().describe('Why it is stuck or stalled. Untrusted'),
  cycle: z.number(),
  runId: z.string().nullable().describe('The run that is its cycle'),
  nextAt: time.nullable(),
  woken: z.string().nullable().describe('What woke it last before its time'),
  decides: z.string(),
  goals: z.array(z.string()),
  directives: z.array(z.string()).nullable().describe('Null: all of the project'),
  events: z.array(z.string()),
  wakes: z.object({ floorMs: z.number(), everyMs: z.number(), ceilingMs: z.number() }),
  today: z.object({ spentUsd: z.number(), ceilingUsd: z.number().nullable() }),
  last: ledgerEntry.extend({ of: ledgerOrigin }).nullable(),
})

const params = z.strictObject({ daemon: name })
const reason = z.strictObject({ why: z.string().max(1000).optional() })

const list = read({
  path: '/api/daemons',
  role: 'viewer',
  summary: 'List the daemons: how each stands, when it wakes next, what it decided last',
  answer: z.object({ items: z.array(view) }),
  tell: async ({ service: { database, clock } }) => ({ items: await daemonViews(database, clock.now()) }),
})

const one = read({
  path: '/api/daemons/:daemon',
  role: 'viewer',
  summary: 'Get a daemon: how it stands, and what it decided last',
  params,
  answer: view,
  tell: ({ service: { database, clock }, params: { daemon } }) => daemonView(database, daemon, clock.now()),
})

/** A change of a daemon that an operator makes, in one transaction with what is noted of it. */
const steering = (
  verb: string,
  summary: string,
  change: (session: Session, row: DaemonRow, acting: Acting) => Promise<unknown>,
) =>
  write({
    method: 'POST',
    path: `/api/daemons/:daemon/${verb}`,
    role: 'operator',
    summary,
    params,
    body: reason,
    answer: view,
    subjectOf: ({ params: { daemon } }) => daemon,
    async act({ service, database, caller, params: { daemon }, body: { why } }) {
      await requireDaemon(database, daemon)
      const acting = actingOf(service, caller, why)
      await database.transaction(async (session) =>
        change(session, (await lockDaemon(session, daemon))!, acting),
      )
      service.engine.services.notices.tell('run-queued')
      return { subject: daemon }
    },
    tell: ({ service: { database, clock } }, daemon) => daemonView(database, daemon, clock.now()),
  })

const pause = steering(
  'pause',
  'Pause a daemon: it begins no further cycle, and one that is under way finishes',
  pauseDaemon,
)

const resume = steering('resume', 'Resume a paused daemon', resumeDaemon)

const wake = steering(
  'wake',
  'Wake a daemon: it decides now, or as soon as its floor allows, and opens again what it had closed',
  wakeDaemonBy,
)

export const daemons = { list, one, pause, resume, wake }
