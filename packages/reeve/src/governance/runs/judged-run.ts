import { setImmediate } from 'node:timers/promises'
import type { Json } from '../../base/json/json.ts'
import type { CallSite } from '../../engine/call-site.ts'
import type { Judge, Judgement } from '../../engine/calls/effect/judge.ts'
import type { Authority } from '../authority-snapshot.ts'
import type { PolicyBench } from '../policies/policy-bench.ts'
import type { CallToJudge } from './call-to-judge.ts'
import { chainOf, type WorkflowCode } from './chain.ts'
import { exposedToNothing } from './exposure.ts'
import { firstWords, type Lineage, lineageOf } from './lineage.ts'
import { policyHashOf } from './policy-hash.ts'
import { inMillionths, isApproved, placesOf, refusal } from './recorded-ruling.ts'
import { RunCase } from './run-case.ts'
import { type FindTool, RunReadings } from './run-readings.ts'
import { spentBy } from './spent-by.ts'

/** What judging needs of the project and of the database. */
export interface JudgingServices extends WorkflowCode {
  authority: Authority
  findTool: FindTool
  policies: PolicyBench
}

/** So many events of earlier chapters are looked through for what they had read; of longer runs it is not known. */
const mostEarlierEvents = 5000

/** One run, as far as its calls are judged. Made at the first of them. */
export class JudgedRun {
  readonly #site: CallSite
  readonly #services: JudgingServices
  #loaded: Promise<RunCase> | undefined

  constructor(site: CallSite, services: JudgingServices) {
    this.#site = site
    this.#services = services
  }

  judgeOf(call: CallToJudge): Judge {
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
    call: CallToJudge,
    args: Record<string, Json>,
    id: string,
    isRepeat: boolean,
  ): Promise<{ judgement: Judgement; version: number }> {
    const { authority, policies } = this.#services
    const { services, run, workflow } = this.#site
    const its = await this.#load()
    const { readings } = its
    const snapshot = authority.current()
    const now = services.clock.now()
    const actors = its.actorsOf(call, workflow.name, this.#services)
    const chain = chainOf(snapshot, run.principal, actors, now)
    const spent = await spentBy(services.records, chain, { tool: call.tool.name, args, now, id })
    await this.#readFor(call, readings)
    const policy = policyHashOf(actors, snapshot, policies.hash)
    const by = { run: run.id, workflow: workflow.name, chain, snapshot, spent, now, policies, policy }
    const { ruling, record, decided } = await its.rule(call, args, by)
    const { decision } = record
    const isSettled = decision === 'ask' && (isRepeat || isApproved(call.approved, record))
    if (decision === 'allow' || isSettled)
      return {
        version: snapshot.version,
        judgement: {
          isAllowed: true,
          ruling: record,
          reservations: ruling.reservations.map((one) => inMillionths(one, now)),
        },
      }
    return {
      version: snapshot.version,
      judgement: {
        isAllowed: false,
        asks: decision === 'ask' || (call.isEdited === true && !isRepeat),
        error: refusal(call, args, record, placesOf(decided), isRepeat),
      },
    }
  }

  /** Of a workflow's own code only the input counts, unless policies may look at what else was read. */
  async #readFor({ agents }: CallToJudge, readings: RunReadings): Promise<void> {
    const isInputEnough = agents.length === 0 && this.#services.policies.isEmpty
    if (isInputEnough && readings.input !== undefined) return
    const { recent, run, services } = this.#site
    const events =
      recent.takeAfter(readings.seq) ?? (await services.records.eventsAfter(run.no, readings.seq))
    readings.add(events)
  }

  #load(): Promise<RunCase> {
    this.#loaded ??= this.#read()
    return this.#loaded
  }

  async #read(): Promise<RunCase> {
    const { run, chapterSeq, services } = this.#site
    const { findTool } = this.#services
    const lineage: Lineage =
      run.parent === null
        ? { workflows: [], exposure: exposedToNothing, words: [] }
        : await lineageOf(services.records, run.no, findTool)
    const isWhole = (await this.#startsAtFirst()) && chapterSeq <= mostEarlierEvents
    const readings = new RunReadings(findTool, isWhole ? 0 : chapterSeq - 1, lineage.exposure)
    if (!isWhole) readings.words = await firstWords(services.records, run.no)
    return new RunCase(readings, lineage)
  }

  /** Whether the journal is kept from its first event on. */
  async #startsAtFirst(): Promise<boolean> {
    const { run, history, recent, services } = this.#site
    if (history) return (await services.records.firstEvent(run.no))?.seq === 1
    // The first call of a run may be judged while the commit that starts the run is under way.
    while (recent.last === 0 && !this.#site.aborted) await setImmediate()
    return true
  }
}
