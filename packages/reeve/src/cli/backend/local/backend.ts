import { ReeveError } from '../../../base/errors.ts'
import { createIds } from '../../../base/ids.ts'
import { parse } from '../../../base/schema/schema.ts'
import { isoText, toMs } from '../../../base/time/time.ts'
import type { Control } from '../../../engine/outside/control.ts'
import { pauseSchedule } from '../../../engine/starting/pause-schedule.ts'
import { internalsOf, type Runtime } from '../../../runtime/runtime.ts'
import { signInPath } from '../../../server/first-owner.ts'
import { actingAs, actorOf, localUserOf, refuseLowRole } from '../../../server/local-actor.ts'
import { listQueues, pauseQueue } from '../../../store/dispatch/queues/queues.ts'
import { listSchedules } from '../../../store/dispatch/schedules.ts'
import { refuseMoved } from '../../../store/identity/moved.ts'
import { lesser, requirePrincipal } from '../../../store/identity/principals.ts'
import { refuseBorrowed, refuseMightier, tokensSeenBy } from '../../../store/identity/token-rights.ts'
import {
  issueToken,
  listTokens,
  requireToken,
  revokeToken,
  type TokenRow,
} from '../../../store/identity/tokens.ts'
import { requireRun } from '../../../store/runs/runs.ts'
import { triggersView } from '../../../triggers/trigger-view.ts'
import { localAutonomy } from '../../autonomy/autonomy-backend.ts'
import { localConnectors } from '../../connect/connectors-backend.ts'
import { localProposals } from '../../decide/proposals-backend.ts'
import { localMemory } from '../../know/memory-backend.ts'
import { localLearning } from '../../learn/learning-backend.ts'
import { localLogs } from '../../look/logs-backend.ts'
import { localPrincipals } from '../../people/principals-backend.ts'
import { localRights } from '../../people/rights-backend.ts'
import type { Workspace } from '../../terminal/workspace.ts'
import type { Backend, Decides, People, Secrets, Steers, TokenLine } from '../backend.ts'
import { localModels } from '../models-view.ts'
import { shortList, unknownSchedule } from '../unknown-names.ts'
import { localLooks } from './looks.ts'
import { localSecrets } from './secrets.ts'

/** The backend of a project's own database; with its code loaded (`runtime`) runs can be started, driven and undone, too. */
export function localBackend(workspace: Workspace, runtime?: Runtime): Backend {
  const { database } = workspace
  return {
    place: database.place,
    workspace,
    ...(runtime && { worker: { start: () => runtime.start(), hurry: () => runtime.hurry() } }),
    triggers() {
      const { triggers, vault } = internalsOf(codeOf(runtime))
      const { variables = {} } = workspace.environment
      return triggersView(database, triggers.values(), { vault, variables })
    },
    models(isTest) {
      // It pays for what it asks.
      if (isTest) refuseLowRole(workspace.actor, 'operator')
      return localModels(codeOf(runtime), isTest)
    },
    autonomy: localAutonomy(workspace, runtime),
    proposals: localProposals(workspace, runtime),
    learning: localLearning(workspace, runtime),
    connectors: localConnectors(workspace, runtime),
    rights: localRights(workspace, runtime),
    memory: localMemory(workspace, runtime),
    logs: localLogs(workspace),
    ...localPrincipals(workspace),
    ...localLooks(workspace),
    ...decides(workspace),
    ...steers(workspace, runtime),
    ...people(workspace),
    ...localSecrets(workspace, runtime),
  }
}

/** A command that needs the code opens the backend with it. */
function codeOf(runtime: Runtime | undefined): Runtime {
  if (runtime) return runtime
  throw new Error('This command needs the code of the project, which was not loaded.')
}

/** Control that refuses a database which was moved: everything that it does changes something. @throws `database-moved` */
async function changing({ database, control }: Workspace): Promise<Control> {
  await refuseMoved(database, database.place)
  return control
}

function decides(workspace: Workspace): Decides {
  const { principal: by, proof } = workspace.actor
  return {
    async decide(id, decision) {
      const decided = await (await changing(workspace)).decide(id, { ...decision, by, proof })
      return { status: decided.status, subject: decided.subject, runId: decided.run_id, by }
    },
    previewEdit: async (id, edit, options) => (await changing(workspace)).previewEdit(id, edit, options),
    async delegate(id, to, note) {
      const asked = await (await changing(workspace)).delegate(id, {
        by,
        proof,
        to,
        ...(note === undefined ? {} : { note }),
      })
      return { subject: asked.subject, by }
    },
    answerProblem: ({ approval }, answer) => workspace.control.answerProblem(approval.id, answer),
  }
}

function steers(workspace: Workspace, runtime: Runtime | undefined): Steers {
  const { database, actor } = workspace
  const by = actor.principal
  return {
    async start(workflow, input, options) {
      const called = codeOf(runtime).workflow(workflow)
      parse(called.input, input, `The input of workflow "${workflow}"`)
      return codeOf(runtime).startRun(workflow, input, { principal: by, ...options })
    },
    async signal(run, name, payload, id) {
      const control = await changing(workspace)
      const awaited = (await control.awaitedSignals(run)).map((each) => each.name)
      const acting = actingAs(actor, database)
      const options = id === undefined ? { acting } : { acting, id }
      return { isNew: await control.signal(run, name, payload, options), awaited }
    },
    override: async (run, call, given) =>
      (await changing(workspace)).override(run, call, given, actingAs(actor, database)),
    async cancel(run) {
      await (await changing(workspace)).cancel(run, by)
      return (await requireRun(database, run)).status
    },
    pause: async (run) => (await changing(workspace)).pause(run, actingAs(actor, database)),
    resume: async (run) => (await changing(workspace)).resume(run, actingAs(actor, database)),
    retry: async (run, options) => (await changing(workspace)).retry(run, by, options),
    previewFork: async (run, from) => (await changing(workspace)).previewFork(run, from),
    fork: async (run, from, options) => (await changing(workspace)).fork(run, from, by, options),
    planUndo: (run, from) => codeOf(runtime).planUndo(run, { from }),
    undo: async (run, from, plan) => (await codeOf(runtime).undo(run, { from, by, plan })).id,
    async pauseQueue(queue, paused) {
      await refuseMoved(database, database.place)
      refuseLowRole(actor, 'operator')
      const acting = actingAs(actor, database)
      if (await database.transaction((session) => pauseQueue(session, queue, paused, acting))) return
      const known = (await listQueues(database)).map(({ name }) => name)
      throw new ReeveError(
        'unknown-queue',
        `There is no queue "${queue}". The queues: ${shortList(known) || 'none yet'}.`,
      )
    },
    async pauseSchedule(schedule, paused) {
      await refuseMoved(database, database.place)
      refuseLowRole(actor, 'operator')
      const acting = actingAs(actor, database)
      if (await database.transaction((session) => pauseSchedule(session, schedule, paused, acting))) return
      throw unknownSchedule(
        schedule,
        (await listSchedules(database)).map(({ name }) => name),
      )
    },
  }
}

function people({ database, environment, actor }: Workspace): Omit<People, keyof Secrets> {
  const changing = () => refuseMoved(database, database.place)
  return {
    async whoami() {
      // Of a command that acts as nobody, too: it says who one would be.
      const { principal, role, proof } = await actorOf(database, environment)
      const localUser = proof === 'local-user' ? localUserOf(database, environment).id : null
      return { principal, role, proof, localUser }
    },
    async tokens(limit) {
      const principal = tokensSeenBy(actor)
      const all = await listTokens(database, {
        limit: limit + 1,
        ...(principal !== undefined && { principal }),
      })
      return { tokens: all.slice(0, limit).map(tokenLine), more: all.length > limit }
    },
    async createToken({ name, principal, role, expiresIn }) {
      await changing()
      const acting = actingAs(actor, database)
      const id = createIds(() => acting.at)()
      const expires_at = expiresIn === undefined ? null : acting.at + toMs(expiresIn, '--expires')
      return database.transaction(async (session) => {
        const of = await requirePrincipal(session, principal ?? actor.principal)
        const most = of.name === actor.principal ? lesser(actor.role, of.role) : of.role
        const token = { id, kind: 'access', principal: of.name, name, role: role ?? most } as const
        refuseBorrowed(actor, token.principal, token.role)
        const secret = await issueToken(session, { ...token, expires_at }, acting)
        return { id, principal: token.principal, role: token.role, secret }
      })
    },
    async revokeToken(id) {
      await changing()
      const found = await requireToken(database, id, tokensSeenBy(actor))
      refuseMightier(actor, found)
      await database.transaction((session) => revokeToken(session, found, actingAs(actor, database)))
      return found.name
    },
    async signInPath(principal) {
      await changing()
      const acting = actingAs(actor, database)
      const link = { id: createIds(() => acting.at)(), principal: principal ?? actor.principal }
      refuseBorrowed(actor, link.principal, actor.role)
      return database.transaction((session) => signInPath(session, link, acting))
    },
  }
}

function tokenLine({ id, name, principal, role, ...row }: TokenRow): TokenLine {
  const timeOf = (at: number | null) => (at === null ? null : isoText(at))
  return {
    id,
    name,
    principal,
    role,
    createdAt: isoText(row.created_at),
    expiresAt: timeOf(row.expires_at),
    usedAt: timeOf(row.used_at),
    revokedAt: timeOf(row.ended_at),
  }
}
