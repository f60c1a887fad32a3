import { type Environment, keysIn } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import { refuseUnknownOptions } from '../base/options.ts'
import { type Duration, type Moment, toMs } from '../base/time/time.ts'
import type { Workflow } from '../engine/workflow.ts'
import { referenceTo } from '../models/providers/provider.ts'
import type { Solver } from '../models/solver.ts'
import type { ProjectConfig } from '../project/config.ts'
import { loadProject, type Project, projectOf } from '../project/load.ts'
import type { Tool } from '../tools/tool.ts'
import type { Mock } from './life/watched-bodies.ts'

/** For `testRuntime`. */
export interface TestOptions {
  /** The folder of a project: its workflows, tools, policies and configuration are loaded. */
  project?: string | undefined
  /** Workflows, or workflows by name for those that have none. */
  workflows?: readonly Workflow[] | { readonly [name: string]: Workflow } | undefined
  /** Beside those of the project. */
  tools?: readonly Tool[] | undefined
  /** As in `reeve.config.ts`; of a project what it names stands in the place of the project's own. */
  config?: ProjectConfig | undefined
  /** What stands in for tools, by their names. Schemas, grants, approvals and the journal are the tool's own. */
  mocks?: { readonly [tool: string]: Mock } | undefined
  /**
   * Tools that really act in this test, or `'all'`. Default: none. A tool that changes anything and has no mock fails its call, and does
   * nothing. Tools that only read run as they are, and actions of connectors reach stand-ins alone.
   */
  live?: readonly string[] | 'all' | undefined
  /**
   * So long something outside of this process (a server of the test, a file) may take in real time without any change, before
   * the test fails and names it. Time in which the process itself got none does not count. Default 30 seconds.
   */
  patience?: Duration | undefined
  /** What time it is when the test begins. Default 2026-01-01T00:00:00Z. */
  at?: Moment | undefined
  /**
   * A database file, which outlives the test: another one goes on from it, also after this process was killed. Default: a database
   * in memory.
   */
  file?: string | undefined
  /**
   * Keys and addresses of models (`OPENAI_API_KEY`, `OLLAMA_BASE_URL`); of `process.env` nothing else is taken. Default: none, so that no
   * hosted model is asked.
   */
  keys?: Readonly<Record<string, string | undefined>> | undefined
  /** @internal Makes ids for a time (ms), in the place of chance: what goes by ids goes the same in each test. */
  idFor?: ((at: number) => string) | undefined
  /** @internal The most runs driven at once. Of 1, none sees another at work: what is due at one moment goes one after the other. */
  atOnce?: number | undefined
}

const optionNames = [
  ...[
    'project',
    'workflows',
    'tools',
    'config',
    'mocks',
    'live',
    'patience',
    'at',
    'file',
    'keys',
    'idFor',
    'atOnce',
  ],
] as const satisfies (keyof TestOptions)[]

/** What a test runs. */
export async function projectFor(options: TestOptions): Promise<Project> {
  refuseUnknownOptions(options, 'A test', optionNames)
  const { project: folder, workflows = [], tools = [], config = {}, keys = {} } = options
  const named = Object.entries(workflows).map(([name, workflow]) => {
    if (workflow.name === '' && !Array.isArray(workflows)) workflow.name = name
    return workflow as Workflow
  })
  if (folder === undefined) {
    const all = { knowledge: [], ...config, tools: [...(config.tools ?? []), ...tools] }
    return projectOf(withoutAddresses(all, keys), named)
  }
  const project = await loadProject(folder)
  return {
    ...project,
    config: withoutAddresses({ ...project.config, ...config }, keys),
    workflows: [...project.workflows, ...named],
    tools: [...project.tools, ...tools],
  }
}

/**
 * The address of a server of the project's own stands in its `.env`, which a test does not read: a test that asks none of its
 * models runs without it, and one that does fails at the question.
 */
function withoutAddresses(config: ProjectConfig, keys: NonNullable<TestOptions['keys']>): ProjectConfig {
  if (config.routes === undefined) return config
  const routes = Object.entries(config.routes).map(([name, route]) => {
    const solvers = route.solvers.map((solver) => (typeof solver === 'string' ? named(solver, keys) : solver))
    return [name, { ...route, solvers }] as const
  })
  return { ...config, routes: Object.fromEntries(routes) }
}

function named(name: string, keys: NonNullable<TestOptions['keys']>): Solver | string {
  try {
    referenceTo(name, undefined, keys)
    return name
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'unknown-provider') throw error
    const advice = `${error.message} In a test: \`keys\` of \`testRuntime\`.`
    const unusable = new ReeveError('unknown-provider', advice)
    const solve = () => {
      throw unusable
    }
    return { name, kind: 'hosted', solve, unusable } as Solver
  }
}

/** Where the data is, what models there are, and how many runs are driven at once. */
export function givenOf(options: TestOptions, user: string): { environment: Environment; capacity?: number } {
  const { file = ':memory:', keys = {}, atOnce } = options
  const environment: Environment = { database: { kind: 'sqlite', file }, keys: keysIn(keys), user, ci: false }
  return atOnce === undefined ? { environment } : { environment, capacity: atOnce }
}

export function patienceOf({ patience = '30s' }: TestOptions): number {
  return toMs(patience, '`patience` of a test')
}

/** When the test begins (ms). @throws `bad-moment` */
export function startOf(at: Moment | undefined): number | undefined {
  if (at === undefined) return undefined
  const ms = new Date(at).getTime()
  if (Number.isFinite(ms)) return ms
  throw new ReeveError(
    'bad-moment',
    `\`at\` of a test is not a time: ${JSON.stringify(at)}. Give a Date or ISO text.`,
  )
}

/** How long it is until then (ms). @throws `bad-moment` when that is over */
export function msUntil(moment: Moment, now: number): number {
  const ms = new Date(moment).getTime() - now
  if (ms >= 0) return ms
  throw new ReeveError(
    'bad-moment',
    `It is ${new Date(now).toISOString()} in this test; ${JSON.stringify(moment)} is over or no time.`,
  )
}
