import { WorkflowRegistry } from '../engine/workflow.ts'
import type { Project } from './load.ts'

/** The workflows of a project, by name and version. @throws `duplicate-workflow` */
export function registryOf(project: Project): WorkflowRegistry {
  const registry = new WorkflowRegistry()
  for (const workflow of project.workflows) registry.add(workflow)
  return registry
}
