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

/** What `use` gives of a started runtime, which is stopped in any case. */
export async function onRuntime<T>(
  place: Place,
  workflows: Workflows,
  use: (runtime: Runtime) => Promise<T>,
  config: Config = {},
  options: Parameters<typeof opened>[3] = {},
): Promise<T> {
  const runtime = await opened(place, workflows, config, options)
  try {
    await runtime.start()
    return await use(runtime)
  } finally {
    await runtime.stop()
  }
}
