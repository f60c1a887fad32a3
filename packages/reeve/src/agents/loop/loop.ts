import { ReeveError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import { describeIssues, validate } from '../../base/schema/schema.ts'
import { shorten } from '../../base/text/shorten.ts'
import type { CallSite } from '../../engine/call-site.ts'
import { parseOnce } from '../../engine/replay/parsed-values.ts'
import type { JudgedRun } from '../../governance/runs/judged-run.ts'
import { askPerson } from '../../models/asking/ask-person.ts'
import type { QuestionRequest } from '../../models/asking/question-request.ts'
import type { Questions } from '../../models/asking/questions.ts'
import { mark } from '../../models/reading/prompt.ts'
import type { Passage, Question, ToolCall, TurnValue } from '../../models/solver.ts'
import { newEvent } from '../../store/journal/events.ts'
import type { AnyAgent } from '../agent.ts'
import type { AgentListener } from '../agent-events.ts'
import { type Capability, capabilitiesOf } from '../capability.ts'
import type { Toolbox } from '../toolbox.ts'
import { Allowance } from './allowance.ts'
import { type AgentCaller, callerFor } from './caller.ts'
import { applyGuards } from './guardrails.ts'
import type { AgentOptions } from './options.ts'
import { Progress } from './progress.ts'
import { type DoneBefore, makeCalls, markArguments } from './tool-use.ts'
import { AgentVoice } from './voice.ts'
import { ContextWindow, estimateTokens, shownResult, type WindowResult } from './window.ts'

/** What a loop gets of the run that it is part of. */
export interface AgentServices {
  site: CallSite
  questions: Questions
  recall(name: string, options: { query: string; in: string }): Promise<Passage[]>
  /** Counts the loops of a run, in the order in which they begin. */
  nextLoop(): number
  toolbox: Toolbox
  /** By what the calls of agents are judged. */
  judged: JudgedRun
  listener?: AgentListener | undefined
}

/**
 * Runs an agent to its final answer. Each turn of the model is one durable question, each call of a tool one durable
 * effect; everything between is derived from their results, so a replay goes the same way and asks nothing again.
 *
 * @throws `invalid-input` `guard-rejected` `agent-stopped` (details: `why`, `turns`, `tokens`, `costUsd`) `over-budget`
 */
export function runAgent(
  services: AgentServices,
  agent: AnyAgent,
  input: unknown,
  options: AgentOptions = {},
): Promise<unknown> {
  return new Loop(services, agent, options).run(input)
}

const longestBrief = 300

class Loop {
  readonly #services: AgentServices
  readonly #agent: AnyAgent
  readonly #options: AgentOptions
  readonly #allowance: Allowance
  readonly #capabilities: Map<string, Capability>
  readonly #progress = new Progress()
  readonly #done: DoneBefore = new Map()
  readonly #voice: AgentVoice
  readonly #caller: AgentCaller
  #rejections = 0

  constructor(
    services: AgentServices,
    given: AnyAgent,
    options: AgentOptions,
    above?: { allowance: Allowance; caller: AgentCaller },
  ) {
    const agent = services.toolbox.equip(given)
    this.#services = services
    this.#agent = agent
    this.#options = options
    const { site } = services
    const { chapterSeq } = site
    const chapter = chapterSeq > 0 ? `:chapter:${chapterSeq}` : ''
    const scope = `run:${site.run.no}${chapter}:agent:${services.nextLoop()}`
    this.#allowance = new Allowance(agent, { scope, now: site.now }, above?.allowance)
    this.#voice = new AgentVoice(services, agent, this.#allowance)
    const caller = callerFor(services, agent, options, above?.caller)
    this.#caller = caller
    this.#capabilities = capabilitiesOf(agent, {
      site,
      caller,
      recall: services.recall,
      runMember: (member, given) =>
        new Loop(services, member, {}, { allowance: this.#allowance, caller }).run(given),
    })
  }

  async run(given: unknown): Promise<unknown> {
    try {
      const output = await this.#converse(await this.#admit(given))
      this.#voice.note(newEvent('agent-finished', this.#voice.about(' finished')))
      this.#voice.tell({ type: 'agent-finished' })
      return output
    } catch (error) {
      const why = error instanceof ReeveError ? String(error.details.why ?? error.code) : 'error'
      const reason = error instanceof Error ? error.message : String(error)
      this.#voice.note(newEvent('agent-stopped', { ...this.#voice.about(` stopped: ${reason}`), why }))
      this.#voice.tell({ type: 'agent-stopped', why })
      throw error
    }
  }

  async #admit(given: unknown): Promise<Json> {
    const { name, input, guards } = this.#agent
    const { site } = this.#services
    const value = parseOnce(site, input, given, `The input of agent "${name}"`) as Json
    for (const each of [given, value]) site.mark(input, each)
    this.#caller.task ??= { input: value, step: site.nextStep }
    const guarded = await applyGuards(site, guards.input, `${name} input`, value)
    if (guarded.ok) return guarded.value
    throw new ReeveError(
      'guard-rejected',
      `The input of agent "${name}" was rejected by ${guarded.guard}: ${guarded.reason}`,
      { details: { why: 'guard', guard: guarded.guard, reason: guarded.reason } },
    )
  }

  async #converse(input: Json): Promise<unknown> {
    const { fingerprint, limits, instructions, offers, outputSchema } = this.#agent
    const opening = mark('input', typeof input === 'string' ? input : JSON.stringify(input, null, 1))
    const around = estimateTokens(instructions + JSON.stringify([offers, outputSchema ?? null])) + 200
    const window = new ContextWindow({ input: opening, around, limit: limits.context })
    let compared = sha256(`${fingerprint}\n${canonical(input)}`)
    for (;;) {
      const value = await this.#ask(window, input, compared)
      if ('final' in value) return value.final
      if ('answer' in value) {
        const checked = await this.#release(value.answer)
        if (checked.ok) return checked.value
        const text = typeof value.answer === 'string' ? value.answer : JSON.stringify(value.answer)
        window.add(this.#allowance.turns, { text })
        window.notice(checked.problem)
        compared = sha256(`${compared}\n${text}`)
        continue
      }
      const results = await this.#act(value.calls, value.text, window)
      compared = sha256(`${compared}\n${canonical(value)}\n${results.map(({ text }) => text).join('\n')}`)
      if (this.#allowance.isLastButOne)
        window.notice('Notice: the next turn is the last one. Give the final answer in it.')
    }
  }

  async #ask(window: ContextWindow, input: Json, compared: string): Promise<TurnValue | { final: unknown }> {
    const { name, route, instructions, offers, output, outputSchema } = this.#agent
    const { site, questions } = this.#services
    this.#allowance.beginTurn()
    const prompt = window.fit()
    const { dropped } = prompt
    if (dropped.length > 0)
      this.#voice.note(
        newEvent('agent-cut', {
          ...this.#voice.about(` left out ${dropped.length} parts of its past`),
          dropped,
        }),
      )
    this.#allowance.requireTurn(prompt, site.now)
    const question: Question = {
      task: 'converse',
      name: `${name} turn ${this.#allowance.turns}`,
      instructions,
      input,
      messages: window.messages(),
      tools: [...offers],
    }
    if (outputSchema) question.schema = outputSchema
    const asked: QuestionRequest = { route, question, schema: output, agent: name, args: compared }
    asked.mark = (value) => this.#markTurn(value as TurnValue)
    const { ceilings, deadline } = this.#allowance
    if (ceilings.length > 0) asked.ceilings = ceilings
    // What its guards have not passed is for nobody's eyes.
    if (this.#agent.guards.output.length > 0) asked.isPrivate = true
    if (deadline !== Number.POSITIVE_INFINITY)
      asked.deadline = { at: deadline, late: () => this.#allowance.late() }
    asked.onAsked = () => {
      this.#voice.isLive = true
      this.#voice.tell({ type: 'turn-started' })
    }
    try {
      const answer = await questions.ask(site, asked)
      const value = answer.value as TurnValue
      this.#allowance.count(
        answer.usage.inputTokens + answer.usage.outputTokens,
        answer.usage.costUsd + answer.unsettledUsd,
      )
      const calls = 'calls' in value ? value.calls.length : 0
      const text = 'calls' in value ? value.text : undefined
      this.#voice.tell({ type: 'turn-finished', calls, text, usage: answer.usage })
      return value
    } catch (error) {
      if (error instanceof ReeveError && error.code === 'route-exhausted')
        return this.#askPerson(asked, error)
      throw error
    }
  }

  /** What the model writes into marked fields of tools, or of the answer, is kept apart from the first event on. */
  #markTurn(value: TurnValue): void {
    const { site } = this.#services
    if (!('calls' in value)) return void (this.#agent.output && site.mark(this.#agent.output, value.answer))
    for (const { tool, args } of value.calls) markArguments(site, this.#capabilities.get(tool), args)
  }

  /** A person stands in for the model, with the final answer. What a guard rejects of it, they mend, not a model. */
  async #askPerson(asked: QuestionRequest, cause: ReeveError): Promise<{ final: unknown }> {
    let why = cause
    for (;;) {
      const released = await this.#release(await askPerson(this.#services.site, asked, why))
      if (released.ok) return { final: released.value }
      why = new ReeveError('guard-rejected', released.problem)
    }
  }

  /** Makes the calls of a turn and shows the model what came of them. */
  async #act(calls: ToolCall[], text: string | undefined, window: ContextWindow): Promise<WindowResult[]> {
    // A model may give two calls the same id; in the conversation each needs its own.
    const named = calls.map((call, index) => ({ ...call, id: `call-${this.#allowance.turns}-${index + 1}` }))
    const { results, outcomes } = await makeCalls(
      named,
      this.#capabilities,
      this.#progress,
      this.#done,
      (call, status) => {
        const { tool, id } = call
        if (status === undefined) this.#voice.tell({ type: 'tool-started', tool, call: id })
        else this.#voice.tell({ type: 'tool-finished', tool, call: id, status })
      },
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected' || status === 'repeated')
    if (refused.length > 0) {
      const problems = refused.map(({ status, noted, ...made }) => {
        const { key, text: problem } = noted ?? made
        return { call: shorten(key, longestBrief), status, problem }
      })
      this.#voice.note(
        newEvent('agent-refused', {
          ...this.#voice.about(`: ${refused.length} calls were not made`),
          problems,
        }),
      )
    }
    const shown = results.map((result) => ({
      ...result,
      text: shownResult(result.text, window.resultLength),
    }))
    const made = shown.map(({ call }) => call)
    window.add(this.#allowance.turns, { ...(text ? { text } : {}), calls: made, results: shown })
    this.#options.onTurn?.({
      turn: this.#allowance.turns,
      thought: text,
      actions: shown.map((result) => ({
        tool: result.call.tool,
        args: result.call.args,
        result: result.text,
        failed: result.failed,
      })),
    })
    const verdict = this.#progress.after(outcomes)
    if (verdict.verdict === 'stop') {
      const last = (refused.at(-1)?.noted ?? refused.at(-1))?.text
      throw this.#allowance.stopped(
        verdict.why,
        last ? `${verdict.reason} (last: ${shorten(last, longestBrief)})` : verdict.reason,
      )
    }
    if (verdict.verdict === 'tell') window.notice(verdict.notice)
    return results
  }

  /** Output guards; what they redact must still fit. A rejected answer may be given again, twice. */
  async #release(answer: unknown): Promise<{ ok: true; value: unknown } | { ok: false; problem: string }> {
    const { name, output, guards } = this.#agent
    if (guards.output.length === 0) return { ok: true, value: answer }
    const what = `${name} turn ${this.#allowance.turns} output`
    const guarded = await applyGuards(this.#services.site, guards.output, what, answer as Json)
    if (guarded.ok) {
      const checked = output ? validate(output, guarded.value) : undefined
      if (!checked || checked.ok) return { ok: true, value: checked ? checked.value : guarded.value }
      throw this.#allowance.stopped(
        'guard',
        `a redaction left what does not fit: ${describeIssues(checked.issues)}`,
      )
    }
    const reason = `the answer was rejected by ${guarded.guard}: ${guarded.reason}`
    if (++this.#rejections > 2) throw this.#allowance.stopped('guard', reason)
    return { ok: false, problem: `Notice: ${reason}. Give another answer.` }
  }
}
