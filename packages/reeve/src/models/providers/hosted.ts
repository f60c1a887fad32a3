import type { OutputInterface, ToolSet } from 'ai'
import { ReeveError } from '../../base/errors.ts'
import { canonical } from '../../base/json/json.ts'
import { checkOptions } from '../../base/options.ts'
import type { SecretRegistry } from '../../base/secrets/secrets.ts'
import { describeValue, wellFormed } from '../../base/text/shorten.ts'
import { findPrice, type Price, type PriceTable, unknownPrice, worstCaseUsd } from '../asking/price.ts'
import { hostedBatches } from '../batches/hosted-batch.ts'
import { buildConversation } from '../reading/conversation.ts'
import { endingOf } from '../reading/ending.ts'
import { buildPrompt, promptBytes } from '../reading/prompt.ts'
import { askForReply } from '../reading/reply.ts'
import { sentQuestion } from '../reading/sent-question.ts'
import { unwrapAnswer } from '../reading/structured.ts'
import type { Answer, Question, SolveOptions, Solver, ToolOffer } from '../solver.ts'
import { openAiOptions, toAnswer, toUsage, unfinished } from './hosted-answer.ts'
import { toCalls } from './hosted-calls.ts'
import type { LanguageModelObject, ProviderKeys } from './model-object.ts'
import { cachesByDefault, markStable, promptCacheKey } from './prompt-cache.ts'
import {
  addressOf,
  hasBatches,
  importSdk,
  isSelfHosted,
  keyNameOf,
  keyOf,
  keyToSend,
  loadModel,
  missingKey,
  referenceIfSet,
  type SdkModel,
  takesSchemas,
  wireOf,
} from './provider.ts'
import { toProviderError } from './provider-error.ts'
import { textBehind, wireNamed } from './wire.ts'

/** For `hostedSolver` and `hostedEmbedder`. */
export interface HostedOptions {
  /** By the name of their environment variable; nothing here reads the environment. */
  keys: ProviderKeys
  /** Another address of the provider, or the address of an OpenAI-compatible server. */
  baseUrl?: string
  /** Go before the list prices. */
  prices?: PriceTable
  /** Use the model although its price is not known; its cost then counts as 0. */
  allowUnknownPrice?: boolean
  /** Reasoning included. Default 4,096. */
  maxOutputTokens?: number
  /** 0 for the likeliest words; up to 1 or 2, by provider. Default: the provider's. */
  temperature?: number
  /**
   * Tells its answers from others' in the cache of answers. Models named `provider/model` have one; of a model object
   * the settings cannot be seen, so its answers are only ever given again under an identity given here.
   */
  identity?: string
}

/** A hosted model as a solver. */
export interface HostedSolver extends Solver {
  /** What keeps the solver from being asked (`missing-key`, `unknown-price`, `unknown-provider`), for those who want to know before. */
  readonly unusable: ReeveError | undefined
  /** Undefined: unknown, or free because it is self-hosted. */
  readonly price: Price | undefined
  /** Where its questions go, and the variable that its key comes from; undefined for an AI SDK model object. */
  readonly access?: { address: string; keyName: string | undefined }
  /** Registers its key, which need not come from the environment. */
  readonly addCredentialsTo?: (secrets: SecretRegistry) => void
}

const shape = {
  keys: 'object!',
  baseUrl: 'text',
  prices: 'object',
  allowUnknownPrice: 'flag',
  maxOutputTokens: 'number',
  temperature: 'number',
  identity: 'text',
} as const

/** What both hosted solvers and embedders are made of. @throws `bad-option` `bad-model-name` */
export function checkHosted(model: unknown, options: unknown): void {
  const isNamed =
    typeof model === 'string' || typeof (model as { modelId?: unknown } | null)?.modelId === 'string'
  if (
    !isNamed ||
    (typeof model !== 'string' && typeof (model as { provider?: unknown }).provider !== 'string')
  ) {
    const what = `A hosted model is ${describeValue(model)}`
    throw new ReeveError(
      'bad-model-name',
      `${what}; it must be \`provider/model\` or a model object of the AI SDK.`,
    )
  }
  checkOptions(options, typeof model === 'string' ? `model "${model}"` : 'a hosted model', shape)
}

/**
 * A model behind the AI SDK. `model` is `provider/model` or an AI SDK model object. The AI SDK's packages are loaded
 * when the first question is asked. Its own retries are off: the route's are on record.
 * @throws `bad-model-name`, `unknown-provider` for a misspelt one; `solve` throws `missing-key`, `unknown-price`, `unknown-provider`, `missing-package` and
 * the errors of provider-error.ts.
 * @example
 * import { defineConfig, hostedSolver } from 'reeve'
 *
 * const model = hostedSolver('anthropic/claude-haiku-4-5', { keys: process.env, temperature: 0 })
 * export default defineConfig({ routes: { writing: { solvers: [model] } } })
 */
export function hostedSolver(model: string | LanguageModelObject, options: HostedOptions): HostedSolver {
  checkHosted(model, options)
  const named = typeof model === 'string' ? referenceIfSet(model, options.baseUrl, options.keys) : undefined
  const reference = named && 'reference' in named ? named.reference : undefined
  const name = typeof model === 'string' ? model : `${model.provider.split('.')[0]}/${model.modelId}`
  const free = reference !== undefined && isSelfHosted(reference)
  const price = findPrice(name, options.prices)
  const maxOutputTokens = options.maxOutputTokens ?? 4096
  const unusable =
    (named && 'unusable' in named ? named.unusable : undefined) ??
    (reference && missingKey(reference, options.keys)) ??
    (price || free || options.allowUnknownPrice ? undefined : unknownPrice(name))
  // It may be rotated while this process runs.
  const secret = () => reference && keyOf(reference, options.keys)
  const provider = reference?.provider ?? name.split('/')[0]
  const isOpenAi = provider === 'openai'
  const wire = reference ? wireOf(reference) : wireNamed(provider!)
  const isNative = reference === undefined || takesSchemas(reference)
  const seen = reference && canonical({ name, baseUrl: reference.baseUrl ?? null })
  const settings = { maxOutputTokens, temperature: options.temperature ?? null }
  const identity = options.identity ?? seen
  let loading: Promise<Loaded> | undefined
  let loadedWith = secret()

  function load(): Promise<Loaded> {
    const key = reference && keyToSend(reference, options.keys)
    if (key !== loadedWith) loading = undefined
    loadedWith = key
    loading ??= loadBoth(reference ? () => loadModel(reference, options.keys) : async () => model as SdkModel)
    // A package that is installed later must be found by the next question.
    loading.catch(() => {
      loading = undefined
    })
    return loading
  }

  const caches = (question: Question, { promptCache }: Pick<SolveOptions, 'promptCache'>) =>
    promptCache ?? cachesByDefault(question)

  function mostUsd(question: Question, call: Pick<SolveOptions, 'promptCache'> = {}): number {
    if (!price) return 0
    const writes = !asksNothingForWriting.has(provider!) && caches(question, call)
    const sent = sentQuestion(question, wire, isNative)
    return worstCaseUsd(price, promptBytes(sent.question), maxOutputTokens, writes)
  }

  async function solve(given: Question, options: SolveOptions): Promise<Answer> {
    const { signal } = options
    const { question: sent, answer, unwrapCall } = sentQuestion(given, wire, isNative)
    const question = wellFormed(sent)
    const loaded = await load()
    const conversation = question.task === 'converse' ? buildConversation(question) : undefined
    const { system, messages } = conversation ?? buildPrompt(question)
    const prompt = caches(question, options)
      ? markStable(system, messages, conversation !== undefined)
      : { instructions: system, messages }
    // OpenAI keeps prompts by itself, at no price; only where a call goes can be said.
    const cacheKey = options.promptCache === false ? undefined : promptCacheKey(system)
    const hasTools = conversation !== undefined && conversation.offers.size > 0
    const output = answer && rawText(answer.schema)
    try {
      const request = {
        ...prompt,
        maxRetries: 0,
        maxOutputTokens,
        temperature: settings.temperature ?? undefined,
        abortSignal: signal,
        output: output?.output,
        ...(hasTools ? { tools: toolSet(loaded.sdk, conversation.offers) } : {}),
        ...(isOpenAi ? { providerOptions: openAiOptions(answer?.isStrict ?? false, cacheKey) } : {}),
      }
      const reply = await askForReply(loaded.sdk, loaded.model, request, options.onText)
      const ending = endingOf(reply.finish, reference !== undefined)
      if (ending === 'unfinished') throw unfinished(name, reply.text, reply.finish.raw)
      const usage = toUsage(reply, question, price, mostUsd(given, options))
      // A cut reply may hold half of the calls that were meant, so none of them counts.
      if (hasTools && reply.calls.length > 0 && ending === 'whole') {
        const calls = toCalls(reply.calls, conversation.offers, reference !== undefined).map(unwrapCall)
        return { kind: 'calls', calls, text: reply.text, usage }
      }
      const text = textBehind(output?.text() ?? reply.text)
      return toAnswer(name, answer?.isWrapped ? unwrapAnswer(text) : text, ending, usage)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof ReeveError) throw error
      throw toProviderError(error, name, secret(), loaded.sdk.APICallError.isInstance)
    }
  }

  return {
    name,
    kind: 'hosted',
    ...(identity === undefined ? {} : { identity: canonical({ name, identity, ...settings }) }),
    unusable,
    price,
    addCredentialsTo: (secrets) => secrets.add([secret() ?? '']),
    ...(reference && {
      access: { address: addressOf(reference), keyName: keyNameOf(reference, options.keys) },
    }),
    solve(question, call) {
      if (unusable) throw unusable
      return solve(question, call)
    },
    worstCaseUsd: mostUsd,
    ...(reference && !unusable && hasBatches(reference)
      ? { batches: hostedBatches(reference, { keys: options.keys, price, ...settings }) }
      : {}),
  }
}

/** Providers that leave the marks aside or write to their caches at the price of other input. */
const asksNothingForWriting = new Set(['openai', 'google', 'ollama'])

interface Loaded {
  sdk: typeof import('ai')
  model: SdkModel
}

async function loadBoth(model: () => Promise<SdkModel>): Promise<Loaded> {
  // The provider's package first: where both are missing, its error names both.
  const loaded = await model()
  return { sdk: await importSdk(), model: loaded }
}

/**
 * Asks the provider for JSON in its own way and hands on the text unread: the AI SDK's reading would throw where
 * Reeve heals.
 */
function rawText(schema: Record<string, unknown>): {
  output: OutputInterface<string, string, never>
  text: () => string | undefined
} {
  let received: string | undefined
  return {
    text: () => received,
    output: {
      name: 'raw-json',
      responseFormat: Promise.resolve({ type: 'json', schema, name: 'answer' }),
      parseCompleteOutput: async ({ text }) => {
        received = text
        return text
      },
      parsePartialOutput: async () => undefined,
      createElementStreamTransform: () => undefined,
    },
  }
}

/** Tools without `execute`: the AI SDK hands their calls on instead of running them. */
function toolSet(sdk: Loaded['sdk'], offers: Map<string, ToolOffer>): ToolSet {
  const tools: ToolSet = {}
  for (const [alias, { description, inputSchema }] of offers)
    tools[alias] = sdk.tool({ description, inputSchema: sdk.jsonSchema(inputSchema) })
  return tools
}
