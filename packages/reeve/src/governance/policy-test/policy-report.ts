import type { Json } from '../../base/json/json.ts'
import { firstOver } from '../grants/effect-budgets.ts'
import type { Verdict } from '../reasons.ts'
import { million } from '../runs/recorded-ruling.ts'
import type { TestedCall, Unjudged } from './test-run.ts'

/** A call that would be decided otherwise. */
export interface PolicyExample {
  runId: string
  step: number
  at: number
  args: Json
  /** Why it was not simply allowed, then and now. */
  whyBefore: string[]
  whyAfter: string[]
}

/** Calls that would be decided otherwise, in the same way, for the same reasons. */
export interface PolicyDifference {
  tool: string
  agent: string | null
  workflow: string
  before: Verdict
  after: Verdict
  /** Codes of the reasons that are new, or that are gone. */
  reasons: string[]
  count: number
  /** The newest first. */
  examples: PolicyExample[]
}

/** What a changed policy would make of what happened. */
export interface PolicyReport {
  runs: number
  calls: number
  /** How many calls were decided so before, and would be now: `allow → ask`. */
  counts: Record<string, number>
  /** Those that let more through first, then by count. */
  differences: PolicyDifference[]
  /** Runs and calls that could not be judged. */
  unjudged: {
    why: string
    count: number
    examples: { runId: string; step: number | null; tool: string | null }[]
  }[]
}

const mostExamples = 3
const order: readonly Verdict[] = ['allow', 'ask', 'deny']

/** Groups what was judged; what effects add up to is counted over all of it, in the order of time. */
export function policyReport(
  runs: number,
  tested: readonly TestedCall[],
  unjudged: readonly Unjudged[],
): PolicyReport {
  const calls = withBudgets(tested).filter(({ isApproved }) => !isApproved)
  const counts: Record<string, number> = {}
  const groups = new Map<string, PolicyDifference>()
  for (const call of calls.toReversed()) {
    const { tool, agent, workflow, before, after } = call
    const way = `${before} → ${after}`
    counts[way] = (counts[way] ?? 0) + 1
    if (before === after) continue
    const reasons = changedReasons(call)
    const key = JSON.stringify([tool, agent, workflow, before, after, reasons])
    let group = groups.get(key)
    if (!group) {
      group = { tool, agent, workflow, before, after, reasons, count: 0, examples: [] }
      groups.set(key, group)
    }
    group.count++
    if (group.examples.length < mostExamples) group.examples.push(exampleOf(call))
  }
  return {
    runs,
    calls: calls.length,
    counts,
    differences: [...groups.values()].sort(
      (one, other) => Number(isLooser(other)) - Number(isLooser(one)) || other.count - one.count,
    ),
    unjudged: gathered(unjudged),
  }
}

/** Whether it lets through what was asked or denied before. */
export function isLooser({ before, after }: { before: Verdict; after: Verdict }): boolean {
  return order.indexOf(after) < order.indexOf(before)
}

function withBudgets(tested: readonly TestedCall[]): TestedCall[] {
  const taken = new Map<string, { at: number; amount: number }[]>()
  const spent = (key: string, since: number) =>
    (taken.get(key) ?? []).reduce((sum, each) => (each.at > since ? sum + each.amount : sum), 0)
  return tested
    .toSorted((one, other) => one.at - other.at || one.seq - other.seq)
    .map((call) => {
      const over = firstOver(call.reservations, spent) ?? refusedAsBefore(call)
      if (over) {
        const text = `"${over.key}" allows ${over.ceiling}, and that is taken.`
        return { ...call, after: 'deny', reasonsAfter: [...call.reasonsAfter, { code: spentCode, text }] }
      }
      if (call.after !== 'deny' && (call.after === 'allow' || call.isMade))
        for (const { key, amount } of call.reservations)
          taken.set(key, [...(taken.get(key) ?? []), { at: call.at, amount }])
      return call
    })
}

const spentCode = 'effect-budget-spent'

/** What was taken before the runs that are looked at is not known: a refusal stands where the ceiling is the same. */
function refusedAsBefore({ reasonsBefore, tookBefore = [], reservations }: TestedCall) {
  if (!reasonsBefore.some(({ code }) => code === spentCode)) return undefined
  const isSame = tookBefore.every(({ account, ceiling }) =>
    reservations.some((one) => one.key === account && Math.abs(one.ceiling * million - ceiling) < 1),
  )
  return isSame ? reservations[0] : undefined
}

function changedReasons({ reasonsBefore, reasonsAfter }: TestedCall): string[] {
  const [before, after] = [reasonsBefore, reasonsAfter].map((all) => new Set(all.map(({ code }) => code)))
  const isOfOne = (code: string) => before!.has(code) !== after!.has(code)
  return [...new Set([...before!, ...after!])].filter(isOfOne).sort()
}

function exampleOf({ run, step, at, args, reasonsBefore, reasonsAfter }: TestedCall): PolicyExample {
  const texts = (reasons: readonly { text: string }[]) => reasons.map(({ text }) => text)
  return { runId: run, step, at, args, whyBefore: texts(reasonsBefore), whyAfter: texts(reasonsAfter) }
}

function gathered(unjudged: readonly Unjudged[]): PolicyReport['unjudged'] {
  const groups = Map.groupBy(unjudged, ({ why }) => why)
  return [...groups].map(([why, all]) => ({
    why,
    count: all.length,
    examples: all.slice(0, mostExamples).map(({ run, step, tool }) => ({ runId: run, step, tool })),
  }))
}
