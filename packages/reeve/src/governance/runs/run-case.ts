import type { Json } from '../../base/json/json.ts'
import type { RecordedRuling } from '../../store/journal/events.ts'
import type { AuthoritySnapshot, Mode } from '../authority-snapshot.ts'
import { type CallToDecide, decide, type Ruling } from '../decide.ts'
import type { SpentSince } from '../grants/effect-budgets.ts'
import type { PolicyBench } from '../policies/policy-bench.ts'
import type { Chain } from '../principals.ts'
import { strictest } from '../reasons.ts'
import { Request } from '../request/request.ts'
import type { CallToJudge, Task } from './call-to-judge.ts'
import type { Actor, WorkflowCode } from './chain.ts'
import type { Lineage } from './lineage.ts'
import { ownQuestion, placesOf, recordedRuling } from './recorded-ruling.ts'
import { type RunReadings, wordsIn } from './run-readings.ts'

/** By what a call is ruled, beside what its run has read. */
export interface RuledBy {
  run: string
  workflow: string
  chain: Chain
  snapshot: AuthoritySnapshot
  spent: SpentSince
  now: number
  policies: PolicyBench
  /** Hash of grants, policies and what the database says of those who act. */
  policy: string
}

/** What is decided of a call, with what is written down of it. */
export interface CaseRuling {
  ruling: Ruling
  /** With what the policies and the tool itself say. */
  record: RecordedRuling
  decided: CallToDecide
}

/** One run before permission: what it has read, and from whom it has its rights. Live, or as its journal tells it afterwards. */
export class RunCase {
  readonly readings: RunReadings
  readonly lineage: Lineage
  readonly #instructed = new Set<string>()
  readonly #told = new Set<number>()
  #request: { key: string; request: Request } | undefined

  constructor(readings: RunReadings, lineage: Lineage) {
    this.readings = readings
    this.lineage = lineage
  }

  /** Those that act, the outermost first: workflows above, the run's own, and the agents of the call. */
  actorsOf({ agents }: Pick<CallToJudge, 'agents'>, workflow: string, code: WorkflowCode): Actor[] {
    const { workflows } = this.lineage
    const actor = (name: string): Actor => ({
      kind: 'workflow',
      name,
      grants: code.grantsOf(name),
      isLevelled: code.isLevelled(name),
    })
    // A run above that is gone had rights that nobody knows, and so none.
    const lost: Actor[] = [{ kind: 'workflow', name: '(a run that is gone)', grants: [] }]
    return [...(workflows?.map(actor) ?? lost), actor(workflow), ...agents]
  }

  /** What the rules decide counts for the calls after it at once; then the policies are asked. */
  async rule(call: CallToJudge, args: Record<string, Json>, by: RuledBy): Promise<CaseRuling> {
    const { readings } = this
    const { chain, policies, workflow, run, policy } = by
    const decided = this.#toDecide(call, args, by)
    const ruling = decide(decided)
    if (ruling.decision === 'allow') {
      readings.noteAllowed(ruling)
      readings.noteSent(call.tool, args)
    }
    const said = await policies.ask({
      tool: call.tool,
      args,
      chain: chain.map(({ principal }) => principal.id),
      workflow,
      run,
      verdict: ruling.decision,
      reasons: ruling.reasons,
      places: policies.isEmpty ? [] : placesOf(decided),
      ...readings.exposure,
    })
    const reasons = [...ruling.reasons, ...said, ...ownQuestion(call)]
    const decision = strictest([ruling.decision, ...reasons.map(({ verdict }) => verdict)])
    const task = this.#recordedTask(call.task)
    const of = { ruling, reasons, decision, chain, readings, policy, ...(task && { task }) }
    return { ruling, record: recordedRuling(call, args, of), decided }
  }

  #toDecide(
    call: CallToJudge,
    args: Record<string, Json>,
    { snapshot, chain, spent, now }: RuledBy,
  ): CallToDecide {
    const { readings } = this
    for (const { name, instructions } of call.agents) {
      if (this.#instructed.has(name)) continue
      this.#instructed.add(name)
      readings.values.add({
        value: instructions,
        label: 'project',
        isPrivate: false,
        isVouched: true,
        place: 'the instructions',
      })
    }
    const mode = modeOf(snapshot, call)
    return {
      chain,
      tool: call.tool,
      args,
      ...(call.account !== undefined && { account: call.account }),
      given: givenOf(call.given, args),
      values: readings.values,
      request: this.#requestOf(call),
      taintedThings: readings.taintedThings,
      usedDelegations: readings.usedDelegations,
      sent: readings.sent,
      facts: readings.fact,
      spent,
      now,
      judges: call.agents.length === 0 ? 'rights' : 'all',
      ...(mode && { mode }),
      ...(call.plan && { plan: call.plan }),
    }
  }

  /** The operator's own words, and those of the code that gave the task, if nothing untrusted could have been in them. */
  #requestOf({ task }: CallToJudge): Request {
    const { readings, lineage } = this
    const isClean = task !== undefined && readings.isCleanBefore(task.step)
    const texts = [...lineage.words, ...readings.words, ...(isClean ? wordsIn(task.input) : [])]
    const key = texts.join('\n')
    if (this.#request?.key !== key) this.#request = { key, request: new Request(texts) }
    return this.#request.request
  }

  /** Its words are written down once, and only where the journal does not have them as the run's input. */
  #recordedTask(task: Task | undefined): RecordedRuling['task'] {
    if (!task) return undefined
    const { step, input } = task
    if (this.#told.has(step)) return { step }
    this.#told.add(step)
    const known = new Set([...this.lineage.words, ...this.readings.words])
    const words = this.readings.isCleanBefore(step) ? wordsIn(input).filter((word) => !known.has(word)) : []
    return words.length === 0 ? { step } : { step, words }
  }
}

/** What the schema drops is handed to nobody. */
function givenOf(given: Json, args: Record<string, Json>): Record<string, Json> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return args
  if (Object.keys(given).every((name) => Object.hasOwn(args, name))) return given as Record<string, Json>
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      Object.hasOwn(args, name) ? [[name, value as Json]] : [],
    ),
  )
}

/** The strictest switch of all agents on whose behalf the call is made. */
function modeOf(snapshot: AuthoritySnapshot, { tool, agents }: CallToJudge): Mode | undefined {
  const [connector] = tool.name.split('.')
  const about = { tool: tool.name, ...(tool.name.includes('.') && { connector: connector! }) }
  const modes =
    agents.length === 0
      ? [snapshot.mode(about)]
      : agents.map(({ name }) => snapshot.mode({ ...about, agent: name }))
  return (['off', 'ask', 'allow'] as const).find((mode) => modes.includes(mode))
}
