import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { AgentOptions } from '../agents/loop/options.ts'
import type { Json } from '../base/json/json.ts'
import { optionNames } from '../base/options.ts'
import type { Duration } from '../base/time/time.ts'
import type { RetryPolicy } from '../engine/calls/retry.ts'
import type { RememberOptions } from '../memory/memory.ts'
import type { CacheOptions } from '../models/asking/answer-cache.ts'
import type { BatchOptions } from '../models/batches/batch-questions.ts'
import type { Passage } from '../models/solver.ts'
import type { ItemKind } from '../store/memory/items.ts'

/** What every question to a route is given. */
export interface AskOptions {
  /** A route of `reeve.config.ts`. */
  route: string
  /** What to do and what to mind, for the model. Default: the name of the question alone. */
  instructions?: string | undefined
  /** How often outages of the whole route are waited out before a person is asked. Default: see `RetryPolicy`. */
  retry?: RetryPolicy | undefined
}

/** Of questions whose answers may be kept. */
export interface CachedOptions {
  /**
   * Lets the same question to the same model be answered from an earlier answer that is so old at most, such as `1d`.
   * Default: each question is asked.
   */
  cache?: Duration | CacheOptions | undefined
}

/** Of questions that may wait. */
export interface BatchedOptions {
  /**
   * Lets the questions go to a provider's batch, at its price and within its time; `true`: for a day at most. Default: each
   * is asked at once.
   */
  batch?: true | BatchOptions | undefined
}

/** For `ctx.extract`. */
export interface ExtractOptions<S extends StandardSchemaV1, From = Json> extends AskOptions, CachedOptions {
  /** What the answer must be: Zod, or any Standard Schema that converts to JSON Schema. */
  schema: S
  /** What the question is about: data, never instructions. */
  from: From
  /** Passages that the answer may rest on, such as those of `ctx.recall`. Default: none. */
  passages?: Passage[] | undefined
}

/** For `ctx.extractAll`. */
export interface ExtractAllOptions<S extends StandardSchemaV1> extends AskOptions, BatchedOptions {
  /** What each answer must be. */
  schema: S
  /** Passages that all answers may rest on. Default: none. */
  passages?: Passage[] | undefined
}

/** What a text is to rest on, by what each is. */
export interface Material {
  [key: string]: Json | Passage[] | undefined
}

/** For `ctx.generate`. */
export interface GenerateOptions<With = Material> extends AskOptions, CachedOptions {
  /** What the text is to rest on. Passages from `recall` are found in it and become the only sources. */
  with: With
  /** An earlier draft, and what was wrong with it. Default: none. */
  feedback?: { answer: string; problem: string } | undefined
}

/** For `ctx.generateAll`. */
export interface GenerateAllOptions extends AskOptions, BatchedOptions {}

/** For `ctx.recall`. */
export interface RecallOptions {
  /** What to look for, in words. */
  query: string
  /** `knowledge`: the project's files. `memory`: what runs remembered. Default `knowledge`. */
  from?: 'knowledge' | 'memory' | undefined
  /** A scope such as `policy/billing`, and everything below it. Default: everything. */
  in?: string | undefined
  /** Only these kinds of items. Default: `passage` from knowledge, all others from memory. */
  kinds?: readonly ItemKind[] | undefined
  /** The most passages, at most 50. Default 4. */
  limit?: number | undefined
  /** Leaves out what scores less (0..1). Default 0. */
  minScore?: number | undefined
  /** As things stood at that time. Default: now. */
  asOf?: Date | undefined
  /** Leaves out what came from outside. Default false. */
  trustedOnly?: boolean | undefined
}

/** For `ctx.embed`. */
export interface EmbedOptions {
  /** An embedder of `reeve.config.ts`. Default: the one named `default`, else the local one. */
  with?: string | undefined
}

const asked = { instructions: 'text' } as const
const extracted = { ...asked, schema: 'schema!', passages: 'objects' } as const

/** What the options of calls must be, where that can be told by their kind. */
export const rules = {
  extract: extracted,
  extractAll: { ...extracted, batch: ['flag', 'object'] },
  generate: { ...asked, with: 'object!', feedback: 'object' },
  generateAll: { ...asked, batch: ['flag', 'object'] },
  agent: { onTurn: 'function', plan: 'texts', under: 'objects' },
} as const

const asking = { route: true, instructions: true, retry: true } as const
const extracting = { ...asking, schema: true, passages: true } as const

/** All that each call of `ctx` takes: another name is a misspelt one, and is refused. */
export const known = {
  extract: optionNames<ExtractOptions<StandardSchemaV1>>({ ...extracting, from: true, cache: true }),
  extractAll: optionNames<ExtractAllOptions<StandardSchemaV1>>({ ...extracting, batch: true }),
  generate: optionNames<GenerateOptions>({ ...asking, with: true, feedback: true, cache: true }),
  generateAll: optionNames<GenerateAllOptions>({ ...asking, batch: true }),
  embed: optionNames<EmbedOptions>({ with: true }),
  agent: optionNames<AgentOptions>({ onTurn: true, plan: true, under: true }),
  recall: optionNames<RecallOptions>({
    query: true,
    from: true,
    in: true,
    kinds: true,
    limit: true,
    minScore: true,
    asOf: true,
    trustedOnly: true,
  }),
  remember: optionNames<RememberOptions>({
    scope: true,
    title: true,
    source: true,
    kind: true,
    validFrom: true,
    validUntil: true,
    trusted: true,
    evidence: true,
  }),
}
