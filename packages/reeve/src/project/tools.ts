import { join } from 'node:path'
import { Toolbox } from '../agents/toolbox.ts'
import type { Environment } from '../base/config.ts'
import { ReeveError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { nameAdvice } from '../base/text/nearest-name.ts'
import { describeValue } from '../base/text/shorten.ts'
import type { Clock } from '../base/time/time.ts'
import { checkToolsOf, type PreparedGrant } from '../governance/grants/grant.ts'
import type { McpServer } from '../tools/mcp/outside-server.ts'
import type { Tool } from '../tools/tool.ts'
import type { Project } from './load.ts'

/** The MCP servers of a project, of its configuration and of its files. None is started by this. @throws `bad-mcp-server` */
export async function mcpServersOf(
  { folder, config, mcpServers }: Project,
  edges: { clock: Clock; environment: Environment },
): Promise<McpServer[]> {
  const configured = Object.entries(config.mcp ?? {})
  if (configured.length === 0) return mcpServers
  const { mcpServer } = await import('../tools/mcp/outside-server.ts')
  const connection = { clock: edges.clock, environment: edges.environment.variables ?? {} }
  const made = configured.map(([name, definition]) =>
    mcpServer({ pins: join(folder, 'mcp-pins.json'), ...definition, name }, connection),
  )
  const servers = [...mcpServers, ...made]
  for (const { name } of made) {
    if (servers.filter((each) => each.name === name).length === 1) continue
    throw new ReeveError('bad-mcp-server', `There are two MCP servers named "${name}". Rename one.`)
  }
  return servers
}

/**
 * That each grant of a workflow's code is for a tool that there is. A project in code alone need not name its tools.
 * @throws `grant-without-tool`, which names the workflow
 */
export function checkWorkflowGrants({ workflows }: Project, toolbox: Toolbox): void {
  if (toolbox.names().length === 0) return
  for (const workflow of workflows) {
    const grants = workflow.grants as readonly PreparedGrant[] | undefined
    try {
      // Of tools of a server that is not pinned yet, only its name is known.
      checkToolsOf(
        (grants ?? []).filter(({ source }) => !toolbox.isAbsent(source.tool)),
        toolbox.names(),
      )
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error
      throw new ReeveError(error.code, `Workflow "${workflow.name}": ${error.message}`, {
        details: error.details,
      })
    }
  }
}

/**
 * That the routes and tools that agents and daemons name are there: misspelt, they would fail only in the run that uses them.
 * What budgets name is warned of: agents that are made within workflows are not known.
 * @throws `unknown-route` `unknown-tool`, which name the agent
 */
export function checkNamesOf(
  project: Pick<Project, 'config' | 'workflows' | 'agents' | 'daemons'>,
  { toolbox, routes, log }: { toolbox: Toolbox; routes: readonly string[]; log: Log },
): void {
  const { agents, daemons } = project
  for (const warning of unknownInBudgets(project)) log.warn(warning)
  const asking = [
    ...agents.map(({ name, route }) => ({ who: `Agent "${name}"`, route })),
    // One that has rules decides by them where its route cannot be asked.
    ...daemons
      .filter(({ rules }) => rules === undefined)
      .map(({ name, route }) => ({ who: `Daemon "${name}"`, route })),
  ]
  for (const { who, route } of asking) {
    if (route === undefined || routes.includes(route)) continue
    throw new ReeveError(
      'unknown-route',
      `${who} asks on the route ${describeValue(route)}, and reeve.config.ts has no such route. ${nameAdvice(route, routes)}`,
      { details: { route } },
    )
  }
  for (const { name, toolNames } of agents) {
    const lacking = toolNames.find((tool) => !toolbox.find(tool) && !toolbox.isAbsent(tool))
    if (lacking === undefined) continue
    throw new ReeveError(
      'unknown-tool',
      `Agent "${name}" names the tool ${describeValue(lacking)}, and the project has no such tool. ${nameAdvice(lacking, toolbox.names())}`,
      { details: { name: lacking } },
    )
  }
}

/** Names in budgets that nothing known has: a budget of a misspelt name limits nothing. Agents made within workflows are not known. */
export function unknownInBudgets({
  config,
  workflows,
  agents,
}: Pick<Project, 'config' | 'workflows' | 'agents'>): string[] {
  const { budgets = {} } = config
  const kinds = [
    ['workflow', Object.keys(budgets.workflows ?? {}), workflows.map(({ name }) => name)],
    ['agent', Object.keys(budgets.agents ?? {}), agents.map(({ name }) => name)],
  ] as const
  return kinds.flatMap(([kind, given, known]) =>
    given
      .filter((name) => !known.includes(name))
      .map(
        (name) =>
          `\`budgets\` limits the ${kind} "${name}", and none is known of that name. ${nameAdvice(name, known)}`,
      ),
  )
}

/**
 * The tools of a project and of its MCP servers. A server of which nothing is pinned has none: whoever names one hears
 * why. @throws `duplicate-tool` `bad-pins`
 */
export function toolboxOf(project: Project, servers: readonly McpServer[]): Toolbox {
  const missing = new Map<string, string>()
  const tools: Tool[] = [...project.tools]
  for (const server of servers) {
    try {
      tools.push(...(server.tools() as Tool[]))
    } catch (error) {
      if (!(error instanceof ReeveError && error.code === 'mcp-not-pinned')) throw error
      missing.set(server.name, error.message)
    }
  }
  return new Toolbox(tools, (name) => missing.get(name.split('.')[0]!)?.replace(/\.$/, ''))
}
