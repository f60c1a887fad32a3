import { z } from 'zod'
import { messageOf, ReeveError } from '../../../base/errors.ts'
import { isoText } from '../../../base/time/time.ts'
import type { McpOffer } from '../../../tools/mcp/offers.ts'
import type { McpServer } from '../../../tools/mcp/outside-server.ts'
import { read, write } from '../../http/endpoint.ts'
import { name, time } from '../parts.ts'

const server = z.object({
  name,
  way: z.string().describe('Its command, or where it is; without arguments and paths'),
  state: z
    .enum(['unused', 'up', 'lost', 'closed'])
    .describe('In the process that answers. `unused`: it is started when a run needs it'),
  losses: z.number().int().describe('Within ten minutes'),
  problem: z.object({ at: time, message: z.string() }).nullable().describe('Untrusted'),
  pinned: z.array(z.string()).describe('Its tools and prompts that a person accepted: only those are called'),
  pinProblem: z.string().nullable().describe('Why nothing of it can be used'),
})

const offer = z.object({
  kind: z.enum(['tool', 'prompt']),
  name: z.string(),
  state: z.enum(['pinned', 'new', 'changed', 'refused']),
  changes: z.array(z.string()).describe('Untrusted'),
  warnings: z.array(z.string()),
  problem: z.string().nullable(),
})

const list = read({
  path: '/api/mcp-servers',
  role: 'viewer',
  summary: 'List the MCP servers whose tools runs may use, with how they stand',
  answer: z.object({ items: z.array(server) }),
  tell: async ({ service: { internals } }) => ({ items: internals.mcpServers.map(viewOf) }),
})

const look = write({
  method: 'POST',
  path: '/api/mcp-servers/:server/look',
  role: 'operator',
  summary: 'Check what an MCP server offers now against what is pinned: it is started, or reached again',
  params: z.strictObject({ server: name }),
  answer: server.extend({ offers: z.array(offer).nullable().describe('Null: it did not answer') }),
  // What it offers is asked when the answer is told: a repeat under the same key looks again.
  act: async ({ service, params }) => ({
    subject: requireServer(service.internals.mcpServers, params.server).name,
  }),
  async tell({ service: { internals, clock } }, its) {
    const found = requireServer(internals.mcpServers, its)
    try {
      const offers = (await found.offers()).map(offerView)
      return { ...viewOf(found), offers }
    } catch (error) {
      const view = viewOf(found)
      const problem = view.problem ?? { at: isoText(clock.now()), message: messageOf(error) }
      return { ...view, problem, offers: null }
    }
  },
})

export const mcpServers = { list, look }

function viewOf({ name: its, standing }: McpServer): z.output<typeof server> {
  const { way, state, losses, problem, pinned, pinProblem } = standing
  const told = problem && { at: isoText(problem.at), message: problem.message }
  return { name: its, way, state, losses, problem: told, pinned, pinProblem }
}

function offerView({ definition, state, changes, warnings, problem }: McpOffer): z.output<typeof offer> {
  return { kind: definition.kind, name: definition.name, state, changes, warnings, problem }
}

/** @throws `no-mcp-server` */
function requireServer(all: readonly McpServer[], wanted: string): McpServer {
  const found = all.find((each) => each.name === wanted)
  if (found) return found
  throw new ReeveError(
    'no-mcp-server',
    `There is no MCP server "${wanted}" in this project. There are: ${all.map((each) => each.name).join(', ') || 'none'}.`,
  )
}
