import { ReeveError } from '../../base/errors.ts'
import { nearestName } from '../../base/text/nearest-name.ts'
import { internalsOf, type Runtime } from '../../runtime/runtime.ts'
import type { TestOptions } from '../test-options.ts'

/** The tools that the options of a test name. */
export function namedTools({ mocks = {}, live = [] }: TestOptions): string[] {
  return [...Object.keys(mocks), ...(live === 'all' ? [] : live)]
}

/**
 * A misspelt name of a tool would be passed over in silence. One that only a workflow's own code has cannot be known: a name is refused
 * where a known one is nearly the same.
 * @throws `unknown-tool`
 */
export function refuseMisspelt(
  names: readonly string[],
  runtime: Runtime,
  others: readonly string[] = [],
): void {
  const ofAgents = runtime.project.agents.flatMap(({ toolNames }) => toolNames)
  const known = [
    ...new Set([
      ...internalsOf(runtime)
        .allTools()
        .map(({ name }) => name),
      ...ofAgents,
      ...others,
    ]),
  ]
  for (const name of names) {
    const near = known.includes(name) ? undefined : nearestName(name, known)
    if (near === undefined) continue
    throw new ReeveError(
      'unknown-tool',
      `This test names the tool "${name}", and there is none. Did you mean "${near}"?`,
    )
  }
}
