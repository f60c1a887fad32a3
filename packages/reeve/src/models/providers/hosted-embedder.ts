import { ReeveError } from '../../base/errors.ts'
import { describeValue, wellFormed } from '../../base/text/shorten.ts'
import { costUsd, findPrice, unknownPrice } from '../asking/price.ts'
import type { Answer, Question, SolveOptions } from '../solver.ts'
import { type EmbedderSolver, encodeVectors } from './embedding.ts'
import { checkHosted, type HostedOptions, type HostedSolver } from './hosted.ts'
import type { EmbeddingModelObject } from './model-object.ts'
import {
  importSdk,
  isSelfHosted,
  keyOf,
  loadEmbeddingModel,
  missingKey,
  referenceIfSet,
  type SdkEmbedder,
} from './provider.ts'
import { toProviderError } from './provider-error.ts'

/** For `hostedEmbedder`. */
export interface HostedEmbedderOptions
  extends Pick<HostedOptions, 'keys' | 'baseUrl' | 'prices' | 'allowUnknownPrice'> {
  /** What words have to say against its vectors where memory is searched, 0 to 1 (up to 0.5: less where no item has the words together). Default 0.5. */
  wordShare?: number | undefined
}

/**
 * An embedding model behind the AI SDK, named `provider/model` or given as an AI SDK embedding model. It answers
 * questions of the task `embed`, whose input is a list of texts.
 * @throws as `hostedSolver`; `no-embeddings` for a provider that has none
 * @example
 * import { defineConfig, hostedEmbedder } from 'reeve'
 *
 * const embedder = hostedEmbedder('openai/text-embedding-3-small', { keys: process.env })
 * export default defineConfig({ embedders: { default: embedder } })
 */
export function hostedEmbedder(
  model: string | EmbeddingModelObject,
  options: HostedEmbedderOptions,
): HostedSolver & EmbedderSolver {
  const { wordShare, ...hosted } = options ?? {}
  checkHosted(model, hosted)
  if (wordShare !== undefined && !(wordShare >= 0 && wordShare <= 1))
    throw new ReeveError(
      'bad-option',
      `\`wordShare\` of hostedEmbedder is ${describeValue(wordShare)}; it is a share, 0 to 1.`,
    )
  const named = typeof model === 'string' ? referenceIfSet(model, options.baseUrl, options.keys) : undefined
  const reference = named && 'reference' in named ? named.reference : undefined
  if (reference?.provider === 'anthropic')
    throw new ReeveError(
      'no-embeddings',
      `Anthropic has no embedding models, so "${reference.name}" is not an embedding model. Name one such as openai/text-embedding-3-small, or leave it out for the local embedder.`,
    )
  const name = typeof model === 'string' ? model : `${model.provider.split('.')[0]}/${model.modelId}`
  const free = reference !== undefined && isSelfHosted(reference)
  const price = findPrice(name, options.prices)
  const secret = () => reference && keyOf(reference, options.keys)
  const unusable =
    (named && 'unusable' in named ? named.unusable : undefined) ??
    (reference && missingKey(reference, options.keys)) ??
    (price || free || options.allowUnknownPrice ? undefined : unknownPrice(name))

  async function solve(texts: string[], signal: AbortSignal): Promise<Answer> {
    const loaded = reference ? await loadEmbeddingModel(reference, options.keys) : (model as SdkEmbedder)
    const sdk = await importSdk()
    const most = Math.max(1, (await loaded.maxEmbeddingsPerCall) ?? texts.length)
    const vectors: number[][] = []
    let tokens = 0
    for (let at = 0; at < texts.length; at += most) {
      const values = wellFormed(texts.slice(at, at + most))
      try {
        const reply = await sdk.embedMany({
          model: loaded,
          values,
          maxRetries: 0,
          maxParallelCalls: 1,
          abortSignal: signal,
        })
        refuseUnfit(reply.embeddings)
        vectors.push(...reply.embeddings)
        // A provider that counts no tokens: bytes stand for them.
        tokens +=
          Number.isSafeInteger(reply.usage.tokens) && reply.usage.tokens > 0
            ? reply.usage.tokens
            : bytesOf(values)
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof ReeveError) throw error
        const failure = toProviderError(error, name, secret(), sdk.APICallError.isInstance)
        // What an earlier part of the batch did cost is known to nobody now.
        if (at > 0) failure.details.billUnknown = true
        throw failure
      }
    }
    const usage = { inputTokens: tokens, outputTokens: 0, costUsd: price ? costUsd(price, tokens, 0) : 0 }
    return { ...encodeVectors(vectors), usage }
  }

  return {
    name,
    kind: 'hosted',
    wordShare,
    unusable,
    price,
    addCredentialsTo: (secrets) => secrets.add([secret() ?? '']),
    solve(question: Question, { signal }: SolveOptions) {
      if (unusable) throw unusable
      return solve(question.input as string[], signal)
    },
    worstCaseUsd: ({ input }) => (price ? costUsd(price, bytesOf(input as string[]), 0) : 0),
  }
}

/** A token stands for at least one byte; a few mark the beginning and end of each text. */
function bytesOf(texts: string[]): number {
  let bytes = 0
  for (const text of texts) bytes += Buffer.byteLength(text) + 8
  return bytes
}

/** Whether there is one for each text the AI SDK has seen to. @throws an error that counts as a garbled reply */
function refuseUnfit(vectors: number[][]): void {
  const length = vectors[0]?.length ?? 0
  if (length === 0 || vectors.some((vector) => vector.length !== length || !vector.every(Number.isFinite)))
    throw new Error('the vectors that came back are not of one length, or not of numbers')
}
