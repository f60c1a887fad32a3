import { setImmediate } from 'node:timers/promises'
import { sha256 } from '../../base/hash.ts'
import { canonical, type Json } from '../../base/json/json.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { Judge, Judgement } from '../../engine/calls/effect/judge.ts'
import { type CallToDecide, decide } from '../decide.ts'
import type { SpentSince } from '../grants/effect-budgets.ts'
import type { PreparedGrant } from '../grants/grant.ts'
import type { PolicyBench } from '../policies/policy-bench.ts'
import type { Chain } from '../principals.ts'
import { strictest } from '../reasons.ts'
import { Request } from '../request/request.ts'
import { reservationsOf } from '../rules/permission.ts'
import type { Authority, Mode, Standing } from '../standing.ts'
import type { CallOnTrial } from './call-on-trial.ts'
import { type Actor, actorId, chainOf } from './chain.ts'
import { exposedToNothing } from './exposure.ts'
import { firstWords, type Lineage, lineageOf } from './lineage.ts'
import {
  inMillionths,
  isApproved,
  million,
  ownQuestion,
  placesOf,
  recordedRuling,
  refusal,
} from './recorded-ruling.ts'
import { type FindTool, RunReadings, wordsIn } from './run-readings.ts'

/** What judging needs of the project and of the database. */
export interface JudgingServices {
  authority: Authority
  findTool: FindTool
  /** What the code of a workflow grants it; undefined: its code says nothing. */
  grantsOf(workflow: string): readonly PreparedGrant[] | undefined
  policies: PolicyBench
}

/** So many events of earlier chapters are looked through for what they had read; of longer runs it is not known. */
const mostEarlierEvents = 5000

/** One run, as far as its calls are judged. Made at the first of them. */
export class JudgedRun {
  readonly #site: CallSite
  readonly #services: JudgingServices
  readonly #policies = new Map<string, string>()
  readonly #instructed = new Set<string>()
  #loaded: Promise<{ readings: RunReadings; lineage: Lineage }> | undefined
  #request: { key: string; request: Request } | undefined

  constructor(site: CallSite, services: JudgingServices) {
    this.#site = site
    this.#services = services
  }

  judgeOf(call: CallOnTrial): Judge {
    let version = -1
    return {
      judge: async ({ id, args, isRepeat }) => {
        const judged = await this.#judge(call, args as Record<string, Json>, id, isRepeat)
        version = judged.version
        return judged.judgement
      },
      stillHolds: async () => {
        if ((await this.#site.services.records.authorityVersion()) === version) return true
        await this.#services.authority.renew?.()
        return this.#services.authority.current().version === version
      },
    }
  }

  async #judge(
    call: CallOnTrial,
    args: Record<string, Json>,
    id: string,
    isRepeat: boolean,
  ): Promise<{ judgement: Judgement; version: number }> {
    const { authority, policies } = this.#services
    const { clock } = this.#site.services
    const { readings, lineage } = await this.#load()
    const standing = authority.current()
    const now = clock.now()
    const actors = this.#actorsOf(call, lineage)
    const chain = chainOf(standing, this.#site.run.principal, actors, now)
    const spent = await this.#spentOf(chain, call.tool.name, { args, now }, id)
    // Of a workflow's own code only the input is looked at, which is there.
    if (call.agents.length > 0 || readings.input === undefined)
      readings.add(await this.#site.services.records.eventsAfter(this.#site.run.no, readings.seq))
    const toDecide = this.#toDecide(call, args, { readings, lineage, standing, chain, spent, now })
    const ruling = decide(toDecide)
    if (ruling.decision === 'allow') readings.noteAllowed(ruling)
    const said = await policies.ask({
      tool: call.tool,
      args,
      chain: chain.map(({ principal }) => principal.id),
      workflow: this.#site.workflow.name,
      run: this.#site.run.id,
      verdict: ruling.decision,
      reasons: ruling.reasons,
      places: placesOf(toDecide),
      ...readings.exposure,
    })
    const reasons = [...ruling.reasons, ...said, ...ownQuestion(call)]
    const decision = strictest([ruling.decision, ...reasons.map(({ verdict }) => verdict)])
    const record = recordedRuling(call, args, {
      ruling,
      reasons,
      decision,
      chain,
      readings,
      policy: this.#policyHash(actors, standing),
    })
    const isSettled = decision === 'ask' && (isRepeat || isApproved(call.approved, record))
    if (decision === 'allow' || isSettled)
      return {
        version: standing.version,
        judgement: {
          isAllowed: true,
          ruling: record,
          reservations: ruling.reservations.map((one) => inMillionths(one, now)),
        },
      }
    return {
      version: standing.version,
      judgement: {
        isAllowed: false,
        asks: decision === 'ask',
        error: refusal(call, args, record, placesOf(toDecide)),
      },
    }
  }

  #actorsOf({ agents }: CallOnTrial, { workflows }: Lineage): Actor[] {
    const { grantsOf } = this.#services
    const above = workflows?.map((name): Actor => ({ kind: 'workflow', name, grants: grantsOf(name) }))
    // A run above that is gone had rights that nobody knows, and so none.
    const lost: Actor[] = [{ kind: 'workflow', name: '(a run that is gone)', grants: [] }]
    const { name } = this.#site.workflow
    return [...(above ?? lost), { kind: 'workflow', name, grants: grantsOf(name) }, ...agents]
  }

  #toDecide(
    call: CallOnTrial,
    args: Record<string, Json>,
    of: {
      readings: RunReadings
      lineage: Lineage
      standing: Standing
      chain: Chain
      spent: SpentSince
      now: number
    },
  ): CallToDecide {
    const { readings, standing, chain, spent, now } = of
    for (const { name, instructions } of call.agents) {
      if (this.#instructed.has(name)) continue
      this.#instructed.add(name)
      readings.values.add({
        value: instructions,
        label: 'project',
        isPrivate: false,
        isVouched: true,
        place: 'the instructions',
      })
    }
    const mode = modeOf(standing, call)
    return {
      chain,
      tool: call.tool,
      args,
      given: givenOf(call.given, args),
      values: readings.values,
      request: this.#requestOf(call, of),
      taintedThings: readings.taintedThings,
      usedDelegations: readings.usedDelegations,
      facts: readings.fact,
      spent,
      now,
      judges: call.agents.length === 0 ? 'rights' : 'all',
      ...(mode && { mode }),
      ...(call.plan && { plan: call.plan }),
    }
  }

  /** The operator's own words, and those of the code that gave the task, if nothing untrusted could have been in them. */
  #requestOf(
    { task }: CallOnTrial,
    { readings, lineage }: { readings: RunReadings; lineage: Lineage },
  ): Request {
    const isClean = task !== undefined && readings.isCleanBefore(task.step)
    const texts = [...lineage.words, ...readings.words, ...(isClean ? wordsIn(task.input) : [])]
    const key = texts.join('\n')
    if (this.#request?.key !== key) this.#request = { key, request: new Request(texts) }
    return this.#request.request
  }

  #load(): Promise<{ readings: RunReadings; lineage: Lineage }> {
    this.#loaded ??= this.#read()
    return this.#loaded
  }

  async #read(): Promise<{ readings: RunReadings; lineage: Lineage }> {
    const { run, chapterSeq, services } = this.#site
    const { findTool } = this.#services
    const lineage: Lineage =
      run.parent === null
        ? { workflows: [], exposure: exposedToNothing, words: [] }
        : await lineageOf(services.records, run.no, findTool)
    let first = await services.records.firstEvent(run.no)
    // The first call of a run may be judged while the commit that starts the run is under way.
    while (!first && !this.#site.aborted) {
      await setImmediate()
      first = await services.records.firstEvent(run.no)
    }
    const isWhole = first?.seq === 1 && chapterSeq <= mostEarlierEvents
    const readings = new RunReadings(findTool, isWhole ? 0 : chapterSeq - 1, lineage.exposure)
    if (!isWhole) readings.words = await firstWords(services.records, run.no)
    return { readings, lineage }
  }

  /** What the budgets of the grants that may hold for the call have taken. */
  async #spentOf(
    chain: Chain,
    tool: string,
    call: { args: Record<string, Json>; now: number },
    id: string,
  ): Promise<SpentSince> {
    const known = new Map<string, number>()
    for (const link of chain)
      for (const grant of link.grants) {
        if (grant.budgets.length === 0 || !grant.isFor(tool)) continue
        for (const { key, since } of reservationsOf(link, grant, call)) {
          const taken = await this.#site.services.records.spentSince({ account: key, since, but: id })
          known.set(`${key}|${since}`, taken / million)
        }
      }
    return (key, since) => known.get(`${key}|${since}`) ?? 0
  }

  #policyHash(actors: readonly Actor[], standing: Standing): string {
    const key = `${standing.version} ${actors.map(actorId).join(' ')}`
    let hash = this.#policies.get(key)
    if (hash === undefined) {
      const grants = actors.map((actor) => [
        actorId(actor),
        actor.grants?.map(({ source }) => source) ?? null,
      ])
      const parts = { version: standing.version, grants, policies: this.#services.policies.hash }
      hash = sha256(canonical(JSON.parse(JSON.stringify(parts)))).slice(0, 16)
      this.#policies.set(key, hash)
    }
    return hash
  }
}

/** What the schema drops is handed to nobody. */
function givenOf(given: Json, args: Record<string, Json>): Record<string, Json> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return args
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      Object.hasOwn(args, name) ? [[name, value as Json]] : [],
    ),
  )
}

/** The strictest switch of all agents on whose behalf the call is made. */
function modeOf(standing: Standing, { tool, agents }: CallOnTrial): Mode | undefined {
  const [connector] = tool.name.split('.')
  const about = { tool: tool.name, ...(tool.name.includes('.') && { connector: connector! }) }
  const modes =
    agents.length === 0
      ? [standing.mode(about)]
      : agents.map(({ name }) => standing.mode({ ...about, agent: name }))
  return (['off', 'ask', 'allow'] as const).find((mode) => modes.includes(mode))
}
