import { z } from 'zod'
import { daemonView, daemonViews, requireDaemon } from '../../../inspect/ledger/daemon-view.ts'
import { record } from '../../../store/authority/acting.ts'
import { lockDaemon, pauseDaemon, resumeDaemon, wakeDaemon } from '../../../store/autonomy/daemons.ts'
import { read, write } from '../../http/endpoint.ts'
import { actingOf } from '../acting.ts'
import { name, time } from '../parts.ts'
import { ledgerEntry, ledgerOrigin } from './ledger.ts'

const view = z.object({
  name: z.string(),
  state: z.enum(['waiting', 'deciding', 'paused', 'stuck', 'between']),
  reason: z.string().nullable().describe('Why its cycle is stuck. Untrusted'),
  cycle: z.number(),
  run: z.string().nullable().describe('The run that is its cycle'),
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
  summary: 'Say how a daemon stands',
  params,
  answer: view,
  tell: ({ service: { database, clock }, params: { daemon } }) => daemonView(database, daemon, clock.now()),
})

const pause = write({
  method: 'POST',
  path: '/api/daemons/:daemon/pause',
  role: 'operator',
  summary: 'Begin no further cycle of a daemon; one that is under way finishes',
  params,
  body: reason,
  answer: view,
  subjectOf: ({ params: { daemon } }) => daemon,
  async act({ service, database, caller, params: { daemon }, body }) {
    await requireDaemon(database, daemon)
    await database.transaction(async (session) =>
      pauseDaemon(session, (await lockDaemon(session, daemon))!, actingOf(service, caller, body.why)),
    )
    return { subject: daemon }
  },
  tell: ({ service: { database, clock } }, daemon) => daemonView(database, daemon, clock.now()),
})

const resume = write({
  method: 'POST',
  path: '/api/daemons/:daemon/resume',
  role: 'operator',
  summary: 'Let a paused daemon go on',
  params,
  body: reason,
  answer: view,
  subjectOf: ({ params: { daemon } }) => daemon,
  async act({ service, database, caller, params: { daemon }, body }) {
    await requireDaemon(database, daemon)
    await database.transaction(async (session) =>
      resumeDaemon(session, (await lockDaemon(session, daemon))!, actingOf(service, caller, body.why)),
    )
    service.engine.services.notices.tell('run-queued')
    return { subject: daemon }
  },
  tell: ({ service: { database, clock } }, daemon) => daemonView(database, daemon, clock.now()),
})

const wake = write({
  method: 'POST',
  path: '/api/daemons/:daemon/wake',
  role: 'operator',
  summary: 'Let a daemon decide now, or as soon as its floor allows, and open again what it had closed',
  params,
  body: reason,
  answer: view,
  subjectOf: ({ params: { daemon } }) => daemon,
  async act({ service, database, caller, params: { daemon }, body }) {
    await requireDaemon(database, daemon)
    const acting = actingOf(service, caller, body.why)
    await database.transaction(async (session) => {
      const row = (await lockDaemon(session, daemon))!
      const why = `${acting.by} woke it${body.why === undefined ? '' : `: ${body.why}`}`
      await wakeDaemon(session, row, why, { now: acting.at, isReopening: true })
      await record(session, acting, 'daemon-woken', daemon, {})
    })
    service.engine.services.notices.tell('run-queued')
    return { subject: daemon }
  },
  tell: ({ service: { database, clock } }, daemon) => daemonView(database, daemon, clock.now()),
})

export const daemons = { list, one, pause, resume, wake }
