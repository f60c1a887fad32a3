import { messageOf, ReeveError } from '../base/errors.ts'
import { wholeNumber } from '../base/numbers.ts'
import { checkKnownOptions, optionNames } from '../base/options.ts'
import { describeValue, shorten } from '../base/text/shorten.ts'
import type { CallSite } from '../engine/call-site.ts'
import { argumentsHash } from '../engine/replay/arguments-hash.ts'
import type { EmbedCall } from '../memory/embedder.ts'
import type { Knowledge } from '../memory/knowledge.ts'
import type { Memory, RememberOptions } from '../memory/memory.ts'
import type { ScopeRules } from '../memory/scope-rules.ts'
import { normalizeScope } from '../memory/scopes.ts'
import type { Questions } from '../models/asking/questions.ts'
import type { Passage, Usage } from '../models/solver.ts'
import { newEvent } from '../store/journal/events.ts'
import { itemKinds, itemRow } from '../store/memory/items.ts'
import { originRow } from '../store/memory/rests/item-origins.ts'
import { amendmentRow, contradictionRows } from './contradictions.ts'
import { known, type RecallOptions } from './options.ts'
import { requireEvidence } from './read-evidence.ts'

const remembered = itemKinds.filter((kind) => kind !== 'passage')

/** Looks passages up; what was found and why is the call's result in the journal. */
export async function recallPassages(
  site: CallSite,
  from: { knowledge: Knowledge; memory: Memory; questions: Questions; scopes?: ScopeRules | undefined },
  name: string,
  options: RecallOptions,
): Promise<Passage[]> {
  if (options !== undefined)
    checkKnownOptions(
      options,
      `ctx.recall(${describeValue(name)})`,
      { from: 'text', in: 'text' },
      known.recall,
    )
  if (typeof options?.query !== 'string') {
    const what = `\`query\` of ctx.recall is ${describeValue(options?.query)}`
    throw new ReeveError('bad-text', `${what}; it must be a text.`)
  }
  if (options.limit !== undefined) wholeNumber(options.limit, '`limit` of ctx.recall')
  const { asOf, kinds = [] } = options
  if (asOf !== undefined && !(asOf instanceof Date && Number.isFinite(asOf.getTime()))) {
    throw new ReeveError('bad-option', `\`asOf\` of ctx.recall is ${describeValue(asOf)}. Give a Date.`)
  }
  for (const kind of kinds) {
    if (itemKinds.includes(kind)) continue
    throw new ReeveError(
      'bad-option',
      `\`kinds\` of ctx.recall names ${describeValue(kind)}; there are ${itemKinds.join(', ')}.`,
    )
  }
  const call = site.issue('recall', name, argumentsHash(options))
  site.perform(call, async () => {
    const { query, from: place, asOf, ...search } = options
    const kinds = search.kinds ?? (place === 'memory' ? remembered : (['passage'] as const))
    await from.knowledge.settled()
    const { paying, bill } = payingFor(site)
    const found = await from.memory.recall(
      query,
      {
        ...search,
        kinds,
        ...(asOf && { asOf: asOf.getTime() }),
        ...readableTo(site, from.scopes, search.in),
      },
      paying,
    )
    const recalled = { ...found, ...bill() }
    site.append(call, newEvent('recall-completed', recalled), { value: recalled })
  })
  const { passages, usage } = (await call.promise) as { passages: Passage[]; usage?: Usage }
  from.questions.countSpent(site, usage?.costUsd ?? 0)
  return passages
}

/** What a run's principal and its workflow may read, and what of it is private. @throws `memory-forbidden` */
function readableTo(site: CallSite, scopes: ScopeRules | undefined, scope = '') {
  if (!scopes) return {}
  const asking = askingOf(site)
  scopes.requireReader(normalizeScope(scope), asking)
  return { hidden: scopes.hiddenFrom(asking), private: scopes.private }
}

const askingOf = ({ run, workflow }: CallSite) => [run.principal, `workflow:${workflow.name}`]

/** What a call embeds is paid for by its run, and stands in its event. */
function payingFor(site: CallSite): { paying: EmbedCall; bill(): Bill } {
  let usage: Usage | undefined
  let unembedded: string | undefined
  const paying: EmbedCall = {
    site,
    signal: site.signal,
    paid(more) {
      usage ??= { inputTokens: 0, outputTokens: 0, costUsd: 0 }
      usage.inputTokens += more.inputTokens
      usage.costUsd += more.costUsd
    },
    missed(error) {
      unembedded = shorten(messageOf(error), 500)
    },
  }
  return {
    paying,
    bill: () => ({ ...(usage && { usage }), ...(unembedded !== undefined && { unembedded }) }),
  }
}

/** What embedding came to. */
interface Bill {
  usage?: Usage
  unembedded?: string
}

/** Keeps a text: the item and the event that says so are one commit. */
export async function rememberText(
  site: CallSite,
  { memory, questions, instructions }: Remembering,
  text: string,
  options: RememberOptions,
): Promise<string> {
  const rules = { scope: 'text', title: 'text', source: 'text', trusted: 'flag' } as const
  checkKnownOptions(options, 'ctx.remember', rules, known.remember)
  const call = site.issue('remember', options.scope || 'memory', argumentsHash({ text, ...options }))
  site.perform(call, async () => {
    const { run, services } = site
    const { evidence, kind = 'fact', ...said } = options
    const weighed = await requireEvidence(site, text, kind, { evidence, instructions })
    const origin = { id: services.newId(), run: run.id, step: call.step, at: services.clock.now() }
    const { paying, bill } = payingFor(site)
    const item = await memory.prepare(text, { ...said, kind }, origin, paying)
    const { id, scope, title, source, untrusted, embedder } = item
    const restsOn = weighed.basis === 'recalled' ? weighed.restsOn : []
    const kept = {
      ...{ id, scope, title, text, source, untrusted, embedder, basis: weighed.basis },
      ...(restsOn.length > 0 && { restsOn }),
      ...(weighed.basis === 'person' && { confirmedBy: weighed.by }),
      ...bill(),
    }
    const flags = await contradictionRows(site, memory, item)
    const rows = [itemRow(item), ...restsOn.map((origin) => originRow(id, origin)), ...flags]
    site.append(call, newEvent('remember-completed', kept), { value: kept, rows })
  })
  const { id, usage } = (await call.promise) as { id: string; usage?: Usage }
  questions.countSpent(site, usage?.costUsd ?? 0)
  return id
}

/** What remembering needs of the project. */
export interface Remembering {
  memory: Memory
  questions: Questions
  /** Who may read what. Default: everybody everything. */
  scopes?: ScopeRules | undefined
  /** What agents and directives are told: no evidence for anything. */
  instructions: readonly string[]
}

/** For `ctx.amend`. */
export interface AmendMemoryOptions extends ChangeMemoryOptions {
  /** As for `ctx.remember`. */
  evidence?: string | readonly string[] | undefined
}

/** For `ctx.amend` and `ctx.forget`. */
export interface ChangeMemoryOptions {
  /** Why, for whoever reads the item's history. */
  why: string
  /** The version that was looked at: another one by now is a conflict. Default: whichever stands. */
  version?: number | undefined
  /** It is proposed to a person, and changes nothing until somebody adopts it. Default false. */
  propose?: boolean | undefined
}

/** Puts another text in an item's place. A life that died between that and its event finds it done. */
export async function amendText(
  site: CallSite,
  { memory, questions, scopes, instructions }: Remembering,
  id: string,
  text: string,
  options: AmendMemoryOptions,
): Promise<number> {
  const { why, version } = readChange('ctx.amend', options)
  const call = site.issue('amend', id, argumentsHash({ id, text, ...options }))
  site.perform(call, async () => {
    const by = { by: placeOf(site, call.step), why }
    const before = (await memory.history(id)).at(-1)!
    scopes?.requireReader(before.scope, askingOf(site))
    if (options.propose) {
      const { id: proposal, row } = amendmentRow(site, before, { text, why, version })
      const proposed = { id, version: before.version, text, why, proposal }
      return site.append(call, newEvent('amend-completed', proposed), { value: proposed, rows: [row] })
    }
    await requireEvidence(site, text, before.kind, { evidence: options.evidence, instructions })
    const { paying, bill } = payingFor(site)
    const item = await memory.amend(id, text, by, {
      from: version,
      run: site.run.id,
      step: call.step,
      call: paying,
    })
    const done = { id, version: item.version, text, why, ...bill() }
    site.append(call, newEvent('amend-completed', done), { value: done })
  })
  const { version: now, usage } = (await call.promise) as { version: number; usage?: Usage }
  questions.countSpent(site, usage?.costUsd ?? 0)
  return now
}

/** Takes an item out of what is found. A life that died between that and its event finds it done. */
export async function forgetText(
  site: CallSite,
  { memory, scopes }: Pick<Remembering, 'memory' | 'scopes'>,
  id: string,
  options: ChangeMemoryOptions,
): Promise<void> {
  const { why, version } = readChange('ctx.forget', options)
  const call = site.issue('forget', id, argumentsHash({ id, ...options }))
  site.perform(call, async () => {
    const before = (await memory.history(id)).at(-1)!
    scopes?.requireReader(before.scope, askingOf(site))
    if (options.propose) {
      const { id: proposal, row } = amendmentRow(site, before, { text: null, why, version })
      const proposed = { id, version: before.version, why, proposal }
      return site.append(call, newEvent('forget-completed', proposed), { value: proposed, rows: [row] })
    }
    const item = await memory.retract(id, { by: placeOf(site, call.step), why }, version)
    const done = { id, version: item.version, why }
    site.append(call, newEvent('forget-completed', done), { value: done })
  })
  await call.promise
}

const changing = optionNames<ChangeMemoryOptions>({ why: true, version: true, propose: true })

function readChange(what: string, options: ChangeMemoryOptions): ChangeMemoryOptions {
  const names = what === 'ctx.amend' ? [...changing, 'evidence'] : changing
  checkKnownOptions(options, what, { why: 'text!', propose: 'flag' }, names)
  if (options.version !== undefined) wholeNumber(options.version, `\`version\` of ${what}`)
  return options
}

const placeOf = (site: CallSite, step: number) => `run ${site.run.id}, call ${step}`
