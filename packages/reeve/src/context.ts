import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Agent, isAgent } from './agents/agent.ts'
import type { AgentListener } from './agents/agent-events.ts'
import { type AgentOptions, runAgent } from './agents/loop.ts'
import { Toolbox } from './agents/toolbox.ts'
import { ReeveError } from './base/errors.ts'
import type { Json } from './base/json/json.ts'
import { wholeNumber } from './base/numbers.ts'
import { checkOption, checkOptions } from './base/options.ts'
import type { InputOf, OutputOf } from './base/schema/schema.ts'
import { describeValue } from './base/text/shorten.ts'
import { checkText } from './base/text/text.ts'
import type { Duration } from './base/time/time.ts'
import { argumentsHash } from './engine/calls/effect.ts'
import type { RetryPolicy } from './engine/calls/retry.ts'
import { CoreContext } from './engine/context.ts'
import type { Execution } from './engine/execution/execution.ts'
import {
  defineWorkflow,
  type ResultFor,
  type Workflow,
  type WorkflowDefinition,
  type WorkflowRegistry,
} from './engine/workflow.ts'
import type { Memory, RememberOptions } from './memory/memory.ts'
import type { Knowledge } from './memory/recall.ts'
import { type CacheOptions, resolveCache } from './models/asking/answer-cache.ts'
import type { Questions } from './models/asking/questions.ts'
import { askTogether, type BatchOptions } from './models/batches/batch-questions.ts'
import { type Embeddings, embedTexts } from './models/providers/embedding.ts'
import { shownSchema } from './models/reading/shown-schema.ts'
import type { Passage, Question } from './models/solver.ts'
import { memoryRow } from './store/memory/memories.ts'
import { type CallReport, callAndReport, callTool } from './tools/call.ts'
import { isTool, type Tool } from './tools/tool.ts'

/** What the layers above the engine lend to every run. */
export interface ContextServices {
  questions: Questions
  knowledge: Knowledge
  memory: Memory
  /** The project's tools, for those who name them. Default: none. */
  toolbox?: Toolbox
  /** Hears what agents do while they do it. */
  agentListener?: AgentListener
}

export interface ExtractOptions<S extends StandardSchemaV1> {
  /** What the answer must be. */
  schema: S
  /** What the question is about: data, never instructions. */
  from: Json
  /** A route of `reeve.config.ts`. */
  route: string
  instructions?: string
  passages?: Passage[]
  /** The same question to the same model may be answered from an earlier answer, such as `1d` old at most. */
  cache?: Duration | CacheOptions
  /** How often outages of the whole route are waited out before a person is asked. */
  retry?: RetryPolicy
}

export interface ExtractAllOptions<S extends StandardSchemaV1>
  extends Omit<ExtractOptions<S>, 'from' | 'cache'> {
  /** May wait: the questions go to a provider's batch, at its price. `true`: for a day at most. */
  batch?: true | BatchOptions
}

export interface GenerateAllOptions extends Pick<GenerateOptions, 'route' | 'instructions' | 'retry'> {
  /** May wait: the questions go to a provider's batch, at its price. `true`: for a day at most. */
  batch?: true | BatchOptions
}

export interface GenerateOptions {
  route: string
  /** What the text is to rest on. Passages from `recall` are found in it and become the only sources. */
  with: { [key: string]: Json | Passage[] | undefined }
  instructions?: string
  /** What was wrong with an earlier draft. */
  feedback?: { answer: string; problem: string }
  /** The same question to the same model may be answered from an earlier answer, such as `1d` old at most. */
  cache?: Duration | CacheOptions
  retry?: RetryPolicy
}

export interface RecallOptions {
  query: string
  /** `knowledge`: the project's files. `memory`: what runs remembered. Default `knowledge`. */
  from?: 'knowledge' | 'memory'
  /** A scope such as `policy/billing`, and everything below it. */
  in?: string
  /** The most passages. Default 4. */
  limit?: number
}

/** What a workflow may do. */
export class Context extends CoreContext {
  readonly #services: ContextServices
  readonly #toolbox: Toolbox
  #loops = 0

  constructor(execution: Execution, workflows: WorkflowRegistry, services: ContextServices) {
    super(execution, workflows)
    this.#services = services
    this.#toolbox = services.toolbox ?? new Toolbox()
  }

  /**
   * Asks the route's solvers, in order, for a typed answer. Invalid answers are healed by feeding the exact error back;
   * when no solver can answer, a person is asked and the run waits.
   */
  async extract<S extends StandardSchemaV1>(name: string, options: ExtractOptions<S>): Promise<OutputOf<S>> {
    checkOptions(options, `ctx.extract(${named(name)})`, extracting)
    const { schema, from, route, cache } = options
    if (cache !== undefined) resolveCache(cache)
    const question = extraction(name, from, options)
    const asked = { route, question, schema, retry: options.retry, cache }
    return this.#services.questions.answer(CoreContext.executionOf(this), asked) as Promise<OutputOf<S>>
  }

  /**
   * As `extract`, for many inputs: the answers in their order. With `batch` they go to the batches of a provider, cheaper
   * and within a day; what comes back failed, late or unfit is asked again as `extract` would.
   * @throws `over-budget` `unknown-route` `unanswered` `bad-batch`
   */
  async extractAll<S extends StandardSchemaV1>(
    name: string,
    inputs: readonly Json[],
    options: ExtractAllOptions<S>,
  ): Promise<OutputOf<S>[]> {
    checkText(name, 'The name of ctx.extractAll')
    checkOption(inputs, `The inputs of ctx.extractAll(${named(name)})`, 'list!')
    checkOptions(options, `ctx.extractAll(${named(name)})`, { ...extracting, batch: ['flag', 'object'] })
    const questions = inputs.map((from) => extraction(name, from, options))
    const { route, schema, retry, batch } = options
    const asked = { name, route, questions, schema, retry, batch }
    const execution = CoreContext.executionOf(this)
    return askTogether(this.#services.questions, execution, asked) as Promise<OutputOf<S>[]>
  }

  /** As `generate`, for many materials; with `batch` as `extractAll`. */
  async generateAll(
    name: string,
    materials: readonly GenerateOptions['with'][],
    options: GenerateAllOptions,
  ): Promise<string[]> {
    checkText(name, 'The name of ctx.generateAll')
    checkOption(materials, `The materials of ctx.generateAll(${named(name)})`, 'objects!')
    checkOptions(options, `ctx.generateAll(${named(name)})`, { ...asking, batch: ['flag', 'object'] })
    const questions = materials.map((each) => generation(name, { ...options, with: each }))
    const { route, retry, batch } = options
    const asked = { name, route, questions, schema: undefined, retry, batch }
    const execution = CoreContext.executionOf(this)
    return askTogether(this.#services.questions, execution, asked) as Promise<string[]>
  }

  /** Asks the route for a text that rests on what it is given. */
  async generate(name: string, options: GenerateOptions): Promise<string> {
    checkOptions(options, `ctx.generate(${named(name)})`, { ...asking, with: 'object!', feedback: 'object' })
    const { cache } = options
    if (cache !== undefined) resolveCache(cache)
    const question = generation(name, options)
    const asked = { route: options.route, question, schema: undefined, retry: options.retry, cache }
    return this.#services.questions.answer(CoreContext.executionOf(this), asked) as Promise<string>
  }

  /** Looks passages up in the project's knowledge, or in memory. Which ones, and why, goes to the journal. */
  async recall(name: string, options: RecallOptions): Promise<Passage[]> {
    if (options !== undefined)
      checkOptions(options, `ctx.recall(${named(name)})`, { from: 'text', in: 'text' })
    if (typeof options?.query !== 'string')
      throw new ReeveError(
        'bad-text',
        `\`query\` of ctx.recall is ${describeValue(options?.query)}; it must be a text.`,
      )
    if (options.limit !== undefined) wholeNumber(options.limit, '`limit` of ctx.recall')
    const execution = CoreContext.executionOf(this)
    const call = execution.issue('recall', name, argumentsHash(options))
    execution.perform(call, async () => {
      const { query, from, ...search } = options
      const recalled =
        from === 'memory'
          ? await this.#services.memory.recall(query, search)
          : await this.#services.knowledge.recall(query, search)
      execution.settle(call, 'recall-completed', JSON.stringify(recalled), recalled)
    })
    return ((await call.promise) as { passages: Passage[] }).passages
  }

  /**
   * Keeps a text for this and later runs to `recall` from memory; item and event are one commit, so it is stored once.
   * Answers the item's id. @throws `bad-memory`
   */
  async remember(text: string, options: RememberOptions = {}): Promise<string> {
    checkOptions(options, 'ctx.remember', { scope: 'text', title: 'text', source: 'text', trusted: 'flag' })
    const execution = CoreContext.executionOf(this)
    const call = execution.issue('remember', options.scope || 'memory', argumentsHash({ text, ...options }))
    execution.perform(call, async () => {
      const { claim, services } = execution
      const origin = { id: services.newId(), run: claim.id, step: call.step, at: services.clock.now() }
      const item = await this.#services.memory.prepare(text, options, origin)
      const { id, scope, title, source, untrusted, embedder } = item
      const kept = { id, scope, title, text, source, untrusted, embedder }
      execution.addRows(memoryRow(item))
      execution.settle(call, 'remember-completed', JSON.stringify(kept), kept)
    })
    return ((await call.promise) as { id: string }).id
  }

  /**
   * Acts outside through a tool, or the tool of the project with that name: schema, approval if needed, intent, effect,
   * result. With `report: true` it answers what was really run beside the result: a person who approves may have edited
   * the arguments.
   *
   *     const { result, args, approved } = await ctx.call(refund, { orderId, amountUsd }, { report: true })
   *     // approved?.edited: `args.amountUsd` is what was paid, not what was asked for
   *
   * @throws `not-approved` when a person rejects it, `invalid-input`, `unknown-tool`
   */
  call<Input, Output, Args>(
    tool: Tool<Input, Output, Args>,
    args: Input,
    options: { report: true },
  ): Promise<CallReport<Input, Output, Args>>
  call(tool: string, args: Json, options: { report: true }): Promise<CallReport<Json, Json, Json>>
  call<Input, Output>(tool: Tool<Input, Output>, args: Input): Promise<Output>
  call(tool: string, args: Json): Promise<Json>
  async call(tool: Tool | string, args: unknown, options: { report?: boolean } = {}): Promise<unknown> {
    const found = typeof tool === 'string' ? this.#toolbox.tool(tool) : tool
    if (!isTool(found)) {
      throw new ReeveError(
        'bad-tool',
        `ctx.call got ${describeValue(tool)}. Give it a tool, or the name of one of the project's.`,
      )
    }
    checkOptions(options, 'ctx.call', { report: 'flag' })
    const execution = CoreContext.executionOf(this)
    return options.report ? callAndReport(execution, found, args) : callTool(execution, found, args)
  }

  /**
   * Turns texts into vectors, in batches that are durable and paid for one by one. `with` names an embedder of
   * `reeve.config.ts`; default: the one named `default`, else the local one.
   * @throws `bad-text` `mixed-embeddings` `unknown-route` `route-exhausted` `over-budget`
   */
  async embed(name: string, texts: readonly string[], options: { with?: string } = {}): Promise<Embeddings> {
    const execution = CoreContext.executionOf(this)
    checkText(name, 'The name of ctx.embed')
    checkOption(texts, `The texts of ctx.embed(${named(name)})`, 'list!')
    checkOptions(options, `ctx.embed(${named(name)})`, { with: 'text' })
    return embedTexts(this.#services.questions, execution, name, texts, options.with ?? 'default')
  }

  /** What the answers that this run has seen so far have cost, in US dollars. The same on replay. */
  get spentUsd(): number {
    return this.#services.questions.spentUsd(CoreContext.executionOf(this))
  }

  /**
   * Runs an agent to its final answer: each turn of its model and each call of a tool is durable.
   * @throws `agent-stopped` when it meets a limit or goes round in circles, `guard-rejected`, `over-budget`
   */
  async agent<Input, Output>(
    agent: Agent<Input, Output>,
    input: Input,
    options?: AgentOptions,
  ): Promise<Output> {
    if (!isAgent(agent))
      throw new ReeveError('bad-agent', `ctx.agent got ${describeValue(agent)}. Give it an agent.`)
    if (options !== undefined) checkOptions(options, 'ctx.agent', { onTurn: 'function' })
    const services = {
      execution: CoreContext.executionOf(this),
      questions: this.#services.questions,
      recall: (name: string, search: RecallOptions) => this.recall(name, search),
      nextLoop: () => ++this.#loops,
      toolbox: this.#toolbox,
      listener: this.#services.agentListener,
    }
    return runAgent(services, agent, input, options) as Promise<Output>
  }
}

const asking = { instructions: 'text' } as const
const extracting = { ...asking, schema: 'schema!', passages: 'objects' } as const

function named(name: unknown): string {
  return describeValue(name)
}

/** Declares a workflow: a file in `workflows/` exports it as its default. */
export function workflow<
  I extends StandardSchemaV1,
  R extends ResultFor<O>,
  O extends StandardSchemaV1 | undefined = undefined,
>(
  definition: WorkflowDefinition<Context, I, O, R>,
): Workflow<InputOf<I>, O extends StandardSchemaV1 ? OutputOf<O> : Awaited<R>> {
  return defineWorkflow(definition)
}

function extraction<S extends StandardSchemaV1>(
  name: string,
  from: Json,
  { schema, instructions, passages }: Pick<ExtractOptions<S>, 'schema' | 'instructions' | 'passages'>,
): Question {
  const question: Question = { task: 'extract', name, input: from, schema: shownSchema(schema) }
  if (instructions !== undefined) question.instructions = instructions
  if (passages !== undefined) question.passages = passages
  return question
}

function generation(
  name: string,
  options: Pick<GenerateOptions, 'with' | 'instructions' | 'feedback'>,
): Question {
  const input: { [key: string]: Json } = {}
  const passages: Passage[] = []
  for (const [key, value] of Object.entries(options.with)) {
    if (value === undefined) continue
    if (arePassages(value)) passages.push(...value)
    else input[key] = value as Json
  }
  const question: Question = { task: 'generate', name, input, passages }
  if (options.instructions !== undefined) question.instructions = options.instructions
  if (options.feedback !== undefined) question.feedback = options.feedback
  return question
}

function arePassages(value: Json | Passage[]): value is Passage[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (item) =>
        typeof item === 'object' && item !== null && 'source' in item && 'text' in item && 'score' in item,
    )
  )
}
