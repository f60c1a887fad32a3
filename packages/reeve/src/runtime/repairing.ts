import { RepairKeeper } from '../autonomy/repair/keeper.ts'
import type { RepairServices } from '../autonomy/repair/repair-services.ts'
import { Repairs, repairWorkflows } from '../autonomy/repair/repairs.ts'
import { repairSettings } from '../autonomy/repair/settings.ts'
import type { Clock } from '../base/time/time.ts'
import type { Engine } from '../engine/engine.ts'
import type { WorkflowRegistry } from '../engine/workflow.ts'
import type { Project } from '../project/load.ts'

type Given = Pick<RepairServices, 'database' | 'questions' | 'writing' | 'newId'> & { clock: Clock }

/** Makes repairs the workflows that they are, of a project that has scripts. */
export function addRepairs(project: Project, workflows: WorkflowRegistry, given: Given): RepairServices {
  const { folder, config } = project
  // What came with a skill is as it was approved: its author mends it.
  const scripts = project.scripts.filter(({ approved }) => approved === undefined)
  const { clock, ...rest } = given
  const settings = repairSettings(config.repair)
  const services = { ...rest, folder, scripts, settings, now: () => clock.now() }
  if (scripts.length > 0) for (const each of repairWorkflows(services)) workflows.add(each)
  return services
}

/** What starts repairs, and what follows the journals for them where the project has a route that is asked for fixes. */
export function repairsOf(
  engine: Engine,
  services: RepairServices,
  routes: ReadonlyMap<string, unknown>,
): { repairs: Repairs; repairKeeper: RepairKeeper } {
  const repairs = new Repairs(engine, services)
  const isOn = services.scripts.length > 0 && routes.has(services.settings.route)
  return { repairs, repairKeeper: new RepairKeeper(engine, repairs, isOn) }
}
