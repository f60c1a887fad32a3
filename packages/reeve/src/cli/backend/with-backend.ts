import { internalsOf } from '../../runtime/runtime.ts'
import type { Cli } from '../cli.ts'
import { withRuntime } from '../terminal/project-runtime.ts'
import { withWorkspace } from '../terminal/workspace.ts'
import type { Backend } from './backend.ts'
import { localBackend } from './local/backend.ts'

/**
 * Opens what a command asks, for as long as `body` takes: the server, where one is named; else the project's own database.
 * `needs: 'code'` loads the project's workflows, too, so that runs can be started and driven.
 */
export async function withBackend<T>(
  cli: Cli,
  body: (backend: Backend) => Promise<T>,
  needs: 'data' | 'code' = 'data',
): Promise<T> {
  if (cli.server) {
    const { remoteBackend } = await import('./remote-backend.ts')
    return body(remoteBackend(cli.server))
  }
  if (needs === 'data') return withWorkspace(cli, (workspace) => body(localBackend(workspace)))
  return withRuntime(cli, (runtime, _onStop, actor) => {
    const { database, engine } = internalsOf(runtime)
    const { environment, project } = runtime
    const workspace = {
      folder: project.folder,
      environment,
      database,
      control: engine.control,
      actor,
      keyProblem: undefined,
    }
    return body(localBackend(workspace, runtime))
  })
}
