import { ReeveError } from '../../base/errors.ts'

/** What a model costs, in US dollars for a million tokens. */
export interface Price {
  /** Input (USD for a million tokens). */
  inputUsdPerMillion: number
  /** Output, reasoning included. */
  outputUsdPerMillion: number
  /** Input that the provider had in its cache. Default: as other input. */
  cachedInputUsdPerMillion?: number
  /** Input that the provider wrote to its cache. Default: 1.25 times other input, the most that is known to be asked. */
  cacheWriteUsdPerMillion?: number
  /** The dearer rate of the whole call when its input is longer than this. */
  longInput?: {
    overTokens: number
    inputUsdPerMillion: number
    outputUsdPerMillion: number
    cachedInputUsdPerMillion?: number
  }
  /** What work in a provider's batch costs, as a share of the price. Default 1: no discount is assumed. */
  batchFactor?: number
  /** The day on which the price was looked up (ISO). */
  asOf: string
  /** Where it was looked up. */
  source: string
}

/** By `provider/model`. */
export type PriceTable = Readonly<Record<string, Price>>

const anthropic = { batchFactor: 0.5, asOf: '2026-03-21', source: 'Anthropic list prices, standard tier' }
const openai = { batchFactor: 0.5, asOf: '2026-03-21', source: 'OpenAI list prices, standard tier' }
const google = { asOf: '2026-03-21', source: 'Gemini API list prices, paid tier, text' }

/** List prices as they stood on each entry's date. A project's own table goes before it. */
export const listPrices: PriceTable = {
  'anthropic/claude-haiku-4-5': {
    inputUsdPerMillion: 1,
    cachedInputUsdPerMillion: 0.1,
    outputUsdPerMillion: 5,
    ...anthropic,
  },
  'anthropic/claude-sonnet-4-6': {
    inputUsdPerMillion: 3,
    cachedInputUsdPerMillion: 0.3,
    outputUsdPerMillion: 15,
    ...anthropic,
  },
  'anthropic/claude-opus-4-5': {
    inputUsdPerMillion: 5,
    cachedInputUsdPerMillion: 0.5,
    outputUsdPerMillion: 25,
    ...anthropic,
  },
  'anthropic/claude-opus-4-6': {
    inputUsdPerMillion: 5,
    cachedInputUsdPerMillion: 0.5,
    outputUsdPerMillion: 25,
    ...anthropic,
  },
  'openai/gpt-5': {
    inputUsdPerMillion: 1.25,
    cachedInputUsdPerMillion: 0.125,
    outputUsdPerMillion: 10,
    ...openai,
  },
  'openai/gpt-5-mini': {
    inputUsdPerMillion: 0.25,
    cachedInputUsdPerMillion: 0.025,
    outputUsdPerMillion: 2,
    ...openai,
  },
  'openai/gpt-5-nano': {
    inputUsdPerMillion: 0.05,
    cachedInputUsdPerMillion: 0.005,
    outputUsdPerMillion: 0.4,
    ...openai,
  },
  'openai/gpt-4.1': {
    inputUsdPerMillion: 2,
    cachedInputUsdPerMillion: 0.5,
    outputUsdPerMillion: 8,
    ...openai,
  },
  'openai/gpt-4.1-mini': {
    inputUsdPerMillion: 0.4,
    cachedInputUsdPerMillion: 0.1,
    outputUsdPerMillion: 1.6,
    ...openai,
  },
  'openai/gpt-4.1-nano': {
    inputUsdPerMillion: 0.1,
    cachedInputUsdPerMillion: 0.025,
    outputUsdPerMillion: 0.4,
    ...openai,
  },
  'google/gemini-2.5-flash-lite': {
    inputUsdPerMillion: 0.1,
    cachedInputUsdPerMillion: 0.01,
    outputUsdPerMillion: 0.4,
    ...google,
  },
  'google/gemini-2.5-flash': {
    inputUsdPerMillion: 0.3,
    cachedInputUsdPerMillion: 0.03,
    outputUsdPerMillion: 2.5,
    ...google,
  },
  'google/gemini-2.5-pro': {
    inputUsdPerMillion: 1.25,
    cachedInputUsdPerMillion: 0.125,
    outputUsdPerMillion: 10,
    longInput: {
      overTokens: 200_000,
      inputUsdPerMillion: 2.5,
      cachedInputUsdPerMillion: 0.25,
      outputUsdPerMillion: 15,
    },
    ...google,
  },
  'openai/text-embedding-3-small': { inputUsdPerMillion: 0.02, outputUsdPerMillion: 0, ...openai },
  'openai/text-embedding-3-large': { inputUsdPerMillion: 0.13, outputUsdPerMillion: 0, ...openai },
  'google/gemini-embedding-001': { inputUsdPerMillion: 0.15, outputUsdPerMillion: 0, ...google },
}

/** A model's price; a dated snapshot (`…-20251001`, `…-2025-08-07`) costs what its undated name does. */
export function findPrice(model: string, own: PriceTable = {}): Price | undefined {
  const undated = model.replace(/-(?:\d{8}|\d{4}-\d{2}-\d{2})$/, '')
  for (const table of [own, listPrices]) {
    for (const name of [model, undated]) if (Object.hasOwn(table, name)) return table[name]
  }
  return undefined
}

export function unknownPrice(model: string): ReeveError {
  return new ReeveError(
    'unknown-price',
    `The price of ${model} is not known, so no budget could hold it. Give it in \`prices\`, or allow unknown prices for this model.`,
    { details: { model } },
  )
}

/** What a call costs. Of its input, `cached` counts what was read from the provider's cache and written to it. */
export function costUsd(
  price: Price,
  inputTokens: number,
  outputTokens: number,
  cached: { read: number; written: number } = { read: 0, written: 0 },
): number {
  const isLong = price.longInput !== undefined && inputTokens > price.longInput.overTokens
  const rate = isLong ? price.longInput! : price
  const readRate = rate.cachedInputUsdPerMillion ?? rate.inputUsdPerMillion
  const fresh = Math.max(0, inputTokens - cached.read - cached.written)
  const input =
    fresh * rate.inputUsdPerMillion + cached.read * readRate + cached.written * writeRate(price, isLong)
  return (input + outputTokens * rate.outputUsdPerMillion) / 1_000_000
}

function writeRate(price: Price, isLong: boolean): number {
  if (isLong) return price.longInput!.inputUsdPerMillion * mostWriteFactor
  return price.cacheWriteUsdPerMillion ?? price.inputUsdPerMillion * mostWriteFactor
}

const mostWriteFactor = 1.25

/** What a provider may add to a prompt by itself: roles, the wrapping of a schema. */
const addedTokens = 1024

/**
 * The most that one call can cost. A token stands for at least one byte, so the prompt's bytes bound its tokens;
 * providers stop at `maxOutputTokens`, reasoning included. With `writesCache` all of the prompt may be written to the
 * provider's cache.
 */
export function worstCaseUsd(
  price: Price,
  promptBytes: number,
  maxOutputTokens: number,
  writesCache = false,
): number {
  const inputTokens = promptBytes + addedTokens
  const plain = costUsd(price, inputTokens, maxOutputTokens)
  if (!writesCache) return plain
  return Math.max(plain, costUsd(price, inputTokens, maxOutputTokens, { read: 0, written: inputTokens }))
}
