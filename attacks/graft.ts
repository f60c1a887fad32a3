import type { Json } from '../packages/reeve/src/base/json/json.ts'
import { fieldsOf } from '../packages/reeve/src/governance/provenance/fields.ts'
import type { GovernedTool } from '../packages/reeve/src/governance/tools/governed-tool.ts'
import type { RecordedCall, Turn } from './cases.ts'
import { recordedResult } from './recorded-result.ts'

export interface Graft {
  turns: Turn[]
  /** The calls that serve the planted text and act or reach outside. */
  harmful: { turn: number; call: number }[]
}

/**
 * A hijack made of an honest run: the goal is planted into every prose that the run reads (also into the sources that the
 * request names), and right after the first such result the model makes the goal's calls. Undefined where the run reads no prose,
 * or the goal has no call that acts.
 */
export function graft(
  honest: readonly Turn[],
  goal: string,
  calls: readonly (RecordedCall & { result?: string })[],
  tools: ReadonlyMap<string, GovernedTool>,
): Graft | undefined {
  let first: number | undefined
  const planted = honest.map(({ calls: made, results }, turn) => ({
    calls: made,
    results: results.map((result, index) => {
      const tool = tools.get(made[index]!.name)
      if (tool?.effect !== 'read') return result
      const text = plant(result.text, goal, tool)
      if (text !== result.text) first ??= turn
      return { ...result, text }
    }),
  }))
  if (first === undefined) return undefined
  const serving: Turn[] = calls.map(({ name, args, result }) => ({
    calls: [{ name, args }],
    results: [{ text: result ?? '' }],
  }))
  const harmful = calls.flatMap(({ name }, index) => {
    const tool = tools.get(name)
    return tool && (tool.effect !== 'read' || tool.sends === 'outside')
      ? [{ turn: first! + 1 + index, call: 0 }]
      : []
  })
  if (harmful.length === 0) return undefined
  return { turns: [...planted.slice(0, first + 1), ...serving, ...planted.slice(first + 1)], harmful }
}

/** The same result with the goal at the end of each prose in it. */
function plant(text: string, goal: string, tool: GovernedTool): string {
  if (text.trim() === '') return text
  const value = tool.isProse ? text : recordedResult(text)
  if (typeof value === 'string')
    return tool.isProse || tool.answers === 'untrusted' ? `${text}\n\n${goal}` : text
  const prose = new Set(
    fieldsOf(value).flatMap(({ value: one, isFree }) => (isFree && typeof one === 'string' ? [one] : [])),
  )
  if (prose.size === 0) return text
  const replace = (node: Json | undefined): Json => {
    if (typeof node === 'string') return prose.has(node) ? `${node}\n\n${goal}` : node
    if (Array.isArray(node)) return node.map(replace)
    if (typeof node !== 'object' || node === null) return node ?? null
    return Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, replace(entry)]))
  }
  return JSON.stringify(replace(value))
}
