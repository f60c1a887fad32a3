import type { CallSite } from '../engine/call-site.ts'
import { CoreContext } from '../engine/context.ts'
import type { WorkflowRegistry } from '../engine/workflow.ts'
import type { Knowledge } from '../memory/knowledge.ts'
import type { Memory, RememberOptions } from '../memory/memory.ts'
import type { ScopeRules } from '../memory/scope-rules.ts'
import type { Questions } from '../models/asking/questions.ts'
import type { Passage } from '../models/solver.ts'
import type { RecallOptions } from './options.ts'
import {
  type AmendMemoryOptions,
  amendText,
  type ChangeMemoryOptions,
  forgetText,
  type Remembering,
  recallPassages,
  rememberText,
} from './recalling.ts'

interface Remembered {
  knowledge: Knowledge
  memory: Memory
  questions: Questions
  /** Who may read what of it. Default: everybody everything. */
  scopes?: ScopeRules | undefined
  /** What agents and directives are told. Default: nothing. */
  instructions?: readonly string[]
  /** What was learnt, which questions are told too. Default: nothing. */
  lessons?: { texts(): readonly string[] }
}

/** What a workflow may do with what is known. */
export class MemoryContext extends CoreContext {
  readonly #remembered: Remembered

  /** @internal */
  constructor(site: CallSite, workflows: WorkflowRegistry, remembered: Remembered) {
    super(site, workflows)
    this.#remembered = remembered
  }

  /**
   * Looks passages up in the project's knowledge, or in memory, the best first. Which ones, and why, goes to the journal.
   * @throws `bad-text` `bad-number` `no-knowledge` `memory-forbidden`
   * @example const passages = await ctx.recall('policy', { query: ticket.body, in: 'policy/refunds', limit: 3 })
   */
  recall(name: string, options: RecallOptions): Promise<Passage[]> {
    return recallPassages(CoreContext.callSiteOf(this), this.#remembered, name, options)
  }

  /**
   * Keeps a text of up to 16,000 characters for this and later runs to `recall` from memory. It is stored once, with its
   * event. Resolves to the item's id. Once the run has recalled anything, a fact, preference or lesson must stand in what it has
   * from elsewhere, or name its `evidence` there.
   * @throws `feeds-itself` `unfounded` `bad-memory` `bad-text`
   * @example await ctx.remember('Ada wants invoices by mail.', { scope: 'customers/ada', source: 'mail of 3 May' })
   */
  remember(text: string, options: RememberOptions = {}): Promise<string> {
    return rememberText(CoreContext.callSiteOf(this), this.#remembering, text, options)
  }

  /**
   * Puts another text in the place of an item that was remembered; what stood there stays in its history. Resolves to the
   * number of its version.
   * @throws `unknown-memory`, `memory-changed` when it was amended or retracted since, `feeds-itself` `unfounded` `bad-memory`
   * `bad-option`
   * @example
   * const id = await ctx.remember('Ada wants invoices by mail.')
   * await ctx.amend(id, 'Ada wants invoices by post.', { why: 'her mail of 9 May' })
   */
  amend(id: string, text: string, options: AmendMemoryOptions): Promise<number> {
    return amendText(CoreContext.callSiteOf(this), this.#remembering, id, text, options)
  }

  /**
   * Takes an item out of what is recalled; it stays in its history, and is found as of before.
   * @throws `unknown-memory` `memory-changed` `bad-option`
   * @example
   * const id = await ctx.remember('Ada wants invoices by mail.')
   * await ctx.forget(id, { why: 'Ada closed her account' })
   */
  forget(id: string, options: ChangeMemoryOptions): Promise<void> {
    return forgetText(CoreContext.callSiteOf(this), this.#remembering, id, options)
  }

  get #remembering(): Remembering {
    const { memory, questions, scopes, instructions = [], lessons } = this.#remembered
    return {
      memory,
      questions,
      scopes,
      instructions: lessons ? [...instructions, ...lessons.texts()] : instructions,
    }
  }
}
