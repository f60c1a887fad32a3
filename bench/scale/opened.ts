import { projectOf, Runtime, type RuntimeOptions, readEnvironment } from '../../packages/reeve/src/index.ts'
import type { Place } from './contract.ts'

type Config = Parameters<typeof projectOf>[0]
type Workflows = Parameters<typeof projectOf>[1]

/** A runtime on the place's store, not started. */
export function opened(
  { folder, databaseUrl }: Place,
  workflows: Workflows,
  config: Config = {},
  options: Pick<RuntimeOptions, 'clock' | 'capacity' | 'keptRuns'> = {},
): Promise<Runtime> {
  return Runtime.open({
    project: projectOf(config, workflows, folder),
    environment: readEnvironment(folder, { DATABASE_URL: databaseUrl }),
    ...options,
  })
}
