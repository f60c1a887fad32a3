import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ReeveError } from '../base/errors.ts'
import type { Json } from '../base/json/json.ts'
import { type InputOf, type OutputOf, requireSync } from '../base/schema/schema.ts'
import { declaredSecrets, type Secret } from '../base/secrets/secret-handle.ts'
import { describeValue, longestName } from '../base/text/shorten.ts'
import { type Duration, toMs } from '../base/time/time.ts'
import { type GivenTerms, readTerms } from '../engine/calls/approval-terms.ts'
import type { EffectAttempt, EffectHost, EffectVerdict, Gate } from '../engine/calls/effect/definition.ts'
import { type RetryPolicy, resolveRetry } from '../engine/calls/retry.ts'
import type { GovernedTool } from '../governance/tools/governed-tool.ts'
import { changesNothing, type EffectClass, effectClasses } from '../store/journal/vocabulary/effect-class.ts'
import type { CallRate } from '../store/spending/call-rates.ts'
import { axesOf, checkAxes, governedTool, type ToolAxes } from './axes.ts'
import { type ResolvedRate, resolveRate, type ToolRate } from './call-rate.ts'
import { type OncePer, type ResolvedOncePer, resolveOncePer } from './once-per.ts'
import { checkToolOptions } from './tool-options.ts'
import { type ResolvedUndo, resolveUndo, type ToolUndo } from './undo/tool-undo.ts'

/** How much harm a wrong call can do. */
export type Risk = 'low' | 'medium' | 'high'

/** What a tool says of how its calls are approved. */
export type ApprovalTermsOfTool = Pick<
  GivenTerms,
  | 'allowed'
  | 'deciders'
  | 'onTimeout'
  | 'escalateTo'
  | 'quietHours'
  | 'remindEvery'
  | 'executeBy'
  | 'executeWithin'
>

/** A typed capability to act outside, as its file declares it. */
export interface ToolDefinition<I extends StandardSchemaV1, O extends StandardSchemaV1> extends ToolAxes {
  /** Unique in the project, such as `helpdesk.reply`. Default: the name of its file in `tools/`. */
  name?: string | undefined
  /** What it is for, for models and people. */
  description: string
  /** What it takes. */
  input: I
  /** What it gives; a result that does not fit is recorded as it came, and the call fails. */
  output: O
  /** What may be done when the outcome of a call is unknown: of the gravest call that it allows. */
  effect: EffectClass
  /** The class of a call with these arguments, where not all are as grave as `effect`. */
  effectOf?(args: OutputOf<I>): EffectClass
  /** Of the gravest call that it allows. Default `medium`; `read` tools: `low`. */
  risk?: Risk | undefined
  /** The risk of a call with these arguments, where not all are as grave as `risk`. */
  riskOf?(args: OutputOf<I>): Risk
  /**
   * Whether a person must approve the exact arguments. Default: always, unless the risk is low; and for an agent whose code has no grant for
   * it also then, where the class is `once` and there is no `undo`.
   */
  approval?: ('always' | 'never' | ((args: OutputOf<I>) => boolean)) | undefined
  /** An approval that nobody decides expires after this time. Default: never. */
  approvalTimeout?: Duration | undefined
  /** Who must approve, what becomes of it when nobody does in time, until when it may begin: docs/approvals.md. */
  approvalTerms?: ApprovalTermsOfTool | undefined
  /** For one attempt. Default `30s`. */
  timeout?: Duration | undefined
  /** How often a failed attempt is repeated, where its class allows that. Default: see `RetryPolicy`. */
  retry?: RetryPolicy | undefined
  /**
   * How often it may be called, over all workers: `{ count: 10, per: '1s' }`, or with `by` counted apart. A call that would
   * be too many waits, durably and without a worker, before its intent. Attempts count each; `verify` does not.
   */
  rate?: ToolRate<OutputOf<I>> | undefined
  /**
   * It is done once for each value that this gives, over all runs: `({ purchaseId }) => purchaseId`. A later call for a value
   * gets the result of the first, or fails: see `OncePer`. Not for tools that only read.
   */
  oncePer?: OncePer<OutputOf<I>> | undefined
  /**
   * The secrets that it opens with `reveal` of its attempt: no other is opened for it, and none for whoever may not call it.
   * Without one of them a call fails before anything is sent. Default: none.
   */
  secrets?: readonly (string | Secret)[] | undefined
  /** Takes an effect of it back: see `ToolUndo`, and `reeve undo`. Default: its effects cannot be undone. */
  undo?: ToolUndo<OutputOf<I>, OutputOf<O>> | undefined
  /** Asks the outside system whether a key was applied. Needed by `verifiable` tools. */
  verify?(args: OutputOf<I>, attempt: EffectAttempt): Promise<EffectVerdict> | EffectVerdict
  /** Acts. `key` is the same on every attempt; `signal` ends with the attempt. */
  run(args: OutputOf<I>, attempt: EffectAttempt): Promise<InputOf<O>> | InputOf<O>
}

/** A tool as `ctx.call` takes it. */
export interface Tool<Input = unknown, Output = unknown, Args = unknown> {
  readonly kind: 'reeve-tool'
  /** Empty until the file that it is in gives it one. */
  name: string
  readonly description: string
  readonly input: StandardSchemaV1
  readonly output: StandardSchemaV1
  readonly effect: EffectClass
  readonly risk: Risk
  /** Of a call with these arguments, never graver than `effect`. @throws `bad-tool` */
  readonly effectOf: (args: unknown) => EffectClass
  /** Of a call with these arguments, never graver than `risk`. @throws `bad-tool` */
  readonly riskOf: (args: unknown) => Risk
  readonly needsApproval: (args: unknown) => boolean
  /** As permission sees it, of its gravest call. */
  readonly governed: () => GovernedTool
  readonly approvalTimeout: Duration | undefined
  readonly approvalTerms: ApprovalTermsOfTool
  readonly timeoutMs: number
  readonly retry: RetryPolicy | undefined
  readonly rate: ResolvedRate | undefined
  readonly oncePer: ResolvedOncePer | undefined
  readonly undo: ResolvedUndo | undefined
  /** The names of the secrets that its calls may open. */
  readonly secrets: readonly string[]
  readonly verify:
    | ((args: Json, attempt: EffectAttempt) => Promise<EffectVerdict> | EffectVerdict)
    | undefined
  readonly run: (args: Json, attempt: EffectAttempt) => unknown
  /** @internal Of a connector's action; and of scripts: what they are given is kept though they only read, so that it can be done again. */
  readonly service?: ToolService
  readonly keepsReads?: boolean
  /** For types only: never there. */
  readonly types?: { input: Input; output: Output; args: Args }
}

/** What a connector's action is beside a tool. */
export interface ToolService {
  readonly connection: string
  /** The account that a call acts with. @throws `bad-account` */
  account(args: unknown, principal: string): string
  /** Whether it acts with the real account; undefined: nobody is there to say, as outside of a runtime. */
  mode(host: EffectHost | undefined): 'live' | 'sandbox' | undefined
  /** What must be so before it begins. */
  gate(account: string): Gate
  /** How many calls may begin, with all actions that count together. */
  rate(account: string, host: EffectHost | undefined): CallRate | undefined
}

const risks: readonly Risk[] = ['low', 'medium', 'high']

/**
 * Declares a tool.
 * @throws `bad-tool` `async-schema` `bad-text` `bad-retry` `bad-duration`
 * @example
 * import { tool } from 'reeve'
 * import { z } from 'zod'
 * import { payments } from '../payments.ts'
 *
 * export const refund = tool({
 *   name: 'payments.refund',
 *   description: 'Pays an order back',
 *   input: z.object({ orderId: z.string(), amountUsd: z.number().positive() }),
 *   output: z.object({ id: z.string() }),
 *   effect: 'idempotent',
 *   approval: ({ amountUsd }) => amountUsd > 100,
 *   run: ({ orderId, amountUsd }, { key, signal }) => payments.refund(orderId, amountUsd, { key, signal }),
 * })
 */
export function tool<I extends StandardSchemaV1, O extends StandardSchemaV1>(
  definition: ToolDefinition<I, O>,
): Tool<InputOf<I>, OutputOf<O>, OutputOf<I>> {
  const called = typeof definition?.name === 'string' ? `tool "${definition.name}"` : 'a tool'
  checkToolOptions(definition, called)
  const { name = '', effect } = definition
  if (definition.name !== undefined) checkToolName(name)
  const of = (key: string, value: unknown, allowed: readonly unknown[]) => {
    if (allowed.includes(value)) return
    const what = `\`${key}\` of tool "${name}" is ${describeValue(value)}; it must be ${allowed.join(', ')}`
    throw new ReeveError(
      'bad-tool',
      `${what}${key === 'approval' ? ', or a function of the arguments' : ''}.`,
    )
  }
  of('effect', effect, effectClasses)
  if (effect === 'verifiable' && !definition.verify) {
    throw new ReeveError(
      'bad-tool',
      `Tool "${name}" is verifiable and so needs verify(args, { key }), which asks the outside system about the key.`,
    )
  }
  checkAxes(definition, called)
  requireSync(definition.input, `The input schema of tool "${name}"`)
  requireSync(definition.output, `The output schema of tool "${name}"`)
  resolveRetry(definition.retry)
  if (definition.approvalTimeout !== undefined)
    toMs(definition.approvalTimeout, `\`approvalTimeout\` of tool "${name}"`)
  const { approvalTerms = {} } = definition
  const isTimed = definition.approvalTimeout !== undefined
  readTerms(approvalTerms, `tool "${name}"`, { now: 0, decideBy: isTimed ? 1 : null })
  const risk = definition.risk ?? (changesNothing(effect) ? 'low' : 'medium')
  of('risk', risk, risks)
  const { approval = risk === 'low' ? 'never' : 'always' } = definition
  if (typeof approval !== 'function') of('approval', approval, ['always', 'never'])
  const isFinal = definition.approval === undefined && effect === 'once' && definition.undo === undefined
  let governed: GovernedTool | undefined
  const built: Tool<InputOf<I>, OutputOf<O>, OutputOf<I>> = {
    kind: 'reeve-tool',
    name,
    description: definition.description,
    input: definition.input,
    output: definition.output,
    effect,
    risk,
    effectOf: within(
      () => built.name,
      effectClasses,
      effect,
      definition.effectOf as ((args: unknown) => EffectClass) | undefined,
    ),
    riskOf: within(() => built.name, risks, risk, definition.riskOf as ((args: unknown) => Risk) | undefined),
    needsApproval:
      typeof approval === 'function' ? (args) => approval(args as OutputOf<I>) : () => approval === 'always',
    governed: () => {
      // Its name may come later, with the file that it is in.
      if (governed?.name !== built.name)
        governed = { ...governedTool(built, axesOf(definition)), ...(isFinal && { isFinal }) }
      return governed
    },
    approvalTimeout: definition.approvalTimeout,
    approvalTerms,
    timeoutMs: toMs(definition.timeout ?? '30s', `\`timeout\` of tool "${name}"`),
    retry: definition.retry,
    rate: resolveRate(name, definition.rate),
    oncePer: resolveOncePer(name, effect, definition.oncePer),
    undo: resolveUndo(name, effect, definition.undo),
    secrets: declaredSecrets(definition.secrets),
    verify: definition.verify as Tool['verify'],
    run: definition.run as Tool['run'],
  }
  return built
}

/**
 * The same tool with other declarations for permission: for ready-made tools, whose own are the safe ones.
 * @throws `bad-tool`
 * @example
 * import { declareTool, httpTool } from 'reeve/tools'
 *
 * const rates = httpTool({ name: 'rates.get', allow: ['rates.example'], methods: ['GET'] })
 * export const trustedRates = declareTool(rates, { answers: 'trusted' })
 */
export function declareTool<T extends Tool>(tool: T, axes: ToolAxes): T {
  checkAxes(axes, `tool "${tool.name}"`)
  const { roles, ...said } = axesOf(axes)
  const governed = (): GovernedTool => {
    const before = tool.governed()
    const directing = (axes.directs ?? []).map((name) => [name, 'directs'] as const)
    const { directs: _, ...declared } = said
    return { ...before, ...declared, roles: { ...before.roles, ...roles, ...Object.fromEntries(directing) } }
  }
  return { ...tool, governed }
}

export function isTool(value: unknown): value is Tool {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'reeve-tool'
}

/** @throws `bad-tool` */
export function checkToolName(name: string): void {
  const isName = typeof name === 'string' && /^[a-z][\w-]*(\.[a-z][\w-]*)*$/i.test(name)
  if (isName && name.length <= longestName) return
  throw new ReeveError(
    'bad-tool',
    `${describeValue(name)} is not a name for a tool. Use letters, digits, "-" and "_", with "." between parts: helpdesk.reply`,
  )
}

/** What a call is rated, held to what its tool declares: whoever looks at the tool alone must see its worst. */
function within<Rating extends string>(
  name: () => string,
  order: readonly Rating[],
  declared: Rating,
  rate: ((args: unknown) => Rating) | undefined,
): (args: unknown) => Rating {
  if (!rate) return () => declared
  return (args) => {
    const rated = rate(args)
    if (order.includes(rated) && order.indexOf(rated) <= order.indexOf(declared)) return rated
    throw new ReeveError(
      'bad-tool',
      `Tool "${name()}" rates a call "${rated}", but declares "${declared}" as its gravest. Declare the gravest of ${order.join(', ')} that it may be.`,
    )
  }
}
