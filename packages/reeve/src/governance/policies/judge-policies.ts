import { messageOf } from '../../base/errors.ts'
import type { Reason, Verdict } from '../reasons.ts'
import type { JudgedCall } from '../rules/call.ts'

/** What a policy says of a call; nothing, when it has nothing to add. */
export type PolicyAnswer = 'ask' | 'deny' | { verdict: 'ask' | 'deny'; text: string } | undefined

/** A project's own rule, in code. It may only tighten: there is no way to say "allow". */
export interface Policy<Call = JudgedCall & { verdict: Verdict }> {
  name: string
  decide(call: Call): PolicyAnswer
}

/** A policy that throws, or answers something else (a promise, say), denies and says so. */
export function judgePolicies<Call extends { verdict: Verdict }>(
  policies: readonly Policy<Call>[],
  call: Call,
  onBegin: (index: number) => void = () => {},
): Reason[] {
  const reasons: Reason[] = []
  for (const [index, policy] of policies.entries()) {
    onBegin(index)
    try {
      const answer: unknown = policy.decide(call)
      if (answer === undefined) continue
      const said =
        typeof answer === 'string'
          ? { verdict: answer, text: undefined }
          : (answer as { verdict?: unknown; text?: unknown })
      if (said?.verdict !== 'ask' && said?.verdict !== 'deny') {
        reasons.push(failedPolicy(policy.name, `it answered neither 'ask' nor 'deny' nor nothing`))
        continue
      }
      const text = typeof said.text === 'string' ? said.text : `The policy "${policy.name}" says so.`
      reasons.push({ code: 'policy', text, verdict: said.verdict })
    } catch (error) {
      reasons.push(failedPolicy(policy.name, messageOf(error)))
    }
  }
  return reasons
}

export function failedPolicy(name: string, why: string): Reason {
  return {
    code: 'policy-failed',
    text: `The policy "${name}" failed, and so the call is refused: ${why}.`,
    verdict: 'deny',
  }
}
