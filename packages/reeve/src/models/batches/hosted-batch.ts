import { isRetryable, messageOf, ReeveError } from '../../base/errors.ts'
import { wellFormed } from '../../base/text/shorten.ts'
import { NotApplied } from '../../engine/calls/effect/definition.ts'
import { type Price, worstCaseUsd } from '../asking/price.ts'
import { openAiOptions, reportedUsage, toAnswer, unfinished } from '../providers/hosted-answer.ts'
import type { ProviderKeys } from '../providers/model-object.ts'
import { type BatchApi, importSdk, keyOf, loadBatches, type ModelReference } from '../providers/provider.ts'
import { toProviderError } from '../providers/provider-error.ts'
import { sentSchema } from '../providers/provider-schema.ts'
import { endingOf } from '../reading/ending.ts'
import { buildPrompt, promptBytes } from '../reading/prompt.ts'
import type { BatchItem, BatchOrder, BatchService, BatchStatus, FoundBatch, Question } from '../solver.ts'
import { itemId, itemPrefix } from './batch.ts'

interface HostedBatchOptions {
  keys: ProviderKeys
  price: Price | undefined
  maxOutputTokens: number
  temperature: number | null
}

type BatchRequests = Parameters<BatchApi['doStartBatch']>[0]['requests']
type Fetch = typeof fetch

/** The provider's clock and ours may differ by as much. */
const skewMs = 3_600_000
/** The most pages of the provider's list of batches that are read. */
const mostPages = 50

/**
 * Batches of OpenAI and Anthropic through the AI SDK, whose retries are off. The key of an order goes into OpenAI's
 * metadata of the batch, for which the SDK has no place: it is put in, and read again, on the wire. Anthropic keeps
 * nothing of the kind; there a batch is known by the ids of its results, which can be read once it has ended.
 */
export function hostedBatches(reference: ModelReference, options: HostedBatchOptions): BatchService {
  const { name, provider, model } = reference
  const { price, maxOutputTokens, temperature } = options
  const isOpenAi = provider === 'openai'
  const secret = keyOf(reference, options.keys)
  const factor = price?.batchFactor ?? 1
  const batchPrice = price && atShare(price, factor)
  const load = (over: Fetch = fetch) => loadBatches(reference, options.keys, over)

  async function inOurTerms<T>(act: () => PromiseLike<T>, signal: AbortSignal): Promise<T> {
    try {
      return await act()
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof ReeveError) throw error
      const { APICallError } = await importSdk()
      throw toProviderError(error, name, secret, APICallError.isInstance)
    }
  }

  function toRequests({ key, questions }: BatchOrder): BatchRequests {
    return questions.map((given, place) => {
      const question = wellFormed(given)
      const { system, messages } = buildPrompt(question)
      const prompt = [
        { role: 'system' as const, content: system },
        ...messages.map(({ role, content }) => ({
          role,
          content: [{ type: 'text' as const, text: content }],
        })),
      ]
      // Anthropic's models differ in how they take a schema, and in batches the SDK refuses some; the prompt holds it.
      // Who reads the results does not know the questions, so no answer travels in an object of its own there.
      const sent = isOpenAi && question.schema ? sentSchema('openai-responses', question.schema) : undefined
      const schema = sent?.isWrapped ? undefined : sent?.schema
      return {
        id: itemId(key, place),
        type: 'text' as const,
        modelId: model,
        options: {
          prompt,
          maxOutputTokens,
          ...(temperature === null ? {} : { temperature }),
          ...(schema ? { responseFormat: { type: 'json' as const, schema, name: 'answer' } } : {}),
          ...(isOpenAi ? { providerOptions: openAiOptions(sent?.isStrict ?? false, undefined) } : {}),
        },
      }
    })
  }

  async function status(batch: string, signal: AbortSignal): Promise<BatchStatus> {
    const api = await load()
    try {
      const told = await inOurTerms(
        () => api.doGetBatchStatus({ batchId: batch, abortSignal: signal }),
        signal,
      )
      const answered = told.requestCounts?.completed
      return {
        state: told.status === 'pending' ? 'under way' : 'ended',
        ...(answered === undefined ? {} : { answered }),
      }
    } catch (error) {
      if (error instanceof ReeveError && error.details.status === 404) return { state: 'gone' }
      throw error
    }
  }

  async function* read(batch: string, signal: AbortSignal): AsyncGenerator<BatchItem> {
    const [sdk, api] = await Promise.all([importSdk(), load()])
    const results = sdk.experimental_getBatchResults({
      provider: api,
      batch: { version: 2, id: batch, provider: api.provider },
      maxRetries: 0,
      abortSignal: signal,
    })
    for await (const item of results) {
      if (item.type !== 'text') continue
      if (item.status !== 'succeeded') {
        yield { id: item.id, problem: item.error?.message ?? `${name} ${item.status} it` }
        continue
      }
      const ending = endingOf({ unified: item.finishReason, raw: item.rawFinishReason }, true)
      const usage = reportedUsage(item.usage, batchPrice)
      if (ending === 'unfinished') {
        const problem = unfinished(name, item.text, item.rawFinishReason).message
        yield { id: item.id, problem, ...(usage && { usage }) }
        continue
      }
      yield { id: item.id, answer: toAnswer(name, item.text, ending, usage) }
    }
  }

  return {
    worstCaseUsd: (question: Question) =>
      batchPrice ? worstCaseUsd(batchPrice, promptBytes(question), maxOutputTokens) : 0,

    async submit(order, signal) {
      let isSent = false
      const over: Fetch = async (address, init) => {
        if (!isCreation(address)) return fetch(address, init)
        isSent = true
        try {
          return await fetch(address, isOpenAi ? withKey(init, order.key) : init)
        } catch (error) {
          if (neverArrived(error)) isSent = false
          throw error
        }
      }
      try {
        const api = await load(over)
        const requests = toRequests(order)
        const { batchId } = await inOurTerms(
          () => api.doStartBatch({ requests, abortSignal: signal }),
          signal,
        )
        return batchId
      } catch (error) {
        const isRefused =
          error instanceof ReeveError && error.details.billUnknown !== true && 'status' in error.details
        if (isSent && !isRefused) throw error
        throw new NotApplied(messageOf(error), { retryable: isRetryable(error), cause: error })
      }
    },

    async find({ key, count, since }, signal) {
      const keys = new Map<string, string>()
      const api = await load(isOpenAi ? noting(keys) : fetch)
      const candidates: { batchId: string; isEnded: boolean }[] = []
      for (let page = 0, cursor: string | undefined; ; page++) {
        if (page === mostPages)
          return { outcome: 'unclear', reason: `${name} has more batches than can be looked through` }
        const listed = await inOurTerms(
          () => api.doListBatches!({ limit: 100, abortSignal: signal, ...(cursor ? { cursor } : {}) }),
          signal,
        )
        for (const { batchId, requestCounts, status: state, createdAt } of listed.batches) {
          if (keys.get(batchId) === key) return { outcome: 'found', batch: batchId }
          const isOlder = createdAt !== undefined && Date.parse(createdAt) < since - skewMs
          if (!isOpenAi && !isOlder && requestCounts?.total === count)
            candidates.push({ batchId, isEnded: state !== 'pending' })
        }
        const last = listed.batches.at(-1)?.createdAt
        cursor = listed.nextCursor
        if (cursor === undefined || (last !== undefined && Date.parse(last) < since - skewMs)) break
      }
      return identify(candidates, itemPrefix(key), signal)
    },

    status,
    results: (batch, signal) => inOurTerms(() => Array.fromAsync(read(batch, signal)), signal),

    async cancel(batch, signal) {
      const api = await load()
      await inOurTerms(() => api.doCancelBatch!({ batchId: batch, abortSignal: signal }), signal)
    },
  }

  /** Which of the batches has our ids. One that is under way shows none yet. */
  async function identify(
    candidates: readonly { batchId: string; isEnded: boolean }[],
    prefix: string,
    signal: AbortSignal,
  ): Promise<FoundBatch> {
    const open: string[] = []
    for (const { batchId, isEnded } of candidates) {
      if (!isEnded) {
        open.push(batchId)
        continue
      }
      const items = await inOurTerms(() => Array.fromAsync(read(batchId, signal)), signal)
      if (items.some(({ id }) => id.startsWith(prefix))) return { outcome: 'found', batch: batchId }
    }
    if (open.length === 0) return { outcome: 'none' }
    const which = open.join(', ')
    return { outcome: 'unclear', reason: `${name} has batches of this size that may be this one: ${which}` }
  }
}

/** The whole price list times a factor. */
function atShare(price: Price, factor: number): Price {
  const { inputUsdPerMillion: input, outputUsdPerMillion: output, longInput, ...rest } = price
  const cached = price.cachedInputUsdPerMillion ?? input
  const written = price.cacheWriteUsdPerMillion
  return {
    ...rest,
    inputUsdPerMillion: input * factor,
    outputUsdPerMillion: output * factor,
    cachedInputUsdPerMillion: cached * factor,
    ...(written === undefined ? {} : { cacheWriteUsdPerMillion: written * factor }),
    ...(longInput && {
      longInput: {
        overTokens: longInput.overTokens,
        inputUsdPerMillion: longInput.inputUsdPerMillion * factor,
        outputUsdPerMillion: longInput.outputUsdPerMillion * factor,
        cachedInputUsdPerMillion:
          (longInput.cachedInputUsdPerMillion ?? longInput.inputUsdPerMillion) * factor,
      },
    }),
  }
}

function isCreation(address: Parameters<Fetch>[0]): boolean {
  const url = address instanceof Request ? address.url : String(address)
  return new URL(url).pathname.endsWith('/batches')
}

/** There was no connection over which anything could have been sent. */
function neverArrived(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN'
}

const metadataKey = 'reeve_key'

function withKey(init: Parameters<Fetch>[1], key: string): Parameters<Fetch>[1] {
  const body = JSON.parse(String(init?.body)) as Record<string, unknown>
  return { ...init, body: JSON.stringify({ ...body, metadata: { [metadataKey]: key } }) }
}

/** Keeps the key of each batch that a list shows. */
function noting(keys: Map<string, string>): Fetch {
  return async (address, init) => {
    const response = await fetch(address, init)
    const text = await response.text()
    if (response.ok) {
      const { data = [] } = JSON.parse(text) as {
        data?: { id: string; metadata?: Record<string, string> | null }[]
      }
      for (const { id, metadata } of data) if (metadata?.[metadataKey]) keys.set(id, metadata[metadataKey])
    }
    const { status, statusText, headers } = response
    return new Response(text, { status, statusText, headers })
  }
}
