import { randomUUID } from 'node:crypto'
import {
  type DirectiveDiff,
  type DirectiveVersionView,
  directiveDiff,
  directiveHistory,
} from '../../autonomy/directives/versions/directive-history.ts'
import { writeDirective } from '../../autonomy/directives/versions/write-directive.ts'
import { changeGoalBy, requireGoal } from '../../autonomy/goals/change-goal.ts'
import { type GoalChange, type GoalStanding, goalStandings } from '../../autonomy/goals/goal-standing.ts'
import { ReeveError } from '../../base/errors.ts'
import type { Json } from '../../base/json/json.ts'
import { isoText, systemClock } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import { type DaemonView, daemonView, daemonViews, requireDaemon } from '../../inspect/ledger/daemon-view.ts'
import { type LedgerLine, ledgerPage } from '../../inspect/ledger/ledger.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import type { Acting } from '../../store/authority/acting.ts'
import {
  type DaemonRow,
  lockDaemon,
  pauseDaemon,
  resumeDaemon,
  wakeDaemonBy,
} from '../../store/autonomy/daemons.ts'
import { goalChanges } from '../../store/autonomy/goal-changes.ts'
import type { Session } from '../../store/database.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import type { Workspace } from '../terminal/workspace.ts'
import { localRepairs, type RepairsBackend, remoteRepairs } from './repairs-backend.ts'

export interface GoalWithChanges extends GoalStanding {
  changes: { by: string; at: string; why: string | null; change: { [field: string]: Json } }[]
}

export type DaemonAct = 'pause' | 'resume' | 'wake'

/** What commands ask about what runs by itself. */
export interface Autonomy {
  /** `since`: ISO 8601. `next` leads to what is older; null: there is nothing. */
  ledger(asked: {
    daemon: string | undefined
    since: string | undefined
    skipped: boolean
    limit: number
  }): Promise<{ lines: LedgerLine[]; next: string | null }>
  daemons(): Promise<DaemonView[]>
  daemon(name: string): Promise<DaemonView>
  steerDaemon(name: string, act: DaemonAct, why: string | undefined): Promise<DaemonView>
  goals(): Promise<GoalStanding[]>
  goal(name: string): Promise<GoalWithChanges>
  changeGoal(name: string, change: GoalChange, why: string | undefined): Promise<GoalWithChanges>
  /** The newest first. */
  directiveVersions(name: string, limit: number): Promise<{ versions: DirectiveVersionView[]; more: boolean }>
  directiveDiff(name: string, of: { from?: number; to?: number }): Promise<DirectiveDiff>
  /** Adds a line to its known failure modes. Answers which version that made; null: it stood there. */
  repairs: RepairsBackend
  noteFailureMode(name: string, mode: string, why: string | undefined): Promise<number | null>
}

/** Of a project's own database; of its code, as far as goals are concerned. */
export function localAutonomy(workspace: Workspace, runtime: Runtime | undefined): Autonomy {
  const { database, actor } = workspace
  const changing = async (why: string | undefined): Promise<Acting> => {
    await refuseMoved(database, database.place)
    refuseLowRole(actor, 'operator')
    return { ...actingAs(actor, database), why }
  }
  const now = () => actingAs(actor, database).at
  const clock = database.clock ?? systemClock
  const code = () => {
    if (runtime) return internalsOf(runtime)
    throw new Error('This command needs the code of the project, which was not loaded.')
  }
  const known = () => code().goals
  const goal = async (name: string): Promise<GoalWithChanges> => {
    const [standing] = await goalStandings(database, [requireGoal(known(), name)], clock)
    const changes = (await goalChanges(database, name)).reverse().map((row) => ({
      by: row.made_by,
      at: isoText(row.made_at),
      why: row.why,
      change: JSON.parse(row.change) as { [field: string]: Json },
    }))
    return { ...standing!, changes }
  }
  return {
    repairs: localRepairs(workspace, runtime),
    ledger: ({ since, ...rest }) =>
      ledgerPage(database, { ...rest, since: since === undefined ? undefined : Date.parse(since) }),
    daemons: () => daemonViews(database, now()),
    daemon: (name) => daemonView(database, name, now()),
    async steerDaemon(name, act, why) {
      await requireDaemon(database, name)
      const acting = await changing(why)
      await database.transaction(async (session) => {
        await steer(session, (await lockDaemon(session, name))!, act, acting)
      })
      return daemonView(database, name, now())
    },
    goals: () => goalStandings(database, known(), clock),
    goal,
    async directiveVersions(name, limit) {
      const { versions, next } = await directiveHistory(database, name, { limit })
      return { versions, more: next !== null }
    },
    directiveDiff: (name, of) => directiveDiff(database, name, of),
    async noteFailureMode(directive, mode, why) {
      const acting = await changing(why)
      const { directiveWriting } = code()
      const reason = why ?? `${acting.by} noted a known failure mode`
      const edit = { kind: 'add-failure-mode', mode } as const
      const change = { directive, edit, author: 'person', acting, reason, evidence: null } as const
      return (await writeDirective(directiveWriting, { ...change, key: randomUUID() })).version
    },
    async changeGoal(name, change, why) {
      await changeGoalBy(database, known(), name, change, await changing(why))
      return goal(name)
    },
  }
}

async function steer(session: Session, row: DaemonRow, act: DaemonAct, acting: Acting): Promise<void> {
  if (act === 'pause') await pauseDaemon(session, row, acting)
  else if (act === 'resume') await resumeDaemon(session, row, acting)
  else await wakeDaemonBy(session, row, acting)
}

const mostPerPage = 500
const mostVersions = 200

/** Of a server, through its API. */
export function remoteAutonomy(client: Client): Autonomy {
  return {
    repairs: remoteRepairs(client),
    async ledger({ limit, since, daemon, skipped }) {
      const lines: LedgerLine[] = []
      for (let cursor: string | undefined; ; ) {
        const query = {
          limit: Math.min(limit - lines.length, mostPerPage),
          origin: 'true',
          ...(skipped && { skipped: 'true' }),
          ...(since !== undefined && { since }),
          ...(daemon !== undefined && { daemon }),
          ...(cursor !== undefined && { cursor }),
        }
        const { items, next } = await client.ledger.list({ query })
        lines.push(...(items as LedgerLine[]))
        if (next === null || lines.length >= limit) return { lines, next }
        cursor = next
      }
    },
    daemons: async () => (await client.daemons.list()).items as DaemonView[],
    daemon: async (daemon) => (await client.daemons.one({ params: { daemon } })) as DaemonView,
    steerDaemon: async (daemon, act, why) =>
      (await client.daemons[act]({
        params: { daemon },
        body: why === undefined ? {} : { why },
      })) as DaemonView,
    goals: async () => (await client.goals.list()).items,
    goal: (goal) => client.goals.one({ params: { goal } }),
    async directiveVersions(directive, limit) {
      const versions: DirectiveVersionView[] = []
      for (let before: number | undefined; ; ) {
        const query = { limit: Math.min(limit - versions.length, mostVersions), ...(before && { before }) }
        const { items, next } = await client.directives.versions({ params: { directive }, query })
        versions.push(...items)
        if (next === null || versions.length >= limit) return { versions, more: next !== null }
        before = next
      }
    },
    directiveDiff: (directive, query) => client.directives.diff({ params: { directive }, query }),
    async noteFailureMode(directive, mode, why) {
      const body = { mode, ...(why !== undefined && { why }) }
      return (await client.directives.note({ params: { directive }, body })).version
    },
    async changeGoal(goal, { dayUsd, ...change }, why) {
      if (dayUsd !== undefined)
        throw new ReeveError('not-remote', 'A server changes no budget of a goal. Change it in its file.')
      return client.goals.set({ params: { goal }, body: { ...change, ...(why !== undefined && { why }) } })
    },
  }
}
