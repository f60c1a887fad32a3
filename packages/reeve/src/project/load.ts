import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type AnyAgent, isAgent } from '../agents/agent.ts'
import { agentsOf } from '../agents/known-agents.ts'
import type { Daemon } from '../autonomy/daemon/daemon.ts'
import type { Directive } from '../autonomy/directives/directive.ts'
import type { Known } from '../autonomy/directives/known.ts'
import { loadDirectives } from '../autonomy/directives/load-directives.ts'
import type { Goal } from '../autonomy/goals/goal.ts'
import { loadScripts } from '../autonomy/scripts/load-scripts.ts'
import type { Script } from '../autonomy/scripts/script.ts'
import { approvedScripts, loadSkills } from '../autonomy/skills/load-skills.ts'
import type { Skill } from '../autonomy/skills/skill.ts'
import { messageOf, ReeveError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { jsonSchemaIn } from '../base/schema/schema.ts'
import { describeValue } from '../base/text/shorten.ts'
import { connectionsOf } from '../connectors/host/of-project.ts'
import { isWorkflow, type Workflow } from '../engine/workflow.ts'
import type { PolicyFile } from '../governance/policies/policy-bench.ts'
import type { JsonSchemaObject } from '../tools/json-schema/json-schema.ts'
import type { McpServer } from '../tools/mcp/outside-server.ts'
import { checkToolName, isTool, type Tool } from '../tools/tool.ts'
import { uniqueTools } from '../tools/unique-tools.ts'
import { checkConfig } from './check-config.ts'
import type { ProjectConfig } from './config.ts'
import { loadDaemons, loadGoals, uniqueNames } from './files/daemons.ts'
import { filesIn, nameOf, refuseTwice } from './files/files-in.ts'
import { importDefault, importFile } from './files/import-file.ts'
import { checkProjectName } from './name.ts'

/** A project as it was loaded. */
export interface Project {
  folder: string
  config: ProjectConfig
  workflows: Workflow[]
  /** Those of the configuration and of the files of `tools/`. */
  tools: Tool[]
  /** MCP servers that files of `tools/` export. */
  mcpServers: McpServer[]
  /** Those of the configuration, and those that files of `agents/`, `workflows/` and `tools/` export, with their teams. */
  agents: AnyAgent[]
  /** Those of the configuration, and those that the files of `daemons/` export. */
  daemons: Daemon[]
  /** Standing goals: those of the configuration, and those that the files of `goals/` export. */
  goals: Goal[]
  /** The files of `policies/`. They are read in a thread of their own, when the project is opened. */
  policies: PolicyFile[]
  /** The files of `scripts/`. Each is a tool too. */
  scripts: Script[]
  /** The folders of `skills/`; of their scripts, those that were approved are among `scripts`. */
  skills: Skill[]
  /** The files of `directives/`. */
  directives: Directive[]
}

/**
 * A project from its configuration alone, without files: for embedding and tests.
 * @throws `bad-option`
 * @example
 * import { projectOf, workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * const greet = workflow({ name: 'greet', input: z.string(), run: async (_, name) => `Hello ${name}` })
 * export const project = projectOf({ budgets: { day: 1 } }, [greet])
 */
export function projectOf(
  config: ProjectConfig,
  workflows: Project['workflows'],
  folder = process.cwd(),
): Project {
  const lists = { tools: 'objects', agents: 'objects', daemons: 'objects', goals: 'objects' } as const
  checkOptions(config, 'a project', lists)
  return {
    folder,
    config,
    workflows,
    tools: [...(config.tools ?? []), ...actionsOf(config)],
    agents: agentsOf(config.agents ?? [], []),
    mcpServers: [],
    daemons: uniqueNames('daemon', config.daemons ?? []),
    goals: uniqueNames('goal', config.goals ?? []),
    policies: [],
    scripts: [],
    skills: [],
    directives: [],
  }
}

/**
 * The nearest folder, from `from` upwards, that is a project.
 * @throws `no-project`
 * @example
 * import { findProject } from 'reeve'
 *
 * const folder = findProject(process.cwd())
 */
export function findProject(from: string): string {
  const folder = nearestProject(from)
  if (folder !== undefined) return folder
  throw new ReeveError(
    'no-project',
    `There is no reeve.config.ts in ${resolve(from)} or above it. Go to a project's folder, or make one with: reeve init`,
  )
}

/** The same, where there may be none. */
export function nearestProject(from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'reeve.config.ts'))) return folder
    if (folder === dirname(folder)) return undefined
  }
}

/**
 * Imports a project's configuration, workflows and tools. A file's name is the name of its workflow, or of the tool that
 * it exports as its default.
 * @throws `broken-file` `bad-workflow` `duplicate-workflow` `bad-config` `bad-agent` `bad-tool` `duplicate-tool` `bad-daemon`
 *   `bad-goal` `bad-script` `bad-skill` `bad-directive` `bad-duration` `bad-number` `bad-text`
 * @example
 * import { findProject, loadProject } from 'reeve'
 *
 * const { workflows, tools } = await loadProject(findProject(process.cwd()))
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
  checkConfig(config)
  const placed: { workflow: Workflow; file: string }[] = []
  const exported: unknown[] = []
  for (const file of filesIn(join(folder, 'workflows'))) {
    const its = await importFile(file, folder)
    placed.push({ workflow: workflowIn(its.default, file), file })
    exported.push(...Object.values(its).flat().filter(isAgent))
  }
  refuseTwice(placed)
  const workflows = placed.map(({ workflow }) => workflow)
  for (const file of filesIn(join(folder, 'agents'))) {
    const its = await importFile(file, folder)
    refuseOther(its.default, file, 'agent', isAgent)
    exported.push(...Object.values(its).flat().filter(isAgent))
  }
  for (const file of filesIn(join(folder, 'tools'))) exported.push(...(await loadTools(file, folder)))
  const skills = await loadSkills(folder)
  const scripts = [...(await loadScripts(folder)), ...approvedScripts(skills)]
  const tools = uniqueTools(
    [...(config.tools ?? []), ...actionsOf(config)],
    exported.filter(isTool),
    scripts.map((script) => script.tool),
  )
  const mcpServers = [...new Set(exported.filter(isMcpServer))]
  const policies = filesIn(join(folder, 'policies')).map((file) => ({
    name: nameOf(file),
    file,
  }))
  const agents = agentsOf(config.agents ?? [], exported)
  const directives = await loadDirectives(folder, knownOf({ config, workflows, tools, scripts, skills }))
  const daemons = await loadDaemons(filesIn(join(folder, 'daemons')), folder, config.daemons)
  const goals = await loadGoals(filesIn(join(folder, 'goals')), folder, config.goals)
  return {
    folder,
    config,
    workflows,
    tools,
    agents,
    mcpServers,
    daemons,
    goals,
    policies,
    scripts,
    skills,
    directives,
  }
}

function actionsOf(config: ProjectConfig): Tool[] {
  return connectionsOf(config).flatMap(({ tools }) => tools)
}

/** What the directives of a project may name. */
export function knownOf({
  config,
  workflows,
  tools,
  scripts,
  skills,
}: Pick<Project, 'config' | 'workflows' | 'tools' | 'scripts' | 'skills'>): Known {
  return {
    quarantined: skills.flatMap((skill) => skill.scripts.filter(({ quarantined }) => quarantined !== null)),
    scripts: scripts.map(({ name, file, tool, manifest }) => ({
      name,
      file,
      tool: tool.name,
      inputs: manifest.inputs,
      output: manifest.output,
    })),
    tools,
    workflows: workflows.map(({ name, input, output }) => ({
      name,
      input: jsonSchemaIn(input) as JsonSchemaObject | null,
      output: output ? (jsonSchemaIn(output) as JsonSchemaObject | null) : null,
    })),
    routes: Object.keys(config.routes ?? {}),
  }
}

/** What a file of `tools/` exports, alone or in lists. A tool without a name has that of its file. */
async function loadTools(file: string, folder: string): Promise<unknown[]> {
  const exported = await importFile(file, folder)
  refuseOther(exported.default, file, 'tool', (each) => isTool(each) || isMcpServer(each) || isAgent(each))
  if (isTool(exported.default) && exported.default.name === '') {
    const name = nameOf(file)
    try {
      checkToolName(name)
    } catch (cause) {
      throw new ReeveError('bad-tool', `${file}: ${messageOf(cause)}`, { cause })
    }
    exported.default.name = name
  }
  const found = Object.values(exported).flat()
  const nameless = found.find((each) => isTool(each) && each.name === '')
  if (!nameless) return found
  const advice = 'Give it a name, or make it the default export.'
  throw new ReeveError('bad-tool', `${file} exports a tool without a name. ${advice}`)
}

/** A default export is meant as what its folder is for: to leave it out in silence would hide a mistake. */
function refuseOther(
  exported: unknown,
  file: string,
  kind: 'tool' | 'agent',
  isOne: (value: unknown) => boolean,
): void {
  if (exported === undefined || [exported].flat().some(isOne)) return
  throw new ReeveError(
    `bad-${kind}`,
    `${file} has a default export that was not made by ${kind}(…): ${describeValue(exported)}. Write: export default ${kind}({ … }). A helper has no default export, or lies elsewhere.`,
  )
}

function isMcpServer(value: unknown): value is McpServer {
  return (
    typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-mcp-server'
  )
}

/** @throws `bad-workflow` */
function workflowIn(exported: unknown, file: string): Workflow {
  if (!isWorkflow(exported)) {
    const found = exported === undefined ? 'nothing' : `a ${typeof exported}`
    throw new ReeveError(
      'bad-workflow',
      `${file} must export a workflow as its default (export default workflow({ … })); it exports ${found}. A helper has a name that begins with _, or lies elsewhere.`,
    )
  }
  if (exported.name === '') exported.name = nameOf(file)
  return exported
}
