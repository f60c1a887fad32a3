import { requireJudged } from '../../agents/levelled.ts'
import { createIds } from '../../base/ids.ts'
import type { Json } from '../../base/json/json.ts'
import { type Duration, isoText } from '../../base/time/time.ts'
import { whoCould } from '../../governance/history/who-could.ts'
import type { PolicyReport } from '../../governance/policy-test/policy-report.ts'
import {
  type CheckedReadiness,
  checkReadiness,
  giveLevel,
  type Judged,
} from '../../governance/readiness/held-level.ts'
import type { Level } from '../../governance/readiness/readiness.ts'
import { evalsFrom } from '../../inspect/evals/eval-view.ts'
import { loadProject } from '../../project/load.ts'
import type { PolicyTestOptions } from '../../runtime/judging/policy-testing.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { type GrantRequest, grantChange } from '../../server/auth/grant-request.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import type { Acting } from '../../store/authority/acting.ts'
import { addGrantChange, openGrantChanges, undoGrantChange } from '../../store/authority/grant-changes.ts'
import { listSwitches, type SwitchRow, setSwitch } from '../../store/authority/switches.ts'
import { pauseAll, resumeAll } from '../../store/dispatch/queues/pause-all.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import { removePrincipal, revokeActing } from '../../store/identity/principals.ts'
import type { Workspace } from '../terminal/workspace.ts'

export interface GrantChangeLine {
  id: string
  principal: string
  change: Json
  why: string | null
  by: string
  at: string
  endsAt: string | null
}

/** What a switch is for; a name that is not given: all of that kind. */
export interface SwitchedPlace {
  agent?: string
  tool?: string
  connector?: string
}

export type SwitchMode = SwitchRow['mode']

export interface SwitchLine {
  agent: string | null
  tool: string | null
  connector: string | null
  mode: SwitchMode
  why: string | null
  by: string
  at: string
}

/** Who could have called a tool between two times (ISO 8601). */
export interface WhoCould {
  spans: {
    principal: string
    from: string
    until: string
    by: 'code' | 'exception' | 'unlimited'
    grant: string | null
    isAsked: boolean
    conditions: string[]
  }[]
  unknownBefore: { principal: string; at: string }[]
}

export interface ToolAsked {
  tool: string
  args: Record<string, Json> | undefined
  /** ms, the second not included. */
  from: number
  until: number
}

export type ReadinessLine = Pick<
  CheckedReadiness,
  'levelled' | 'held' | 'effective' | 'earned' | 'proposed' | 'lacks' | 'figures'
> &
  Pick<Judged, 'kind' | 'name' | 'version'>

/** What commands ask about who may do what, and about what stands still. */
export interface RightsBackend {
  changes(): Promise<GrantChangeLine[]>
  switches(): Promise<SwitchLine[]>
  whoCould(asked: ToolAsked): Promise<WhoCould>
  /** Answers whose grants it had changed. */
  undoChange(id: string): Promise<string>
  /** `request`: its times are made of what the time is. */
  change(
    principal: string,
    request: (now: number) => GrantRequest,
    why: string | undefined,
  ): Promise<Pick<GrantChangeLine, 'id' | 'change' | 'endsAt'>>
  /** An agent or workflow is revoked, anybody else removed. */
  revoke(principal: string, why: string | undefined): Promise<void>
  /** Answers what it was before. */
  switchCalls(place: SwitchedPlace, mode: SwitchMode, why: string | undefined): Promise<SwitchMode>
  /** Answers the queues that it paused, or that go on. */
  pauseEverything(why: string | undefined): Promise<string[]>
  resumeEverything(): Promise<string[]>
  /** How far an agent or workflow may be trusted; `level`: an owner gives it that one first. */
  check(
    name: string,
    asked: { level: Level | undefined; evals: string | undefined; why: string | undefined },
  ): Promise<ReadinessLine>
  testPolicy(options: Omit<PolicyTestOptions, 'since'> & { since?: string }): Promise<PolicyReport>
}

/** Whether it is an agent or workflow, which are revoked; people and programs are removed. */
export function isActing(principal: string): boolean {
  return /^(agent|workflow):/.test(principal)
}

/** Of a project's own database; levels and the test of policies need its code. */
export function localRights(workspace: Workspace, runtime: Runtime | undefined): RightsBackend {
  const { database, actor, folder } = workspace
  const now = () => actingAs(actor, database).at
  const code = () => {
    if (runtime) return runtime
    throw new Error('This command needs the code of the project, which was not loaded.')
  }
  const changing = async (why?: string): Promise<Acting> => {
    await refuseMoved(database, database.place)
    return actingAs(actor, database, why)
  }
  return {
    async changes() {
      return (await openGrantChanges(database, now())).map((row) => ({
        id: row.id,
        principal: row.principal,
        change: JSON.parse(row.change) as Json,
        why: row.why,
        by: row.made_by,
        at: isoText(row.made_at),
        endsAt: row.ends_at === null ? null : isoText(row.ends_at),
      }))
    },
    async switches() {
      return (await listSwitches(database)).map(({ agent, tool, connector, mode, why, set_by, set_at }) => ({
        agent: agent || null,
        tool: tool || null,
        connector: connector || null,
        mode,
        why,
        by: set_by,
        at: isoText(set_at),
      }))
    },
    async whoCould({ tool, args, from, until }) {
      const found = await whoCould(database, { tool, from, until, ...(args && { args }) })
      return {
        spans: found.spans.map((span) => ({ ...span, from: isoText(span.from), until: isoText(span.until) })),
        unknownBefore: found.unknownBefore.map(({ principal, at }) => ({ principal, at: isoText(at) })),
      }
    },
    async undoChange(id) {
      refuseLowRole(actor, 'owner')
      const acting = await changing()
      return (await database.transaction((session) => undoGrantChange(session, id, acting))).principal
    },
    async change(principal, request, why) {
      const acting = await changing(why)
      const project = await loadProject(folder)
      const id = createIds(() => acting.at)()
      const { change, endsAt } = await database.transaction(async (session) => {
        const earlier = await openGrantChanges(session, acting.at, principal)
        const of = { by: actor.principal, role: actor.role, now: acting.at, earlier }
        const checked = grantChange(project, principal, request(acting.at), of)
        await addGrantChange(session, { id, principal, ...checked }, acting)
        return checked
      })
      return { id, change, endsAt: endsAt === undefined ? null : isoText(endsAt) }
    },
    async revoke(principal, why) {
      const acting = await changing(why)
      if (!isActing(principal)) refuseLowRole(actor, 'owner')
      const end = isActing(principal) ? revokeActing : removePrincipal
      await database.transaction((session) => end(session, principal, acting))
    },
    async switchCalls(place, mode, why) {
      const acting = await changing(why)
      if (mode === 'allow') refuseLowRole(actor, 'owner')
      return database.transaction((session) => setSwitch(session, place, mode, acting))
    },
    async pauseEverything(why) {
      const acting = await changing(why)
      return database.transaction((session) => pauseAll(session, acting))
    },
    async resumeEverything() {
      const acting = await changing()
      return database.transaction((session) => resumeAll(session, acting))
    },
    async check(name, { level, evals: given, why }) {
      const { project } = code()
      const { engine, clock } = internalsOf(code())
      if (given !== undefined) refuseLowRole(actor, 'operator')
      const evals = given === undefined ? undefined : await evalsFrom(database, given)
      const its = { workflows: engine.workflows, agents: project.agents }
      const judged: Judged = { ...requireJudged(name, its), ...(evals && { evals }) }
      if (level !== undefined) {
        refuseLowRole(actor, 'owner')
        await giveLevel(database, judged, level, actingAs(actor, database, why))
      }
      const found = await checkReadiness(database, judged, clock.now())
      return { kind: judged.kind, name: judged.name, version: judged.version, ...found }
    },
    testPolicy: ({ since, ...options }) =>
      code().testPolicy({ ...options, ...(since !== undefined && { since: since as Duration }) }),
  }
}
