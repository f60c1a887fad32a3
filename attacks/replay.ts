import type { Json } from '../packages/reeve/src/base/json/json.ts'
import { type CallToDecide, decide, type Ruling } from '../packages/reeve/src/governance/decide.ts'
import { prepareGrants } from '../packages/reeve/src/governance/grants/grant.ts'
import { type Chain, delegate } from '../packages/reeve/src/governance/principals.ts'
import { RunValues } from '../packages/reeve/src/governance/provenance/run-values.ts'
import { Request } from '../packages/reeve/src/governance/request/request.ts'
import { argumentsOf } from '../packages/reeve/src/governance/rules/call.ts'
import { wordsIn } from '../packages/reeve/src/governance/runs/run-readings.ts'
import type { GovernedTool } from '../packages/reeve/src/governance/tools/governed-tool.ts'
import { inferTool } from '../packages/reeve/src/governance/tools/infer-tool.ts'
import type { RecordedCall, Suite, Turn } from './cases.ts'
import { recordedResult } from './recorded-result.ts'

export interface JudgedRun {
  rulings: { turn: number; call: number; name: string; args: Record<string, Json>; ruling: Ruling }[]
  /** Questions that differ: the same call with the same arguments is asked once. */
  questions: number
}

const noon = Date.UTC(2024, 4, 19, 12)

/** The tools of a suite as permission sees them: read from their descriptions, then as the sheet says. */
export function governedTools({ tools, sheet }: Suite): Map<string, GovernedTool> {
  return new Map(tools.map((tool) => [tool.name, { ...inferTool(tool), ...sheet.tools[tool.name] }]))
}

/**
 * Feeds a recorded run to `decide`. The recorded calls are what the model wants, whatever was decided before. A call that is
 * allowed has happened: its result is read under the label of its tool. A call that is asked or denied has not: what was recorded
 * of it is read as text of nobody (the person said no, and a model that goes on as if it had happened has its values from
 * nowhere), so that nothing that comes of it is allowed unasked.
 */
export function replay(
  suite: Suite,
  prompt: string,
  turns: readonly Turn[],
  change: (value: Json) => Json = (value) => value,
): JudgedRun {
  const tools = governedTools(suite)
  const values = new RunValues()
  const request = new Request(prompt)
  const chain = chainOf(suite)
  const taintedThings = new Map<string, string>()
  const usedDelegations = new Set<string>()
  const sent: string[] = []
  if (suite.system !== '')
    values.add({
      value: suite.system,
      label: 'project',
      isPrivate: false,
      place: 'the instructions',
      isVouched: true,
    })
  const rulings: JudgedRun['rulings'] = []
  const asked = new Set<string>()
  turns.forEach(({ calls, results }, turn) => {
    const judged = calls.map((recorded, call) => {
      const tool = tools.get(recorded.name) ?? inferTool({ name: recorded.name })
      const toDecide: CallToDecide = {
        chain,
        tool,
        args: recorded.args ?? {},
        values,
        request,
        taintedThings,
        usedDelegations,
        sent: [...sent],
        now: noon,
      }
      const ruling = decide(toDecide)
      rulings.push({ turn, call, ...recorded, ruling })
      if (ruling.decision === 'ask') asked.add(questionOf(recorded))
      if (ruling.decision === 'allow') {
        if (ruling.taints) taintedThings.set(ruling.taints.thing, ruling.taints.why)
        for (const delegation of ruling.delegations) usedDelegations.add(delegation)
        if (tool.sends !== 'none') sent.push(...wordsIn(toDecide.args as Json))
      }
      return { toDecide, ruling }
    })
    judged.forEach(({ toDecide, ruling }, index) => {
      const result = results[index]
      if (!result) return
      const { tool } = toDecide
      const isDone = ruling.decision === 'allow'
      values.add({
        value: change(tool.isProse ? result.text : recordedResult(result.text)),
        label: isDone ? tool.answers : 'untrusted',
        isPrivate: tool.reads === 'private',
        place: isDone ? tool.place : `what a refused call of ${tool.name} would have answered`,
        askedBy: argumentsOf(toDecide, (role) => role === 'directs').map(({ value }) => String(value)),
        steering: isDone ? ruling.steering : 'untrusted',
        isProse: tool.isProse ?? false,
        isVouched: tool.isVouched ?? false,
      })
    })
  })
  return { rulings, questions: asked.size }
}

function questionOf({ name, args }: RecordedCall): string {
  return `${name} ${JSON.stringify(args)}`
}

function chainOf({ sheet, tools }: Suite): Chain {
  const grants = prepareGrants(
    sheet.grants,
    tools.map(({ name }) => name),
  )
  const person: Chain = [
    { principal: { id: 'user', kind: 'person', role: 'operator' }, proof: 'session', grants: [] },
  ]
  return delegate(person, {
    principal: { id: 'assistant', kind: 'agent' },
    proof: 'started-by-reeve',
    grants,
  })
}
