import { parse } from '../../src/base/schema/schema.ts'
import type { Tool } from '../../src/tools/tool.ts'

/** Calls a tool as the engine does: arguments checked, output checked. */
export async function callTool<Input, Output>(
  tool: Tool<Input, Output>,
  args: Input,
  attempt: { key?: string; signal?: AbortSignal } = {},
): Promise<Output> {
  const { key = 'run1:1', signal = new AbortController().signal } = attempt
  const checked = parse(tool.input, args, 'The arguments')
  const result = await tool.run(checked as never, {
    key,
    attempt: 1,
    signal,
    reveal: () => Promise.reject(new Error('no secrets here')),
  })
  return parse(tool.output, result, 'The result') as Output
}
