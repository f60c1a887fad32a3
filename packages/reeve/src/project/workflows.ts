import { directiveOf } from '../autonomy/directives/directive.ts'
import { ReeveError } from '../base/errors.ts'
import { isReserved, WorkflowRegistry } from '../engine/workflow.ts'
import type { Project } from './load.ts'

/** The workflows of a project, by name and version. @throws `duplicate-workflow` `bad-workflow` */
export function registryOf(project: Project): WorkflowRegistry {
  const registry = new WorkflowRegistry()
  for (const workflow of project.workflows) {
    if (isReserved(workflow.name) || directiveOf(workflow.name) !== undefined)
      throw new ReeveError(
        'bad-workflow',
        `A workflow is called "${workflow.name}", and names that begin with "reeve." or "directive:" are the runtime's own. Rename it.`,
      )
    registry.add(workflow)
  }
  return registry
}
