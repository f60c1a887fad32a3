import { describeValue } from '../../base/text/shorten.ts'
import type { Reason } from '../reasons.ts'
import type { JudgedCall } from './call.ts'
import type { Directed } from './directing.ts'

const tainting = new Set(['untrusted', 'pushed', 'ambiguous', 'unpicked', 'nowhere'])

/** What a staging call leaves on the thing that it changes: taint stays there until somebody has looked. */
export function taintOf({ tool, values }: JudgedCall, directed: readonly Directed[]): string | undefined {
  if (!tool.stages || !values.hasReadUntrusted) return undefined
  const bad = directed.find(({ role, origin }) => role === 'directs' && tainting.has(origin.trust))
  return bad && `${bad.name} ${describeValue(bad.value)} came from ${bad.origin.place}`
}

/** A commit of a thing that an untrusted value changed asks, unless it picks by itself what of the thing it commits. */
export function judgeThing({ tool, args, taintedThings }: JudgedCall): Reason[] {
  const why = tool.commits === undefined ? undefined : taintedThings.get(tool.commits)
  const isSelective = Object.entries(args).some(
    ([name, value]) =>
      (tool.roles[name] ?? 'directs') === 'directs' && Array.isArray(value) && value.length > 0,
  )
  if (why === undefined || isSelective) return []
  return [
    {
      code: 'tainted-thing',
      text: `It acts on the ${tool.commits}, which was changed by an untrusted value: ${why}.`,
      verdict: 'ask',
    },
  ]
}
