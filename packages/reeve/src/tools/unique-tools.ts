import { ReeveError } from '../base/errors.ts'
import { describeValue } from '../base/text/shorten.ts'
import { isTool, type Tool } from './tool.ts'

/**
 * The tools of a project and its MCP servers together. Two that a model could take for one another (the same name, but
 * for case and the signs between its parts) are refused: one server must not stand in for another's tool.
 * @throws `duplicate-tool`
 * @example
 * import { clockTool, fileTools, uniqueTools } from 'reeve/tools'
 *
 * const { read, list } = fileTools({ root: '/srv/reports' })
 * export const tools = uniqueTools([clockTool()], [read, list])
 */
export function uniqueTools(...groups: readonly (readonly Tool[])[]): Tool[] {
  const known = new Map<string, Tool>()
  for (const tool of groups.flat()) {
    if (!isTool(tool))
      throw new ReeveError('bad-tool', `uniqueTools got ${describeValue(tool)}. Give it lists of tools.`)
    const plain = tool.name.toLowerCase().replace(/[._-]+/g, '_')
    const other = known.get(plain)
    if (other && other !== tool) {
      throw new ReeveError(
        'duplicate-tool',
        `Two tools could be taken for one another: "${other.name}" and "${tool.name}". Rename one, or its MCP server.`,
        { details: { tools: [other.name, tool.name] } },
      )
    }
    known.set(plain, tool)
  }
  return [...known.values()]
}
