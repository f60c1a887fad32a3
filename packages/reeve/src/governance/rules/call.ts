import type { Json } from '../../base/json/json.ts'
import type { RunValues } from '../provenance/run-values.ts'
import type { Request } from '../request/request.ts'
import type { ArgumentRole, GovernedTool } from '../tools/governed-tool.ts'

export type Args = Readonly<Record<string, Json | undefined>>

/** A call with what the run knows: what every rule reads. */
export interface JudgedCall {
  tool: GovernedTool
  args: Args
  values: RunValues
  request: Request
  /** Things that an untrusted value changed (a cart, a draft), each with why. */
  taintedThings: ReadonlyMap<string, string>
  /** Delegated values that were already acted upon, as `delegationKey` has them. */
  usedDelegations: ReadonlySet<string>
  /** What calls of the run before have sent, text by text. */
  sent?: readonly string[]
}

/** One text or number of an argument, with what the argument does. */
export interface Argument {
  name: string
  role: ArgumentRole
  value: string | number
}

/** Every text and number of the arguments with this role, also those inside lists and objects. Empty ones say nothing. */
export function argumentsOf({ tool, args }: JudgedCall, wanted: (role: ArgumentRole) => boolean): Argument[] {
  const found: Argument[] = []
  const walk = (name: string, role: ArgumentRole, node: Json | undefined): void => {
    if (typeof node === 'number' || (typeof node === 'string' && node.trim() !== ''))
      found.push({ name, role, value: node })
    else if (Array.isArray(node)) for (const entry of node) walk(name, role, entry)
    else if (typeof node === 'object' && node !== null)
      for (const entry of Object.values(node)) walk(name, role, entry)
  }
  for (const [name, value] of Object.entries(args)) {
    const role = tool.roles[name] ?? 'directs'
    if (wanted(role)) walk(name, role, value)
  }
  return found
}

/** By which a delegated value is remembered as acted upon. */
export function delegationKey(tool: string, { name, value }: Argument): string {
  return `${tool}\u0000${name}\u0000${String(value)}`
}
