import { describeInexact, findInexact, findUnsafeInteger } from '../../base/json/exact-json.ts'
import type { Json } from '../../base/json/json.ts'
import type { RepliedCall } from '../reading/reply.ts'
import type { ToolCall, ToolOffer } from '../solver.ts'
import { textBehind } from './wire.ts'

/**
 * The calls of one reply, each under an id of its own: a model may give two calls the same, or none.
 * `isTextKept`: whether arguments come as the model wrote them, not printed anew by who parsed them.
 */
export function toCalls(
  calls: readonly RepliedCall[],
  offers: ReadonlyMap<string, ToolOffer>,
  isTextKept: boolean,
): ToolCall[] {
  const taken = new Set<string>()
  return calls.map(({ id, name, input, providerMetadata }, index) => {
    let own = id || `call-${index + 1}`
    for (let count = 2; taken.has(own); count++) own = `${id || 'call'}-${count}`
    taken.add(own)
    // OpenAI's ids point at items kept there, and Reeve has nothing kept there. Others, such as Google, sign calls.
    const { openai: _kept, ...providerData } = providerMetadata
    return {
      id: own,
      tool: offers.get(name)?.name ?? name,
      ...readArguments(textBehind(input), isTextKept),
      ...(Object.keys(providerData).length > 0 ? { providerData: providerData as Json } : {}),
    }
  })
}

/** Arguments that are no JSON, or that parsing would change, stay as the model wrote them, for it to mend. */
function readArguments(input: string, isTextKept: boolean): Pick<ToolCall, 'args' | 'problem'> {
  if (input.trim() === '') return { args: {} }
  let args: Json
  try {
    args = JSON.parse(input) as Json
  } catch {
    return { args: input }
  }
  const inexact = findInexact(input)
  if (inexact) return { args: input, problem: describeInexact(inexact, ' of the arguments') }
  const unsafe = isTextKept ? undefined : findUnsafeInteger(args)
  if (unsafe === undefined) return { args: args ?? {} }
  const text = String(unsafe)
  return { args, problem: describeInexact({ what: 'inexact-number', text }, ' of the arguments') }
}
