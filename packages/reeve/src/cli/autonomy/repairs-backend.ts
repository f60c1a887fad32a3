import { requireRepair } from '../../autonomy/repair/promoting/promote.ts'
import { type RepairView, repairDiff, repairView } from '../../autonomy/repair/repair-view.ts'
import type { DiffLine } from '../../base/text/line-diff.ts'
import type { Client } from '../../client/index.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import { actingAs, refuseLowRole } from '../../server/local-actor.ts'
import { listRepairs } from '../../store/autonomy/repairs.ts'
import { refuseMoved } from '../../store/identity/moved.ts'
import type { Workspace } from '../terminal/workspace.ts'

/** What commands ask about repairs. */
export interface RepairsBackend {
  list(asked: {
    script: string | undefined
    limit: number
  }): Promise<{ repairs: RepairView[]; more: boolean }>
  one(id: string): Promise<RepairView>
  diff(id: string): Promise<{ file: string; hunks: DiffLine[][] }>
  change(id: string, how: 'promote' | 'rollback', why: string | undefined): Promise<RepairView>
}

/** Of a project's own database; changing one needs its code. */
export function localRepairs({ database, actor }: Workspace, runtime: Runtime | undefined): RepairsBackend {
  return {
    async list({ script, limit }) {
      const rows = await listRepairs(database, { script, limit: limit + 1 })
      return { repairs: rows.slice(0, limit).map(repairView), more: rows.length > limit }
    },
    one: async (id) => repairView(await requireRepair(database, id)),
    async diff(id) {
      const row = await requireRepair(database, id)
      return { file: row.file, hunks: repairDiff(row) }
    },
    async change(id, how, why) {
      if (!runtime) throw new Error('This command needs the code of the project, which was not loaded.')
      await refuseMoved(database, database.place)
      refuseLowRole(actor, 'operator')
      const { repairs } = internalsOf(runtime)
      const acting = actingAs(actor, database, why)
      return repairView(
        await (how === 'promote' ? repairs.promote(id, acting) : repairs.rollBack(id, acting)),
      )
    },
  }
}

const mostPerPage = 500

/** Of a server, through its API. */
export function remoteRepairs(client: Client): RepairsBackend {
  return {
    async list({ script, limit }) {
      const repairs: RepairView[] = []
      for (let cursor: string | undefined; ; ) {
        const query = {
          limit: Math.min(limit - repairs.length, mostPerPage),
          ...(script !== undefined && { script }),
          ...(cursor !== undefined && { cursor }),
        }
        const { items, next } = await client.repairs.list({ query })
        repairs.push(...items)
        if (next === null || repairs.length >= limit) return { repairs, more: next !== null }
        cursor = next
      }
    },
    one: (repair) => client.repairs.one({ params: { repair } }),
    diff: (repair) => client.repairs.diff({ params: { repair } }),
    change: (repair, how, why) =>
      client.repairs[how]({ params: { repair }, body: why === undefined ? {} : { why } }),
  }
}
