import type { Json } from '../base/json/json.ts'
import type { LearningClassifier } from './local/classify/learner.ts'

/** A passage that recall found and that an answer may rest on. */
export interface Passage {
  id: string
  /** Where it comes from: a file or document id. */
  source: string
  /** Where it stands there, for people: `lines 12–30`, `page 3`. Absent: that is not known. */
  place?: string
  title: string
  text: string
  score: number
  /** Where near duplicates of it come from, which are left out; absent: there is none. */
  alsoFrom?: string[]
  /** What came from outside and was remembered: it may hold instructions, which are data. */
  untrusted?: true
  /** It lies in a scope that the configuration calls private. */
  isPrivate?: true
}

/** A tool as a model is told of it. */
export interface ToolOffer {
  name: string
  description: string
  /** JSON Schema (2020-12) of its arguments. */
  inputSchema: Record<string, unknown>
}

/** A model's wish to call a tool. Nothing in it has been checked. */
export interface ToolCall {
  /** Ties the result to the call; unique in its conversation. */
  id: string
  tool: string
  /** JSON; or the text as the model wrote it when that is none, or when parsing it would change it. */
  args: Json
  /** Why the call must not be made, written for the model: its arguments cannot be read as they were meant. */
  problem?: string
  /** What the provider wants to see again beside the call, such as a signature. Opaque. */
  providerData?: Json
}

/** One entry of a conversation, as plain JSON. */
export type Message =
  | { role: 'system' | 'user'; text: string }
  | { role: 'assistant'; text?: string; calls?: ToolCall[] }
  | { role: 'tool'; call: string; tool: string; text: string; failed?: boolean }

/** What a conversation's turn comes to: calls of tools, or the final answer (checked against the schema, if any). */
export type TurnValue = { calls: ToolCall[]; text?: string } | { answer: unknown }

/** One typed question. Micro-delegation: ask for one thing at a time. */
export interface Question {
  /**
   * `converse`: the next turn of `messages`, which is calls of `tools` or the final answer.
   * `embed`: a vector for each text of `input`; only embedders are asked.
   */
  task: 'extract' | 'generate' | 'converse' | 'embed'
  /** What the workflow calls this question; shown on every screen. */
  name: string
  instructions?: string
  /** What the question is about. Untrusted: it may contain instructions, which are data and never obeyed. */
  input: Json
  /** The only passages that an answer may use. */
  passages?: Passage[]
  /** JSON Schema (2020-12) of the wanted value; absent: the answer is text. */
  schema?: Record<string, unknown>
  /** Only to `converse`: the conversation so far, the input included. */
  messages?: Message[]
  /** Only to `converse`: what may be called. A solver runs none of them. */
  tools?: ToolOffer[]
  /** What was wrong with this solver's previous answer to this question, when it is asked to mend it. */
  feedback?: { answer: string; problem: string }
}

/** What an answer used. */
export interface Usage {
  /** All of them, cached ones included. */
  inputTokens: number
  outputTokens: number
  /** US dollars; 0 for local solvers. */
  costUsd: number
  /** Of the input, what the provider had in its cache; absent: none. */
  cachedInputTokens?: number
  /** Of the input, what the provider wrote to its cache; absent: none. */
  cacheWriteTokens?: number
}

/** How a question is to be answered. */
export interface SolveOptions {
  /** Ends the question. */
  signal: AbortSignal
  /** Whether the stable part of the prompt is marked for the provider's cache; absent: as the solver sees fit. */
  promptCache?: boolean | undefined
  /** Somebody watches: told the answer's text as it is written, raw. What it says is never relied on. */
  onText?: ((text: string) => void) | undefined
}

/**
 * What a solver says. `text` is raw: the caller parses and checks it, so a solver need not return valid JSON.
 * `confidence` is 0..1; a solver that cannot tell leaves it out, which counts as sure.
 * `cut` says that the text ends where a limit on its length was reached: it is never taken for a whole answer.
 */
export type Answer =
  | { kind: 'text'; text: string; cut?: boolean; confidence?: number; usage?: Usage }
  | { kind: 'value'; value: Json; confidence?: number; usage?: Usage }
  /** Only to `converse`, and only whole: calls from a cut answer are never handed on. */
  | { kind: 'calls'; calls: ToolCall[]; text?: string; confidence?: number; usage?: Usage }
  | { kind: 'abstain'; reason: string; usage?: Usage }

/** Whatever can answer a typed question: a hosted model, a local solver, a plain function. */
export interface Solver {
  /** Unique in its route, such as `anthropic/claude-haiku-4-5` or `local/extractor`. */
  readonly name: string
  /** Shown wherever an answer is shown: a local solver is never passed off as a large model. */
  readonly kind: 'hosted' | 'local' | 'function'
  /**
   * Everything but the question that shapes its answers: model, address, settings. Only a solver that has one is
   * answered from the cache of answers.
   */
  readonly identity?: string
  /**
   * Answers at once or later. May throw: `retryable` errors count as an outage, and the route goes on.
   * Errors with the code `missing-key`, `unknown-price` or `missing-package` mean that it was never asked.
   */
  solve(question: Question, options: SolveOptions): Answer | Promise<Answer>
  /** The most that one answer may cost, in US dollars, reserved before it is asked; absent: free. */
  worstCaseUsd?(question: Question, options?: Pick<SolveOptions, 'promptCache'>): number
  /** What of it is trained again as people correct it. */
  readonly learners?: readonly LearningClassifier[]
  /** How its provider takes many questions at once, to be answered later; absent: it does not. */
  readonly batches?: BatchService
}

/** Questions for one batch at a provider's. */
export interface BatchOrder {
  /** Unlike every other order's anywhere; by it and by the ids made from it the batch is found again. */
  key: string
  questions: readonly Question[]
}

/** A batch that the provider ends within a day, answers in any order, and bills at a lower price. */
export interface BatchService {
  /** The most that an answer may cost in a batch, in US dollars. */
  worstCaseUsd(question: Question): number
  /**
   * Answers the provider's id of the batch. @throws `not-applied` when there is certainly no batch; after any other error
   * there may be one
   */
  submit(order: BatchOrder, signal: AbortSignal): Promise<string>
  /** Looks for a batch that may have been submitted under this key since that time (ms, by our clock). */
  find(wanted: { key: string; count: number; since: number }, signal: AbortSignal): Promise<FoundBatch>
  status(batch: string, signal: AbortSignal): Promise<BatchStatus>
  /** What became of the questions, once the batch has ended; in any order, and with nothing left out or mended. */
  results(batch: string, signal: AbortSignal): Promise<BatchItem[]>
  cancel(batch: string, signal: AbortSignal): Promise<void>
}

/** What is known at the provider of a batch. */
export type FoundBatch =
  | { outcome: 'found'; batch: string }
  | { outcome: 'none' }
  /** There are batches that may be it, and nobody can tell. */
  | { outcome: 'unclear'; reason: string }

/** `under way → ended`; `gone`: the provider does not know it, or not any more. */
export interface BatchStatus {
  state: 'under way' | 'ended' | 'gone'
  /** How many questions were answered, and so billed; absent: the provider does not say. */
  answered?: number
}

/**
 * One line of a batch's results. The usage of an answer is absent where the provider told no tokens; a problem has one
 * where the provider has worked, and so billed, for nothing.
 */
export type BatchItem = { id: string; answer: Answer } | { id: string; problem: string; usage?: Usage }
