import { schemaOfCall } from '../../autonomy/directives/check-calls.ts'
import { directiveWorkflow } from '../../autonomy/directives/directive-workflow.ts'
import { readDirectives } from '../../autonomy/directives/load-directives.ts'
import type { DirectiveWriting } from '../../autonomy/directives/versions/write-directive.ts'
import type { WorkflowRegistry } from '../../engine/workflow.ts'
import type { RouteDefinition } from '../../models/route/route.ts'
import type { Database } from '../../store/database.ts'
import { answerersOf } from '../../store/journal/said.ts'
import { knownOf, type Project } from '../load.ts'

/** Makes each directive of a project the workflow that it is. */
export function addDirectives(
  project: Project,
  into: { workflows: WorkflowRegistry; database: Database; routes: ReadonlyMap<string, RouteDefinition> },
): void {
  const { directives, folder } = project
  if (directives.length === 0) return
  const { workflows, database, routes } = into
  const byName = new Map(directives.map((directive) => [directive.name, directive]))
  const services = {
    project: folder,
    schemaOf: schemaOfCall(knownOf(project), byName),
    modelsOf: (route: string) => routes.get(route)?.solvers.map(({ name }) => name) ?? [],
    modelsUsed: (run: string) => answerersOf(database, run),
  }
  for (const directive of directives) workflows.add(directiveWorkflow(directive, services))
}

/** What writes the files of a project's directives. */
export function directiveWritingOf(project: Project, database: Database): DirectiveWriting {
  const { directives, folder } = project
  return {
    database,
    folder,
    directives,
    async check(directive, text) {
      const sources = directives.map((each) => (each === directive ? { ...each, text } : each))
      const { problems } = await readDirectives(sources, knownOf(project))
      return problems.filter(({ file }) => file === directive.file)
    },
  }
}
