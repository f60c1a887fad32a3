import type { ToolOffer } from '../models/solver.ts'

/** The tool that an agent with memory scopes gets. */
export const recallTool = 'recall'

/** An agent, as far as its tools go. */
interface Equipped {
  readonly tools: readonly { name: string }[]
  readonly toolNames: readonly string[]
  readonly team: readonly Equipped[]
}

/** Arguments of a tool are an object; another kind of input travels in its property `input`. */
export function argumentsOf(
  member: { wrapsInput: boolean },
  schema: Record<string, unknown>,
): Record<string, unknown> {
  if (!member.wrapsInput) return schema
  return { type: 'object', properties: { input: schema }, required: ['input'], additionalProperties: false }
}

export function recallOffer(scopes: readonly string[]): ToolOffer {
  return {
    name: recallTool,
    description: 'Searches what this project knows and answers with the passages that fit best.',
    inputSchema: {
      type: 'object',
      properties: { query: { type: 'string' }, scope: { type: 'string', enum: [...scopes] } },
      required: ['query', 'scope'],
      additionalProperties: false,
    },
  }
}

export function nameOf(each: { name: string } | string): string {
  return typeof each === 'string' ? each : each.name
}

/** The names of all tools that an agent or its team lists. */
export function toolsOf({ tools, toolNames, team }: Equipped): string[] {
  return [...tools.map(nameOf), ...toolNames, ...team.flatMap(toolsOf)]
}
