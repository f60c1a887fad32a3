import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, ReeveError } from './base/errors.ts'
import type { Duration } from './base/time.ts'
import type { ScheduleDefinition } from './engine/schedule.ts'
import { isWorkflow, type Workflow } from './engine/workflow.ts'
import type { BudgetPlan } from './models/budget.ts'
import type { PriceTable } from './models/price.ts'
import type { RouteDefinition } from './models/route.ts'
import type { Solver } from './models/solver.ts'
import { checkProjectName } from './project-name.ts'

/** A route as a project writes it: solvers, or the names of hosted models, the cheapest first. */
export type RouteConfig = Omit<RouteDefinition, 'solvers'> & { solvers: (Solver | string)[] }

export interface QueueConfig {
  /** Runs at once, over all workers. */
  concurrency?: number
  /** Runs at once with the same key. */
  perKey?: number
  /** New runs per time. */
  rate?: { count: number; per: Duration }
}

/** Something of the project's own that must be up while runs are driven, such as a local server. */
export interface Service {
  close(): Promise<void>
}

/** What `reeve.config.ts` exports as its default. */
export interface ProjectConfig {
  /**
   * What the project is called, wherever a copy of it runs: its database belongs to it by this name, and refuses other
   * projects. Up to 100 characters. Default: the name in its `package.json`, else its folder's.
   */
  name?: string
  routes?: Record<string, RouteConfig>
  /** Folders and files of knowledge, relative to the project. Default: `knowledge/` when it is there. */
  knowledge?: string[]
  queues?: Record<string, QueueConfig>
  schedules?: Record<string, ScheduleDefinition>
  /** How long ended runs are kept. Default: for ever. */
  retention?: { succeeded?: Duration; failed?: Duration; cancelled?: Duration }
  /** Ceilings on what models may cost. */
  budgets?: BudgetPlan
  /** Prices of models (per million tokens) that go before the list prices. */
  prices?: PriceTable
  /** Started before runs are driven, closed after. */
  services?: () => Promise<Service[]>
}

export interface Project {
  folder: string
  config: ProjectConfig
  workflows: Workflow[]
}

/** Declares a project's configuration. */
export function defineConfig(config: ProjectConfig): ProjectConfig {
  return config
}

/** The nearest folder, from `from` upwards, that is a project. @throws `no-project` */
export function findProject(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'reeve.config.ts'))) return folder
    if (folder === dirname(folder)) break
  }
  throw new ReeveError(
    'no-project',
    `There is no reeve.config.ts in ${resolve(from)} or above it. Go to a project's folder, or make one with: reeve init`,
  )
}

/**
 * Imports a project's configuration and workflows. A file's name is its workflow's name.
 * @throws `broken-file` `bad-workflow` `bad-config`
 */
export async function loadProject(folder: string): Promise<Project> {
  const configFile = join(folder, 'reeve.config.ts')
  const config = (await importDefault(configFile, folder)) as ProjectConfig | undefined
  if (typeof config !== 'object' || config === null) {
    throw new ReeveError(
      'bad-config',
      `${configFile} must have a default export: export default defineConfig({ … })`,
    )
  }
  checkProjectName(config.name, configFile)
  const directory = join(folder, 'workflows')
  const files = existsSync(directory)
    ? readdirSync(directory)
        .filter((file) => /\.(ts|js|mjs)$/.test(file))
        .sort()
    : []
  const workflows: Workflow[] = []
  for (const file of files) workflows.push(await loadWorkflow(join(directory, file), folder))
  return { folder, config, workflows }
}

async function loadWorkflow(file: string, folder: string): Promise<Workflow> {
  const exported = await importDefault(file, folder)
  if (!isWorkflow(exported)) {
    const found = exported === undefined ? 'nothing' : `a ${typeof exported}`
    throw new ReeveError(
      'bad-workflow',
      `${file} must export a workflow as its default (export default workflow({ … })); it exports ${found}.`,
    )
  }
  if (exported.name === '') exported.name = basename(file, extname(file))
  return exported
}

async function importDefault(file: string, folder: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(file).href)) as { default?: unknown }).default
  } catch (cause) {
    const where = cause instanceof Error ? placeIn(cause, folder) : undefined
    if (cause instanceof ReeveError) {
      const { code, details } = cause
      throw new ReeveError(code, `${where ?? file}: ${cause.message}`, { cause, details })
    }
    throw new ReeveError(
      'broken-file',
      `${where ?? file} cannot be loaded: ${messageOf(cause).split('\n')[0]}`,
      { cause },
    )
  }
}

/** The first `file:line` of the project's own that an import error names, as a path or as a URL. */
function placeIn(error: Error, folder: string): string | undefined {
  const stack = error.stack ?? ''
  for (const root of [join(folder, '/'), pathToFileURL(join(folder, '/')).href]) {
    for (let at = stack.indexOf(root); at >= 0; at = stack.indexOf(root, at + root.length)) {
      const [, path, line] = /^([^\n:]+):(\d+)/.exec(stack.slice(at + root.length)) ?? []
      if (path === undefined || path.includes('node_modules/')) continue
      return `${join(folder, root.startsWith('file:') ? decodeURI(path) : path)}:${line}`
    }
  }
  return undefined
}
