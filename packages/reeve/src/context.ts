import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Agent, isAgent } from './agents/agent.ts'
import type { AgentListener } from './agents/agent-events.ts'
import { ceilingsOfAgents } from './agents/known-agents.ts'
import { runAgent } from './agents/loop/loop.ts'
import type { AgentOptions } from './agents/loop/options.ts'
import { Toolbox } from './agents/toolbox.ts'
import { ReeveError } from './base/errors.ts'
import type { AsKnownJson } from './base/json/as-json.ts'
import type { Json } from './base/json/json.ts'
import { checkKnownOptions, checkOption } from './base/options.ts'
import type { InputOf, OutputOf } from './base/schema/schema.ts'
import { describeValue as named } from './base/text/shorten.ts'
import { checkText } from './base/text/text.ts'
import type { GrantedWorkflow } from './context/granted-workflow.ts'
import { isJudged, judgedRun } from './context/judging.ts'
import { MemoryContext } from './context/memory-context.ts'
import {
  type EmbedOptions,
  type ExtractAllOptions,
  type ExtractOptions,
  type GenerateAllOptions,
  type GenerateOptions,
  known,
  type Material,
  type RecallOptions,
  rules,
} from './context/options.ts'
import { extraction, generation } from './context/questions.ts'
import type { CallSite } from './engine/call-site.ts'
import { CoreContext } from './engine/context.ts'
import {
  defineWorkflow,
  type JsonResult,
  type ResultFor,
  type Workflow,
  type WorkflowDefinition,
  type WorkflowRegistry,
} from './engine/workflow.ts'
import type { Authority } from './governance/authority-snapshot.ts'
import { prepareGrants } from './governance/grants/grant.ts'
import type { SeenCeilings } from './governance/history/ceilings.ts'
import type { PolicyBench } from './governance/policies/policy-bench.ts'
import type { JudgedRun } from './governance/runs/judged-run.ts'
import type { Knowledge } from './memory/knowledge.ts'
import type { Memory } from './memory/memory.ts'
import type { ScopeRules } from './memory/scope-rules.ts'
import { resolveCache } from './models/asking/answer-cache.ts'
import type { Questions } from './models/asking/questions.ts'
import { askTogether } from './models/batches/batch-questions.ts'
import { type Embeddings, embedTexts } from './models/providers/embedding.ts'
import { type CallInput, type CallOutput, type CallReportOf, callAndReport, callTool } from './tools/call.ts'
import { isTool, type Tool } from './tools/tool.ts'

/** What the layers above the engine lend to every run. */
export interface ContextServices {
  questions: Questions
  knowledge: Knowledge
  memory: Memory
  /** Who may read which scopes of memory. Default: everybody all. */
  scopes?: ScopeRules
  /** What agents and directives are told, which is no evidence for anything. Default: nothing. */
  instructions?: readonly string[]
  /** What was learnt, which is no evidence either. Default: nothing. */
  lessons?: { texts(): readonly string[] }
  /** The project's tools, for those who name them. Default: none. */
  toolbox?: Toolbox
  /** Hears what agents do while they do it. */
  agentListener?: AgentListener
  /** What the database says of those who act. Default: nothing, and the code alone holds. */
  authority?: Authority
  /** The project's policies. Default: none. */
  policies?: PolicyBench
  /** Writes down what the code of agents grants that nobody knew before they act. */
  ceilings?: SeenCeilings
}

/**
 * What a workflow may do. Every call is numbered and journaled; after a crash the function is called again, and what is
 * recorded is answered from the journal. Between calls it must be deterministic: time, chance and the outside come from
 * here only.
 */
export class Context extends MemoryContext {
  readonly #services: ContextServices
  readonly #toolbox: Toolbox
  readonly #known: WorkflowRegistry
  #judged: JudgedRun | undefined
  #loops = 0

  /** @internal */
  constructor(site: CallSite, workflows: WorkflowRegistry, services: ContextServices) {
    super(site, workflows, services)
    this.#services = services
    this.#known = workflows
    this.#toolbox = services.toolbox ?? new Toolbox()
  }

  /**
   * Asks the solvers of a route, in order, for a typed answer. An answer that does not fit is fed back with its exact
   * error; when no solver can answer, a person is asked and the run waits.
   * @throws `unknown-route` `over-budget` `unanswered` `no-json-schema` `bad-duration`
   * @example
   * const facts = await ctx.extract('read the ticket', {
   *   schema: z.object({ category: z.enum(['billing', 'technical']), urgency: z.number().int().min(1).max(5) }),
   *   from: ticket,
   *   route: 'triage',
   * })
   */
  async extract<S extends StandardSchemaV1, From>(
    name: string,
    options: ExtractOptions<S, From & AsKnownJson<From>>,
  ): Promise<OutputOf<S>> {
    checkKnownOptions(options, `ctx.extract(${named(name)})`, rules.extract, known.extract)
    const { schema, from, route, cache, retry } = options
    if (cache !== undefined) resolveCache(cache)
    const question = extraction(name, from as Json, options)
    const asked = { route, question, schema, retry, cache }
    return this.#services.questions.answer(CoreContext.callSiteOf(this), asked) as Promise<OutputOf<S>>
  }

  /**
   * As `extract`, for many inputs: the answers in their order. With `batch` they go to the batches of a provider, cheaper
   * and within a day; what comes back failed, late or unfit is asked again as `extract` would.
   * @throws `over-budget` `unknown-route` `unanswered` `bad-batch`
   * @example
   * const schema = z.object({ sentiment: z.enum(['good', 'bad']) })
   * const answers = await ctx.extractAll('read reviews', reviews, { schema, route: 'reading', batch: true })
   */
  async extractAll<S extends StandardSchemaV1, From>(
    name: string,
    inputs: readonly (From & AsKnownJson<From>)[],
    options: ExtractAllOptions<S>,
  ): Promise<OutputOf<S>[]> {
    checkText(name, 'The name of ctx.extractAll')
    checkOption(inputs, `The inputs of ctx.extractAll(${named(name)})`, 'list!')
    checkKnownOptions(options, `ctx.extractAll(${named(name)})`, rules.extractAll, known.extractAll)
    const questions = inputs.map((from) => extraction(name, from as Json, options))
    const { route, schema, retry, batch } = options
    const asked = { name, route, questions, schema, retry, batch }
    return askTogether(this.#services.questions, CoreContext.callSiteOf(this), asked) as Promise<
      OutputOf<S>[]
    >
  }

  /**
   * Asks a route for a text that rests on what it is given.
   * @throws `unknown-route` `over-budget` `unanswered` `bad-duration`
   * @example
   * const policy = await ctx.recall('policy', { query: ticket.body, in: 'policy/refunds' })
   * const draft = await ctx.generate('draft', { route: 'writing', with: { ticket, policy } })
   */
  async generate<With extends object>(
    name: string,
    options: GenerateOptions<With & AsKnownJson<With>>,
  ): Promise<string> {
    checkKnownOptions(options, `ctx.generate(${named(name)})`, rules.generate, known.generate)
    const { route, cache, retry } = options
    if (cache !== undefined) resolveCache(cache)
    const question = generation(name, options as GenerateOptions)
    const asked = { route, question, schema: undefined, retry, cache }
    return this.#services.questions.answer(CoreContext.callSiteOf(this), asked) as Promise<string>
  }

  /**
   * As `generate`, for many materials, each what `with` of `generate` is; with `batch` as `extractAll`.
   * @throws `over-budget` `unknown-route` `unanswered` `bad-batch`
   * @example
   * const materials = reviews.map((review) => ({ review }))
   * const replies = await ctx.generateAll('thank', materials, { route: 'writing', batch: true })
   */
  async generateAll<With extends object>(
    name: string,
    materials: readonly (With & AsKnownJson<With>)[],
    options: GenerateAllOptions,
  ): Promise<string[]> {
    checkText(name, 'The name of ctx.generateAll')
    checkOption(materials, `The materials of ctx.generateAll(${named(name)})`, 'objects!')
    checkKnownOptions(options, `ctx.generateAll(${named(name)})`, rules.generateAll, known.generateAll)
    const questions = materials.map((each) => generation(name, { ...options, with: each as Material }))
    const { route, retry, batch } = options
    const asked = { name, route, questions, schema: undefined, retry, batch }
    return askTogether(this.#services.questions, CoreContext.callSiteOf(this), asked) as Promise<string[]>
  }

  /**
   * Acts outside through a tool, or the tool of the project with that name: schema, approval if needed, intent, effect,
   * result. With `report: true` it also tells what was really run: a person who approves may have edited the arguments.
   * @throws `not-approved` when a person rejects it, `invalid-input`, `unknown-tool`, and what the tool fails with
   * @example
   * const { result, args, approved } = await ctx.call(refund, { orderId: 'A-1', amountUsd: 20 }, { report: true })
   * // approved?.edited: `args.amountUsd` is what was paid, not what was asked for
   */
  async call<Called extends Tool | string, Report extends boolean = false>(
    tool: Called,
    args: CallInput<Called>,
    options: { report?: Report } = {},
  ): Promise<Report extends true ? CallReportOf<Called> : CallOutput<Called>> {
    const found = typeof tool === 'string' ? this.#toolbox.tool(tool) : tool
    if (!isTool(found)) {
      const advice = "Give it a tool, or the name of one of the project's."
      throw new ReeveError('bad-tool', `ctx.call got ${named(tool)}. ${advice}`)
    }
    checkKnownOptions(options, 'ctx.call', { report: 'flag' }, ['report'])
    const site = CoreContext.callSiteOf(this)
    const caller = isJudged(site, this.#known, this.#services, found) ? { judged: this.#judge() } : undefined
    const called = options.report
      ? callAndReport(site, found, args, caller)
      : callTool(site, found, args, caller)
    return called as Promise<Report extends true ? CallReportOf<Called> : CallOutput<Called>>
  }

  /**
   * Turns texts into vectors, in batches that are durable and paid for one by one.
   * @throws `bad-text` `mixed-embeddings` `unknown-route` `route-exhausted` `over-budget`
   * @example const { vectors, dimensions } = await ctx.embed('reviews', reviews)
   */
  async embed(name: string, texts: readonly string[], options: EmbedOptions = {}): Promise<Embeddings> {
    checkText(name, 'The name of ctx.embed')
    checkOption(texts, `The texts of ctx.embed(${named(name)})`, 'list!')
    checkKnownOptions(options, `ctx.embed(${named(name)})`, { with: 'text' }, known.embed)
    const { with: embedder = 'default' } = options
    return embedTexts(this.#services.questions, CoreContext.callSiteOf(this), name, texts, embedder)
  }

  /**
   * What the answers that this run has seen so far have cost, in US dollars. The same on replay.
   * @example if (ctx.spentUsd > 0.5) return { report: 'stopped: too expensive' }
   */
  get spentUsd(): number {
    return this.#services.questions.spentUsd(CoreContext.callSiteOf(this))
  }

  /**
   * Runs an agent to its final answer: each turn of its model and each call of a tool is durable.
   * @throws `agent-stopped` when it meets a limit or goes round in circles, `guard-rejected`, `over-budget`, `bad-agent`
   * @example
   * const answer = await ctx.agent(writer, 'Answer: where is order A-1?')
   */
  async agent<Input, Output>(
    agent: Agent<Input, Output>,
    input: Input,
    options?: AgentOptions,
  ): Promise<Output> {
    if (!isAgent(agent)) throw new ReeveError('bad-agent', `ctx.agent got ${named(agent)}. Give it an agent.`)
    if (options !== undefined) checkKnownOptions(options, 'ctx.agent', rules.agent, known.agent)
    this.#services.ceilings?.saw(agent, () => ceilingsOfAgents([agent]))
    const services = {
      site: CoreContext.callSiteOf(this),
      questions: this.#services.questions,
      recall: (name: string, search: RecallOptions) => this.recall(name, search),
      nextLoop: () => ++this.#loops,
      toolbox: this.#toolbox,
      judged: this.#judge(),
      listener: this.#services.agentListener,
    }
    return runAgent(services, agent, input, options) as Promise<Output>
  }

  #judge(): JudgedRun {
    this.#judged ??= judgedRun(CoreContext.callSiteOf(this), this.#known, this.#services, this.#toolbox)
    return this.#judged
  }
}

/**
 * Declares a workflow: a file in `workflows/` exports it as its default. Its function must be deterministic between
 * calls of `ctx`.
 * @throws `bad-workflow` `bad-grant` `contradicting-grants` `async-schema` `bad-text` `bad-number` `bad-duration`
 *   `bad-amount`
 * @example
 * import { workflow } from 'reeve'
 * import { z } from 'zod'
 *
 * export default workflow({
 *   input: z.object({ order: z.string() }),
 *   limits: { cost: '$0.05', time: '3d' },
 *   async run(ctx, { order }) {
 *     await ctx.sleep('1d')
 *     return { order, at: ctx.now().toISOString() }
 *   },
 * })
 */
export function workflow<
  I extends StandardSchemaV1,
  R extends ResultFor<O>,
  O extends StandardSchemaV1 | undefined = undefined,
>(
  definition: WorkflowDefinition<Context, I, O, R> & GrantedWorkflow & JsonResult<O, R>,
): Workflow<InputOf<I>, O extends StandardSchemaV1 ? OutputOf<O> : Awaited<R>> {
  const made = defineWorkflow(definition)
  const { grants } = definition
  if (grants === undefined) return made
  checkOption(grants, `\`grants\` of workflow ${named(definition.name ?? '')}`, 'objects', 'bad-workflow')
  return { ...made, grants: prepareGrants(grants) }
}
