import type { Json } from '../../../base/json/json.ts'
import { fromNanoUsd } from '../../../base/money.ts'
import { isoText, systemClock, toMs } from '../../../base/time/time.ts'
import { approvalContext } from '../../../inspect/approvals/approval-context.ts'
import { approvalView } from '../../../inspect/approvals/approval-view.ts'
import { costsBy, totalCosts } from '../../../inspect/costs/costs.ts'
import { describeEvent } from '../../../inspect/events/describe-event.ts'
import { follow } from '../../../inspect/follow/follow-run.ts'
import { lackingLanes } from '../../../inspect/health/checks/runs.ts'
import { viewToday } from '../../../inspect/health/today.ts'
import { asideOfWaiting, countsOfWaiting } from '../../../inspect/lists/people-inbox.ts'
import { listRunPage } from '../../../inspect/lists/run-list.ts'
import { endingOf } from '../../../inspect/run/ending.ts'
import { type RunSummary, viewRun } from '../../../inspect/run/run-view.ts'
import { tellStory } from '../../../inspect/run/story/run-story.ts'
import { shortened } from '../../../inspect/run/story/short-story.ts'
import { runQuery } from '../../../server/sql/run-query.ts'
import { type ApprovalOfRun, approvalsOf, requireApproval } from '../../../store/approvals/approvals.ts'
import { hastyPeople } from '../../../store/approvals/crowding/pace.ts'
import { readRules } from '../../../store/approvals/rules.ts'
import type { Database } from '../../../store/database.ts'
import { listQueues } from '../../../store/dispatch/queues/queues.ts'
import { listOccurrences, listSchedules } from '../../../store/dispatch/schedules.ts'
import { drivenVersions, lackOf } from '../../../store/dispatch/workers.ts'
import { readChapter, readEvents } from '../../../store/journal/journal.ts'
import { countByQueue } from '../../../store/runs/run-counts.ts'
import { requireRun } from '../../../store/runs/runs.ts'
import { pendingAfter } from '../../../store/runs/waiting.ts'
import { listBudgets } from '../../../store/spending/budgets.ts'
import { modelCallsOf } from '../../../store/spending/model-calls.ts'
import { presentWorkers, type Workspace } from '../../terminal/workspace.ts'
import type { Asked, Looks, QueueLine } from '../backend.ts'

/** What a project's own database answers. */
export function localLooks({ database, environment }: Workspace): Looks {
  const run: Looks['run'] = async (id) => {
    const view = await viewRun(database, id)
    // At one's own terminal the whole record of an error is told.
    const { error } = await endingOf(database, await requireRun(database, id))
    return { ...view, ...(view.error && error && { error: { ...view.error, ...error } }) }
  }
  return {
    run,
    runs: (filter, limit) => firstRuns(database, filter, limit),
    async story(id, limit) {
      const row = await requireRun(database, id)
      const lack = lackOf(row, await drivenVersions(database))
      const events = await readChapter(database, row)
      const approvals = await approvalsOf(database, row.no)
      const calls = await modelCallsOf(database, row.no)
      const whole = tellStory({ ...row, reason: row.reason ?? lack ?? null }, events, approvals, calls)
      return { ...shortened(whole, limit), lack }
    },
    async events(id, { after, limit }) {
      const { no, pruned_seq: prunedEvents } = await requireRun(database, id)
      const found = await readEvents(database, no, after, limit + 1)
      const events = found.slice(0, limit).map(({ seq, type, step: call, name, at, payload }) => ({
        seq,
        type,
        call,
        name,
        at: isoText(at),
        payload: payload === null ? null : (JSON.parse(payload) as Json),
      }))
      return { events, prunedEvents, more: found.length > limit }
    },
    async approvals(limit, isAside) {
      const limits = await readRules(database)
      const pending = await pendingAfter(database, undefined, limit, { limits, aside: isAside })
      const { aside, ...counts } = await countsOfWaiting(database)
      return {
        asked: pending.map(askedOf),
        total: isAside ? aside : counts.total - counts.stuck - counts.proposal,
        aside: { total: aside, groups: aside > 0 ? await asideOfWaiting(database) : [] },
        hasty: await hastyPeople(database, (database.clock ?? systemClock).now(), limits.hastyPerHour),
        proposals: counts.proposal,
      }
    },
    approval: async (id) => askedOf(await requireApproval(database, id)),
    context: async (id) => approvalContext(database, await requireApproval(database, id)),
    queues: () => queueLines(database),
    today: () => viewToday(database, (database.clock ?? systemClock).now()),
    async schedules(limit, most) {
      const all = await listSchedules(database)
      const schedules = await Promise.all(
        all.slice(0, most).map(async ({ name, workflow, definition, paused, next_at }) => ({
          name,
          workflow,
          definition: JSON.parse(definition) as Json,
          paused: paused !== 0,
          next: next_at === null || paused !== 0 ? null : isoText(next_at),
          last: (await listOccurrences(database, name, limit)).map(({ nominal, outcome, reason, run }) => ({
            nominal: isoText(nominal),
            outcome,
            reason,
            runId: run,
          })),
        })),
      )
      return { schedules, total: all.length }
    },
    async budgets() {
      return (await listBudgets(database)).map((row) => ({
        scope: row.scope,
        ceilingUsd: row.ceiling_nanousd === null ? null : fromNanoUsd(row.ceiling_nanousd),
        spentUsd: fromNanoUsd(row.spent_nanousd),
        reservedUsd: fromNanoUsd(row.reserved_nanousd),
      }))
    },
    async costs({ by, since: duration, limit }) {
      const since =
        duration === undefined ? 0 : (database.clock ?? systemClock).now() - toMs(duration, '--since')
      const total = await totalCosts(database, since)
      const sums = by ? await costsBy(database, { by, since, limit }) : { groups: [], count: 0 }
      return { since: duration === undefined ? null : isoText(since), ...sums, total }
    },
    sql(query, limit) {
      const file = environment.database.kind === 'sqlite' ? environment.database.file : undefined
      return runQuery(database, query, { limit, file, signal: new AbortController().signal })
    },
    workers: async () => (await presentWorkers(database)).map(({ host, pid }) => ({ host, pid })),
    async follow(id, { afterSeq, leaves, onEvent, signal }) {
      const standing = await follow(database, id, {
        afterSeq,
        leaves,
        signal,
        onEvent: (event) =>
          onEvent({ ...describeEvent(event), type: event.type, name: event.name, at: event.at }),
      })
      return standing && run(id)
    },
  }
}

function askedOf(row: ApprovalOfRun): Asked {
  return { runId: row.run_id, workflow: row.workflow, approval: approvalView(row) }
}

/** Page after page, as far back as it takes. */
async function firstRuns(
  database: Database,
  filter: Parameters<Looks['runs']>[0],
  limit: number,
): Promise<{ runs: RunSummary[]; more: boolean }> {
  const runs: RunSummary[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await listRunPage(database, {
      ...filter,
      limit: limit - runs.length,
      ...(cursor !== undefined && { cursor }),
    })
    runs.push(...page.runs)
    if (page.next === null || runs.length >= limit) return { runs, more: page.next !== null }
    cursor = page.next
  }
}

async function queueLines(database: Database): Promise<QueueLine[]> {
  const counts = await countByQueue(database)
  const lacking = await lackingLanes(database)
  const countOf = (queue: string, status: string) =>
    counts.find((row) => row.queue === queue && row.status === status)?.count ?? 0
  return (await listQueues(database)).map((row) => ({
    name: row.name,
    paused: row.paused !== 0,
    concurrency: row.concurrency,
    perKey: row.key_concurrency,
    rate:
      row.rate_count === null || row.rate_ms === null ? null : { count: row.rate_count, perMs: row.rate_ms },
    queued: countOf(row.name, 'queued'),
    running: countOf(row.name, 'running'),
    noWorkerHas: lacking.flatMap(({ queue, ...lane }) => (queue === row.name ? [lane] : [])),
  }))
}
