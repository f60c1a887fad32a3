import { createHash } from 'node:crypto'
import { ReeveError } from '../base/errors.ts'
import type { AsKnownJson } from '../base/json/as-json.ts'
import type { Json } from '../base/json/json.ts'
import { refuseUnknownOptions } from '../base/options.ts'
import type { Schema } from '../base/schema/schema.ts'
import { describeValue, shorten } from '../base/text/shorten.ts'
import { checkText } from '../base/text/text.ts'
import type { Duration, Moment } from '../base/time/time.ts'
import { checkedEvent, newEvent } from '../store/journal/events.ts'
import type { CallSite } from './call-site.ts'
import { type ApprovalRequest, approval } from './calls/approval.ts'
import { approveOptions, type GivenTerms } from './calls/approval-terms.ts'
import { authorOf } from './calls/authors.ts'
import { type Child, type ChildOptions, startChild } from './calls/children.ts'
import { type AllOptions, all, allSettled } from './calls/concurrency.ts'
import { continueAs } from './calls/continue-as.ts'
import { race } from './calls/give-up.ts'
import { type StepBody, type StepOptions, step } from './calls/step.ts'
import { type Deadline, sleep, type WaitOptions, waitFor } from './calls/waits.ts'
import type { Decision } from './decision.ts'
import { refuseInsideBody } from './replay/inside-body.ts'
import type { Workflow, WorkflowRegistry } from './workflow.ts'

/**
 * What a workflow may do, as far as the engine goes. Every call is numbered, journaled and, on replay, answered from the
 * journal. Between calls a workflow must be deterministic: time, chance and the outside come only from here.
 */
export class CoreContext {
  readonly #site: CallSite
  readonly #workflows: WorkflowRegistry
  #random: (() => number) | undefined
  readonly #patches = new Map<string, boolean>()

  /** @internal */
  constructor(site: CallSite, workflows: WorkflowRegistry) {
    this.#site = site
    this.#workflows = workflows
  }

  /** For the layers above that add calls of their own. @internal */
  static callSiteOf(context: CoreContext): CallSite {
    return context.#site
  }

  /** The run's id. */
  get runId(): string {
    return this.#site.run.id
  }

  /**
   * Runs `body` and remembers its result: recorded once, run at least once. The result must be plain JSON.
   * @throws what the last attempt threw, as its record
   * @example
   * const stock = await ctx.step('count the stock', ({ signal }) => shop.stockOf('A-1', signal))
   */
  step<T>(name: string, body: StepBody<T>, options?: StepOptions): Promise<T> {
    return step(this.#site, name, body, options) as Promise<T>
  }

  /**
   * Parks the run until a person approves, edits or rejects exactly `show`. Who may decide (`deciders`), what (`allowed`), and
   * what becomes of it when nobody does in time (`onTimeout`) may be said with it: see docs/approvals.md.
   * @throws `bad-option` `bad-duration` `bad-moment` `not-serialisable`
   * @example
   * const decision = await ctx.approve('publish', { show: { title: 'News', text: 'We are open.' }, timeout: '2d' })
   * if (decision.status !== 'approved') return { published: false, why: decision.note }
   */
  approve<T>(
    subject: string,
    options: { show: T & AsKnownJson<T>; signal?: AbortSignal } & Deadline & GivenTerms,
  ): Promise<Decision<T>> {
    refuseUnknownOptions(options, `ctx.approve(${describeValue(subject)})`, approveOptions)
    const { show, ...rest } = options ?? {}
    const request: ApprovalRequest = { kind: 'approval', subject, shown: show as Json, ...rest }
    return approval(this.#site, request) as Promise<Decision<T>>
  }

  /**
   * Parks the run for a time, or until a point in time: `ctx.sleep('3d')`, `ctx.sleep({ until: invoice.dueOn })`. What is
   * past already ends at once.
   * @throws `bad-duration` `bad-moment` when it is none, or more than 100 years
   * @example
   * await ctx.sleep('3d')
   * await ctx.sleep({ until: new Date('2027-01-31T09:00:00Z') })
   */
  sleep(length: Duration | Date | { until: Moment }, options?: { signal?: AbortSignal }): Promise<void> {
    return sleep(this.#site, length, options) as Promise<void>
  }

  /**
   * Parks the run until a signal of that name comes. Undefined when its time passed first: `timeout` from now, or `until` a
   * point in time, as in `ctx.waitFor('paid', { until: invoice.dueOn })`.
   * @throws `bad-duration` `bad-moment`, `wait-given-up` when `signal` was aborted or its `ctx.race` was lost
   * @example
   * const paid = await ctx.waitFor('paid', { schema: z.object({ amountUsd: z.number() }), timeout: '14d' })
   * if (paid === undefined) return { reminded: true }
   */
  waitFor<S extends Schema>(
    name: string,
    options: Omit<WaitOptions, 'schema'> & { schema: S } & ({ timeout: Duration } | { until: Moment }),
  ): Promise<SchemaOutput<S> | undefined>
  waitFor<S extends Schema>(
    name: string,
    options: { schema: S; signal?: AbortSignal },
  ): Promise<SchemaOutput<S>>
  waitFor(name: string, options?: Omit<WaitOptions, 'schema'>): Promise<Json | undefined>
  waitFor(name: string, options: WaitOptions = {}): Promise<unknown> {
    return waitFor(this.#site, name, options ?? {})
  }

  /**
   * Starts a child run, by its workflow or its workflow's name. It acts for whom this run acts, and is cancelled when this
   * run ends before it, unless `whenParentEnds` is `detach`.
   * @throws `unknown-workflow` `invalid-input` `bad-start`
   * @example
   * const child = await ctx.start('ship', { order: 'A-1' }, { priority: 5 })
   * const shipped = await child.result()
   */
  start<Input, Output>(
    workflow: Workflow<Input, Output> | string,
    input: Input,
    options: ChildOptions = {},
  ): Promise<Child<Output>> {
    const name: unknown = typeof workflow === 'string' ? workflow : workflow?.name
    if (typeof name !== 'string') {
      const what = `ctx.start got ${describeValue(workflow)}`
      throw new ReeveError('unknown-workflow', `${what}. Give it a workflow, or the name of one.`)
    }
    const known = this.#workflows.current(name)
    return startChild(this.#site, known, input, options) as Promise<Child<Output>>
  }

  /**
   * Lets the run go on from the beginning of its function, with a new input and an empty history: it is the same run, with
   * its id, its parent, its costs and its waiting signals, and a wake of it costs the same after a year as on the first day.
   * Return it: nothing after it is run, and the promise never settles.
   *
   * What is open at that moment is ended as by a failure: what acts is told to stop and awaited, waits are given up,
   * approvals are withdrawn, children that were started without `whenParentEnds: 'detach'` are cancelled. Limits of steps,
   * time and cost count anew. The next chapter runs the current version of the workflow.
   * @throws `invalid-input` when the input does not fit the workflow's schema; `not-serialisable` `payload-too-large`
   * @example
   * import { workflow } from 'reeve'
   * import { z } from 'zod'
   *
   * export default workflow({
   *   input: z.object({ rounds: z.number() }),
   *   async run(ctx, { rounds }) {
   *     await ctx.call('mail.collect', { round: rounds })
   *     await ctx.sleep('1m')
   *     return ctx.continueAs({ rounds: rounds + 1 })
   *   },
   * })
   */
  continueAs(input: unknown): Promise<never> {
    return continueAs(this.#site, this.#workflows, input)
  }

  /**
   * All of them, in order. Given functions, at most `concurrency` run at a time, and once one has failed no further one is
   * called; those that run go on.
   * @throws `bad-number` when `concurrency` is no whole number from 1 on; else what the first failure was
   * @example
   * const calls = ['A-1', 'A-2'].map((orderId) => () => ctx.call(refund, { orderId, amountUsd: 20 }))
   * const paid = await ctx.all(calls, { concurrency: 4 })
   */
  all<Items extends readonly unknown[] | []>(
    items: Items,
    options?: AllOptions,
  ): Promise<{ -readonly [Key in keyof Items]: ResultOf<Items[Key]> }> {
    return all(this.#site, items, options) as Promise<{
      -readonly [Key in keyof Items]: ResultOf<Items[Key]>
    }>
  }

  /**
   * All of them, in order, however each ends: as `Promise.allSettled`, with functions and `concurrency` as in `all`. One
   * that fails keeps nothing from running.
   * @throws `bad-number` when `concurrency` is no whole number from 1 on
   * @example
   * const calls = ['A-1', 'A-2'].map((orderId) => () => ctx.call(refund, { orderId, amountUsd: 20 }))
   * const paid = await ctx.allSettled(calls, { concurrency: 4 })
   * const failed = paid.filter(({ status }) => status === 'rejected')
   */
  allSettled<Items extends readonly unknown[] | []>(
    items: Items,
    options?: AllOptions,
  ): Promise<{ -readonly [Key in keyof Items]: PromiseSettledResult<ResultOf<Items[Key]>> }> {
    return allSettled(this.#site, items, options) as Promise<{
      -readonly [Key in keyof Items]: PromiseSettledResult<ResultOf<Items[Key]>>
    }>
  }

  /**
   * The first of them to settle. Those that only wait (`waitFor`, `sleep`, `approve`, a child's result) are given up then:
   * they take no signal any more, and a person is no longer asked. Steps and calls that are under way go on; their results
   * are journaled and ignored. A wait inside a function of your own is given up when it takes the `signal` that the
   * function gets. `Promise.race` instead leaves all of them waiting.
   * @throws `empty-race` when there is nothing to wait for; else what the first one fails with
   * @example
   * const answer = await ctx.race([
   *   ctx.waitFor('answer'),
   *   async (signal) => {
   *     await ctx.sleep('2d', { signal })
   *     return null
   *   },
   * ])
   */
  race<Items extends readonly (Promise<unknown> | ((signal: AbortSignal) => unknown))[] | []>(
    items: Items,
  ): Promise<ResultOf<Items[number]>> {
    return race(this.#site, items) as Promise<ResultOf<Items[number]>>
  }

  /**
   * The run's time: that of the last completion it saw. The same on replay.
   * @example const today = ctx.now().toISOString().slice(0, 10)
   */
  now(): Date {
    return new Date(this.#site.now)
  }

  /**
   * A number from 0 (included) to 1 (excluded), the same on replay.
   * @example const sample = ctx.random() < 0.1
   */
  random(): number {
    refuseInsideBody(this.#site, 'ctx.random')
    this.#random ??= seeded(this.#site.seed)
    return this.#random()
  }

  /**
   * The person who gave exactly this text, list or object in this run: as the answer to a question that no solver could
   * answer, or as an edit of what was shown. Undefined: nobody did. A person's word is final, so look here before another
   * model judges or replaces it. The same on replay.
   * @example
   * const draft = await ctx.generate('draft', { route: 'writing', with: { ticket } })
   * const author = ctx.writtenBy(draft)
   * ctx.log(author === undefined ? 'a model wrote it' : `${author} wrote it`)
   */
  writtenBy(value: unknown): string | undefined {
    return authorOf(this.#site, value)
  }

  /**
   * Writes a line to the journal, once.
   * @throws `not-serialisable` `payload-too-large`
   * @example ctx.log('the customer is known', { orders: 3 })
   */
  log(message: string): void
  log<T>(message: string, data: T & AsKnownJson<T>): void
  log(message: string, data?: unknown): void {
    const line = data === undefined ? { message } : { message, data }
    const shown = typeof message === 'string' ? shorten(message, 80) : describeValue(message)
    this.#site.log(checkedEvent('log-written', line, `the log line "${shown}"`))
  }

  /**
   * Whether this run takes the changed path marked `id`: true for runs that come here after the change, false for runs
   * that had gone past here before it.
   * @example if (ctx.patched('ask for the address first')) await ctx.waitFor('address')
   */
  patched(id: string): boolean {
    refuseInsideBody(this.#site, 'ctx.patched')
    checkText(id, 'The id given to ctx.patched')
    let answer = this.#patches.get(id)
    if (answer === undefined) {
      const known = this.#site.history?.patches.has(id) ?? false
      const { history, behindHistory } = this.#site
      answer = known || !(history?.answers?.wentPast ?? behindHistory)
      if (!known && answer) this.#site.append(null, newEvent('patch-marked', undefined), { name: id })
      this.#patches.set(id, answer)
    }
    return answer
  }
}

/** What a promise, or a function's promise, resolves to. */
export type ResultOf<Item> = Item extends (...args: never) => infer Result ? Awaited<Result> : Awaited<Item>

/** What a schema makes of a signal's payload. */
export type SchemaOutput<S> = S extends Schema<infer Output> ? Output : never

/** A stream of numbers that depends on the seed alone: SHA-256 in counter mode, 48 bits a number. */
function seeded(seed: string): () => number {
  let counter = 0
  return () => {
    const digest = createHash('sha256').update(`${seed}:${counter++}`).digest()
    return digest.readUIntBE(0, 6) / 2 ** 48
  }
}
