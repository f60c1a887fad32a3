import { basename, extname } from 'node:path'
import { type Daemon, isDaemon } from '../../autonomy/daemon/daemon.ts'
import type { NamedDaemon } from '../../autonomy/daemon/look/look.ts'
import { type Goal, isGoal } from '../../autonomy/goals/goal.ts'
import { ReeveError } from '../../base/errors.ts'
import { importDefault } from './import-file.ts'

/** The daemons of a configuration and of the files of `daemons/`. @throws `bad-daemon` */
export function loadDaemons(
  files: readonly string[],
  folder: string,
  configured: readonly Daemon[] = [],
): Promise<Daemon[]> {
  return loadNamed('daemon', isDaemon, files, folder, configured)
}

/** The same of `goals/`. @throws `bad-goal` */
export function loadGoals(
  files: readonly string[],
  folder: string,
  configured: readonly Goal[] = [],
): Promise<Goal[]> {
  return loadNamed('goal', isGoal, files, folder, configured)
}

/** A file's name is that of what it exports as its default. */
async function loadNamed<T extends { name: string }>(
  kind: 'daemon' | 'goal',
  isOne: (value: unknown) => value is T,
  files: readonly string[],
  folder: string,
  configured: readonly T[],
): Promise<T[]> {
  const loaded: T[] = []
  for (const file of files) {
    const exported = await importDefault(file, folder)
    if (!isOne(exported))
      throw new ReeveError(
        `bad-${kind}`,
        `${file} must export a ${kind} as its default (export default ${kind}({ … })); it exports ${exported === undefined ? 'nothing' : `a ${typeof exported}`}.`,
      )
    if (exported.name === '') exported.name = basename(file, extname(file))
    loaded.push(exported)
  }
  return uniqueNames(kind, [...configured, ...loaded])
}

/** @throws `bad-daemon` `bad-goal` when two have one name, or one has none */
export function uniqueNames<T extends { name: string }>(kind: 'daemon' | 'goal', all: readonly T[]): T[] {
  const byName = Map.groupBy(new Set(all), ({ name }) => name)
  for (const [name, same] of byName) {
    if (name === '')
      throw new ReeveError(`bad-${kind}`, `A ${kind} of the configuration has no name. Give it a \`name\`.`)
    if (same.length > 1)
      throw new ReeveError(`bad-${kind}`, `There are two ${kind}s named "${name}". Rename one.`)
  }
  return [...byName.values()].map(([one]) => one!)
}

/**
 * The daemons of a project with the goals that they serve, and all goals, those that stand in daemons too.
 * @throws `bad-daemon` when one names a goal that there is none of, `bad-goal` when two have one name
 */
export function namedDaemons({ daemons, goals }: { daemons: readonly Daemon[]; goals: readonly Goal[] }): {
  daemons: NamedDaemon[]
  goals: Goal[]
} {
  const inline = daemons.flatMap((daemon) => daemon.goals.filter((each) => typeof each !== 'string'))
  const all = uniqueNames('goal', [...goals, ...inline])
  const byName = new Map(all.map((goal) => [goal.name, goal]))
  const goalOf = (daemon: Daemon, given: Goal | string): Goal => {
    if (typeof given !== 'string') return given
    const found = byName.get(given)
    if (found) return found
    throw new ReeveError(
      'bad-daemon',
      `Daemon "${daemon.name}" serves the goal "${given}", which the project does not have. It has: ${[...byName.keys()].join(', ') || 'none'}.`,
    )
  }
  return {
    daemons: daemons.map((daemon) => ({ daemon, goals: daemon.goals.map((each) => goalOf(daemon, each)) })),
    goals: all,
  }
}
