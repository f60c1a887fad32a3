import { z } from 'zod'
import type { Json } from '../../../base/json/json.ts'
import { jsonSchemaIn } from '../../../base/schema/schema.ts'
import { effectClasses } from '../../../store/journal/vocabulary/effect-class.ts'
import type { Tool } from '../../../tools/tool.ts'
import { read } from '../../http/endpoint.ts'
import { givenSchema, json, name } from '../parts.ts'

const tool = z.object({
  name,
  description: z.string(),
  effect: z.enum(effectClasses).describe('Of its gravest call'),
  risk: z.enum(['low', 'medium', 'high']).describe('Of its gravest call'),
  connection: name
    .nullable()
    .describe('Of a connector, by whose account it acts; null: it is no action of one'),
  secrets: z.array(name).describe('The names of those that its calls may open'),
  isUndoable: z.boolean().describe('It says how its effect is undone'),
  input: json.nullable().describe('JSON Schema of its arguments; null where it cannot be told'),
  output: json.nullable().describe('JSON Schema of what it gives; null where it cannot be told'),
})

const list = read({
  path: '/api/tools',
  role: 'viewer',
  summary: 'List the tools that runs may call: of the project, of its connectors and of its MCP servers',
  description: 'Who may call which: `GET /api/agents`, `GET /api/workflows`, `GET /api/grants/who`.',
  answer: z.object({ items: z.array(tool) }),
  async tell({ service: { internals, project } }) {
    const known = new Map(internals.allTools().map((each) => [each.name, each]))
    // An agent in code alone may have tools that nothing else names.
    for (const each of project.agents.flatMap(({ tools: its }) => its)) known.set(each.name, each)
    const all = [...known.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
    return { items: all.map(view) }
  },
})

function view(its: Tool): z.input<typeof tool> {
  const { name: called, description, effect, risk, service, secrets, undo, input, output } = its
  return {
    name: called,
    description,
    effect,
    risk,
    connection: service?.connection ?? null,
    secrets: [...secrets],
    isUndoable: undo !== undefined,
    input: jsonSchemaIn(input) as Json | null,
    output: givenSchema(output),
  }
}

export const tools = { list }
