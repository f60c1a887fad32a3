import { ceilingInNanoUsd } from '../../base/money.ts'
import type { Engine } from '../../engine/engine.ts'
import { dayScopeOf } from '../../models/asking/budget.ts'
import {
  dropDaemon,
  type KeptDaemon,
  listDaemons,
  readCycle,
  saveDaemon,
} from '../../store/autonomy/daemons.ts'
import { setCeiling } from '../../store/spending/budgets.ts'
import { type Daemon, daemonWorkflowName } from './daemon.ts'

/** Makes the daemons of a project known; those that it does not have any more begin no further cycle. */
export async function installDaemons(
  engine: Pick<Engine, 'database' | 'control' | 'services'>,
  daemons: readonly { daemon: Daemon; goals: readonly { name: string }[] }[],
): Promise<void> {
  const { database, control, services } = engine
  const gone = new Map((await listDaemons(database)).map((row) => [row.name, row]))
  await database.transaction(async (session) => {
    for (const { daemon, goals } of daemons) {
      gone.delete(daemon.name)
      await saveDaemon(session, daemon.name, JSON.stringify(keptOf(daemon, goals)))
      if (daemon.dayUsd === null) continue
      const scope = dayScopeOf(daemonWorkflowName(daemon.name), services.clock.now())
      await setCeiling(session, scope, ceilingInNanoUsd(daemon.dayUsd))
    }
    for (const name of gone.keys()) await dropDaemon(session, name)
  })
  for (const { name, run } of gone.values()) {
    const cycle = run === null ? undefined : await readCycle(database, run)
    if (cycle && cycle.ended_at === null) await control.cancel(cycle.id, `reeve: daemon ${name} is gone`)
  }
}

function keptOf(daemon: Daemon, goals: readonly { name: string }[]): KeptDaemon {
  const { floorMs, everyMs, ceilingMs, dayUsd, route, rules, directives, events } = daemon
  return {
    floorMs,
    everyMs,
    ceilingMs,
    dayUsd,
    route: route ?? null,
    rules: rules !== undefined,
    goals: goals.map(({ name }) => name),
    directives: directives ? [...directives] : null,
    events: [...events],
  }
}
