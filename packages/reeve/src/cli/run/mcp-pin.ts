import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readEnvironment } from '../../base/config.ts'
import { messageOf, ReeveError } from '../../base/errors.ts'
import { safeLine } from '../../base/text/one-line.ts'
import { visibleLine } from '../../base/text/visible-text.ts'
import { systemClock } from '../../base/time/time.ts'
import { loadProject } from '../../project/load.ts'
import { mcpServersOf } from '../../project/tools.ts'
import type { McpOffer } from '../../tools/mcp/offers.ts'
import { McpServer } from '../../tools/mcp/outside-server.ts'
import { type Cli, operands } from '../cli.ts'
import { confirmed } from '../terminal/confirm.ts'
import { type ExitCode, exitCodes } from '../terminal/exit-codes.ts'
import { projectFolder } from '../terminal/workspace.ts'

/**
 * Shows what the MCP servers of the project, or those that a file exports, offer, against what is pinned, and pins exactly
 * that when told to.
 */
export async function mcpPin(cli: Cli, options: { yes?: boolean }, file?: string): Promise<ExitCode> {
  const { terminal } = cli
  const servers = file === undefined ? await serversOfProject(cli) : await serversIn(resolve(file))
  try {
    for (const server of servers) {
      const offers = await server.offers()
      for (const offer of offers) show(cli, server, offer)
      const asks = !options.yes && !terminal.json && process.stdin.isTTY
      const pinning = options.yes === true || (asks && (await confirmed(`Pin what ${server.name} offers?`)))
      if (pinning) await server.pin(offers)
      terminal.valueLine({ server: server.name, pinned: pinning, file: server.pinsPath, offers })
      terminal.line(
        pinning
          ? `pinned in ${server.pinsPath}`
          : `Nothing was pinned. To pin it: ${cli.command('mcp', 'pin', '--yes', ...operands(...(file === undefined ? [] : [file])))}`,
      )
    }
  } finally {
    for (const server of servers) await server.close()
  }
  return exitCodes.done
}

/** @throws `no-mcp-server` */
async function serversOfProject(cli: Cli): Promise<McpServer[]> {
  const folder = projectFolder(cli)
  const edges = { clock: systemClock, environment: readEnvironment(folder) }
  const servers = await mcpServersOf(await loadProject(folder), edges)
  if (servers.length > 0) return servers
  throw new ReeveError(
    'no-mcp-server',
    `The project has no MCP server. Name one in reeve.config.ts: mcp: { NAME: { command: … } }`,
  )
}

/** @throws `broken-file` `no-mcp-server` */
async function serversIn(file: string): Promise<McpServer[]> {
  let exported: unknown[]
  try {
    exported = Object.values((await import(pathToFileURL(file).href)) as object)
  } catch (cause) {
    throw new ReeveError('broken-file', `${file} cannot be loaded: ${messageOf(cause)}`, { cause })
  }
  const servers = exported.flat().filter((value) => value instanceof McpServer)
  if (servers.length > 0) return [...new Set(servers)]
  throw new ReeveError('no-mcp-server', `${file} exports no MCP server: export const NAME = mcpServer({ … })`)
}

/** All of what would be pinned, unless it is already: nobody can judge a part. */
function show(
  cli: Cli,
  server: McpServer,
  { definition, state, changes, warnings, problem }: McpOffer,
): void {
  const { terminal } = cli
  const { dim, red, yellow, green } = terminal.colors
  const color = { pinned: green, new: yellow, changed: red, refused: red }[state]
  const { kind, name, title, description, inputSchema, outputSchema, annotations } = definition
  const shownName = `${server.name}.${kind === 'prompt' ? 'prompt.' : ''}${visibleLine(name)}`
  terminal.line(
    `${color(state.padEnd(8))} ${shownName}${title === undefined ? '' : ` (${visibleLine(title)})`}`,
  )
  for (const line of [...changes, ...warnings, ...(problem === null ? [] : [problem])]) {
    terminal.line(`         ${red('!')} ${safeLine(line)}`)
  }
  if (state === 'pinned') return
  const part = (label: string, lines: string[]) => {
    for (const [index, line] of lines.entries()) {
      terminal.line(`         ${dim(index === 0 ? label.padEnd(12) : ' '.repeat(12))} ${line}`)
    }
  }
  part('says', description.split('\n').map(visibleLine))
  part('takes', jsonLines(inputSchema))
  if (outputSchema) part('gives', jsonLines(outputSchema))
  if (annotations) part('claims', jsonLines(annotations))
}

function jsonLines(value: unknown): string[] {
  return JSON.stringify(value, null, 2).split('\n').map(visibleLine)
}
