import { setTimeout as delay } from 'node:timers/promises'
import { isoText, systemClock } from '../../base/time/time.ts'
import type { Client } from '../../client/index.ts'
import type { EventTone } from '../../inspect/events/describe-event.ts'
import type { Today } from '../../inspect/health/today.ts'
import type { RunSummary, RunView } from '../../inspect/run/run-view.ts'
import { onlyWaits } from '../../inspect/run-standing.ts'
import type { Asked, EventLine, Looks } from './backend.ts'

const mostPerPage = 500
const mostEvents = 1000
const longestPayload = 1_000_000
const pollMs = 200

/** What a server answers. */
export function remoteLooks(client: Client): Looks {
  const run = async (id: string) => (await client.runs.one({ params: { run: id } })) as RunView
  const events = async (id: string, after: number, limit: number) =>
    client.runs.events({
      params: { run: id },
      query: { after, limit: Math.min(limit, mostEvents), longestPayload },
    })
  const approval = (id: string) => client.approvals.one({ params: { approval: id } })
  return {
    run,
    today: async () => (await client.today.one()) as Today,
    async runs({ since, until, topLevel, ...filter }, limit) {
      const runs: RunSummary[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await client.runs.list({
          query: {
            ...filter,
            ...(topLevel && { topLevel: 'true' }),
            ...(since !== undefined && { since: isoText(since) }),
            ...(until !== undefined && { until: isoText(until) }),
            limit: Math.min(limit - runs.length, mostPerPage),
            ...(cursor !== undefined && { cursor }),
          },
        })
        runs.push(...page.items)
        if (page.next === null || runs.length >= limit) return { runs, more: page.next !== null }
        cursor = page.next
      }
    },
    async story(id, limit) {
      const told = await client.runs.story({ params: { run: id }, query: { limit } })
      const { waitsFor, runId: at } = (await run(id)).standing
      const lack = waitsFor?.for === 'worker' && at === id ? waitsFor.lack : undefined
      return { ...told, lack }
    },
    async events(id, { after, limit }) {
      const found: EventLine[] = []
      for (let last = after; ; ) {
        const page = await events(id, last, limit - found.length)
        for (const { seq, type, call, name, at, payload } of page.events)
          found.push({ seq, type, call, name, at, payload })
        last = found.at(-1)?.seq ?? last
        if (page.more && found.length < limit) continue
        const first = found[0]?.seq ?? 1
        return { events: found, prunedEvents: after === 0 ? first - 1 : 0, more: page.more }
      }
    },
    async approvals(limit, isAside) {
      const asked: Asked[] = []
      for (let cursor: string | undefined; asked.length < limit; ) {
        const query = {
          limit: Math.min(limit, mostPerPage),
          ...(isAside && { aside: 'true' as const }),
          ...(cursor !== undefined && { cursor }),
        }
        const { items, next } = await client.waiting.list({ query })
        for (const { runId, workflow, approval: its } of items)
          if (its) asked.push({ runId, workflow, approval: its as Asked['approval'] })
        if (next === null) break
        cursor = next
      }
      const { aside, ...counts } = await client.waiting.count()
      const { groups, hasty } = await client.waiting.aside()
      return {
        asked: asked.slice(0, limit),
        total: isAside ? aside : counts.total - counts.stuck - counts.proposal,
        aside: { total: aside, groups: aside > 0 ? groups : [] },
        hasty,
        proposals: counts.proposal,
      }
    },
    approval: async (id) => askedOf(await approval(id)),
    context: async (id) => (await approval(id)).context,
    async queues() {
      const { items } = await client.queues.list()
      return items.map(({ name, paused, limits, ready, inLine, running, lacking }) => ({
        name,
        paused,
        concurrency: limits.concurrency,
        perKey: limits.keyConcurrency,
        rate: limits.rate,
        queued: ready + inLine,
        running,
        noWorkerHas: lacking.map((lane) => ({
          workflow: lane.workflow,
          version: lane.version,
          queued: lane.ready,
        })),
      }))
    },
    async schedules(limit, most) {
      const { items } = await client.schedules.list()
      const schedules = await Promise.all(
        items.slice(0, most).map(async ({ name, workflow, definition, paused, nextAt: next }) => {
          const query = { limit: Math.min(limit, mostPerPage) }
          const past = await client.schedules.occurrences({ params: { schedule: name }, query })
          const last = past.items.map(({ nominalAt: nominal, ...rest }) => ({ nominal, ...rest }))
          return { name, workflow, definition, paused, next, last }
        }),
      )
      return { schedules, total: items.length }
    },
    budgets: async () => (await client.budgets.list()).items,
    async costs({ by, since, limit }) {
      const query = { limit: Math.min(limit, 1000), ...(by && { by }), ...(since && { since }) }
      const { items, total: count, sum } = await client.costs.list({ query })
      const groups = by ? items.map(costView) : []
      return {
        since: since === undefined ? null : since,
        groups,
        count: by ? count : 0,
        total: costView(sum),
      }
    },
    sql: (sql, limit) => client.sql.ask({ body: { sql, limit } }),
    workers: async () => (await client.workers.list()).items.map(({ host, pid }) => ({ host, pid })),
    async follow(id, { afterSeq, leaves, onEvent, signal }) {
      let after = afterSeq
      for (;;) {
        // How it stands is read before the events: when it says that the run rests, all events that led there are there.
        const view = await run(id)
        const rests = await restsWithThoseAbove(view, leaves)
        for (let more = true; more; ) {
          const page = await events(id, after, mostEvents)
          for (const { type, name, at, tone, words, seq } of page.events) {
            onEvent({ type, name, at: Date.parse(at), tone: tone as EventTone, words })
            after = seq
          }
          more = page.more
        }
        if (rests) return view
        if (signal.aborted) return undefined
        await delay(pollMs, undefined, { signal }).catch(() => undefined)
      }
    },
  }

  async function restsWithThoseAbove(view: RunView, leaves: boolean): Promise<boolean> {
    const { state, waitsFor } = view.standing
    if (state === 'moving' && !(leaves && onlyWaits(waitsFor, systemClock.now()))) return false
    return view.parentId === null || restsWithThoseAbove(await run(view.parentId), leaves)
  }
}

function askedOf(given: Awaited<ReturnType<Client['approvals']['list']>>['items'][number]): Asked {
  const { runId: run, workflow, ...approval } = given
  return { runId: run, workflow, approval: approval as Asked['approval'] }
}

type Sums = Awaited<ReturnType<Client['costs']['list']>>['sum']

function costView({ name, calls, inputTokens, outputTokens, cachedTokens, ...sums }: Sums) {
  const perSuccessUsd = sums.succeeded === 0 ? null : sums.costUsd / sums.succeeded
  return { name, calls, inputTokens, outputTokens, cachedInputTokens: cachedTokens, ...sums, perSuccessUsd }
}
