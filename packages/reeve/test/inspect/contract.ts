import { describe, expect } from 'vitest'
import type { Json } from '../../src/base/json/json.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { lastColour } from '../../src/inspect/evals/eval-view.ts'
import { EventFeed, type EventFilter } from '../../src/inspect/follow/follow-events.ts'
import { viewToday } from '../../src/inspect/health/today.ts'
import { toolOutcomes } from '../../src/inspect/health/tool-outcomes.ts'
import { workMetrics } from '../../src/inspect/health/work-metrics.ts'
import { workflowMetrics } from '../../src/inspect/health/workflow-metrics.ts'
import { lastRuns } from '../../src/inspect/ledger/last-runs.ts'
import { waitingPage } from '../../src/inspect/lists/people-inbox.ts'
import { listRunPage } from '../../src/inspect/lists/run-list.ts'
import { approvalValues, insertApprovals, recordDecision } from '../../src/store/approvals/approvals.ts'
import type { Database } from '../../src/store/database.ts'
import { setQueuePaused } from '../../src/store/dispatch/queues/queues.ts'
import { recordOccurrence, saveSchedule } from '../../src/store/dispatch/schedules.ts'
import { registerWorker } from '../../src/store/dispatch/workers.ts'
import { keepResult } from '../../src/store/evals/results.ts'
import { eventValues, insertEvents, type JournalEvent } from '../../src/store/journal/journal.ts'
import { runsNamed } from '../../src/store/runs/run-lists.ts'
import type { RunRow } from '../../src/store/runs/runs.ts'
import { setCeiling } from '../../src/store/spending/budgets.ts'
import { addRuns, chainOf, newRun, type Open, storeCase, storeNow } from '../store/contract/fixtures.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A run with what its row came to say. */
async function addRun(database: Database, no: number, row: Partial<RunRow>): Promise<void> {
  const { status = 'succeeded', workflow = 'flow', created_at = 0, worker = null } = row
  await addRuns(database, newRun(no, { status, workflow, created_at, worker }))
  const { reason = null, ended_at = null, head_seq = null, available_at = 0 } = row
  await database.run(
    'update runs set reason = ?, ended_at = ?, head_seq = ?, available_at = ? where no = ?',
    [reason, ended_at, head_seq, available_at, no],
  )
}

async function addEvent(database: Database, no: number, at: number): Promise<void> {
  const event = { ...chainOf(no)('run-started', '{"version":"1"}'), at }
  await database.bulk(insertEvents, [eventValues(event)])
}

async function ask(
  database: Database,
  id: string,
  run: number,
  at: number,
  kind: 'approval' | 'question' | 'outcome',
  subject = 'send',
) {
  const shown: Json = { tool: subject, args: { to: 'ada' } }
  const asked = {
    id,
    run,
    step: 1,
    kind,
    subject,
    shown: JSON.stringify(shown),
    args_hash: 'h',
    requested_at: at,
    expires_at: null,
  }
  await database.bulk(insertApprovals, [approvalValues(asked)])
}

/** What screens read, on any database. */
export function inspectContract(name: string, open: Open): void {
  describe(name, () => {
    storeCase('what waits comes oldest first, whatever its kind, page by page', open, async (database) => {
      await addRun(database, 1, { status: 'waiting' })
      await addRun(database, 2, { status: 'stuck', head_seq: 1, reason: 'its journal changed' })
      await addEvent(database, 2, 250)
      await ask(database, 'a', 1, 300, 'approval')
      await ask(database, 'b', 1, 100, 'question', 'which')
      await ask(database, 'c', 1, 200, 'outcome')
      await ask(database, 'd', 1, 300, 'approval')
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await waitingPage(database, { limit: 2, ...(cursor !== undefined && { cursor }) })
        seen.push(...page.items.map(({ kind, approval, runId: run }) => `${kind} ${approval?.id ?? run}`))
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
      expect(seen).toEqual(['question b', 'outcome c', 'stuck run2', 'approval a', 'approval d'])
      const { items } = await waitingPage(database)
      const [a, d] = items.slice(-2)
      expect(a!.alike).toBe(d!.alike)
      expect(new Set(items.map(({ alike }) => alike)).size).toBe(4)
      await expect(waitingPage(database, { cursor: 'x' })).rejects.toMatchObject({ code: 'bad-cursor' })
    })

    storeCase('a day without anything is well, and its figures are not known', open, async (database) => {
      const today = await viewToday(database, await storeNow(database))
      expect(today.health).toEqual({
        state: 'well',
        sentence: 'All is well. Nothing waits for you.',
        remark: 'Nothing failed since yesterday.',
        problems: [],
      })
      expect(today).toMatchObject({
        waiting: { counts: { total: 0, isMore: false }, oldest: [] },
        runs: { running: 0, queued: 0, waiting: 0, stuck: 0, failed: 0 },
        success: { now: { rate: null }, change: null, correctionRate: null },
        failures: { groups: [], count: 0, isMore: false },
        spend: { today: { spentUsd: 0, ceilingUsd: null } },
      })
    })

    storeCase(
      'a run that is silent is suspicious after 5 minutes and alarming after 15',
      open,
      async (database) => {
        const now = await storeNow(database)
        await registerWorker(database, 'w')
        const silentFor = async (no: number, ms: number, row: Partial<RunRow>) => {
          await addRun(database, no, { status: 'running', worker: 'w', reason: 'calls a tool', ...row })
          await addEvent(database, no, now - ms)
        }
        await silentFor(1, 4 * minute, {})
        await silentFor(2, 6 * minute, {})
        await silentFor(3, 16 * minute, {})
        // Taken up just now: its worker has nothing to say of it.
        await silentFor(4, 2 * day, { reason: null })
        await silentFor(5, 2 * hour, { reason: null, worker: 'gone' })
        await silentFor(6, 2 * hour, { available_at: now - minute })
        const { silent, health } = await viewToday(database, now)
        expect(silent.map(({ runId: run, state, silentMs }) => [run, state, silentMs])).toEqual([
          ['run5', 'alarming', 2 * hour],
          ['run3', 'alarming', 16 * minute],
          ['run2', 'suspicious', 6 * minute],
        ])
        expect(health).toMatchObject({
          state: 'trouble',
          sentence: 'Two runs are silent for more than 15 minutes. Nothing waits for you.',
          problems: [{ what: 'silent' }, { what: 'silent', state: 'attention', count: 1 }],
        })
      },
    )

    storeCase('failures are grouped by what they have in common', open, async (database) => {
      const now = await storeNow(database)
      const reasons = [
        'Order "P-1" was not found at https://shop.example/1',
        'Order "P-22" was not found at https://shop.example/22',
        'the mailbox refused the password',
      ]
      for (const [index, reason] of reasons.entries())
        await addRun(database, index + 1, {
          status: 'failed',
          reason,
          ended_at: now - (index + 1) * hour,
          workflow: `w${index}`,
        })
      await addRun(database, 9, { status: 'failed', reason: 'long ago', ended_at: now - 8 * day })
      const { failures, health } = await viewToday(database, now)
      expect(failures).toMatchObject({
        count: 3,
        isMore: false,
        groups: [
          { reason: reasons[0], count: 2, workflows: ['w0', 'w1'], runs: ['run1', 'run2'] },
          { reason: reasons[2], count: 1 },
        ],
      })
      expect(health.remark).toBe('Three runs failed since yesterday.')
    })

    storeCase(
      'success of this week is told against the week before, with what people corrected',
      open,
      async (database) => {
        const now = await storeNow(database)
        const ends: [RunRow['status'], number][] = [
          ['succeeded', 1],
          ['succeeded', 2],
          ['succeeded', 6],
          ['failed', 6.9],
          ['cancelled', 3],
          ['succeeded', 8],
          ['failed', 13],
          ['failed', 15],
        ]
        for (const [index, [status, days]] of ends.entries())
          await addRun(database, index + 1, { status, ended_at: Math.round(now - days * day) })
        for (const [id, status, answer] of [
          ['a', 'approved', null],
          ['b', 'approved', '{"to":"bo"}'],
          ['c', 'rejected', null],
        ] as const) {
          await ask(database, id, 1, 1, 'approval')
          await recordDecision(database, id, { status, at: now - day, by: 'ada', note: null, answer })
        }
        const { success } = await viewToday(database, now)
        expect(success).toMatchObject({
          now: { rate: 0.75, succeeded: 3, failed: 1, cancelled: 1 },
          before: { rate: 0.5 },
          change: 0.25,
          decisions: { approved: 2, edited: 1, rejected: 1, answered: 0 },
          correctionRate: 0.5,
        })
      },
    )

    storeCase('spending is told against the ceilings, with where it leads', open, async (database) => {
      const noon = Date.UTC(2026, 10, 11, 12)
      const spend = async (scope: string, usd: number, ceiling: number | null) => {
        await setCeiling(database, scope, ceiling === null ? null : ceiling * 1e9)
        await database.run('update budgets set spent_nanousd = ? where scope = ?', [usd * 1e9, scope])
      }
      await spend('day:2026-10-31', 100, null)
      await spend('day:2026-11-01', 7, null)
      await spend('day:2026-11-10', 2, null)
      await spend('day:2026-11-11', 1, 4)
      await spend('project', 110, 500)
      const { spend: view } = await viewToday(database, noon)
      expect(view.today).toMatchObject({ spentUsd: 1, ceilingUsd: 4, endsAt: '2026-11-12T00:00:00.000Z' })
      // Three dollars in 36 hours; twelve hours are left.
      expect(view.today.forecastUsd).toBeCloseTo(2)
      expect(view.month).toMatchObject({ spentUsd: 10, ceilingUsd: 120 })
      expect(view.month.forecastUsd).toBeCloseTo(10 + 19.5 * 2)
      expect(view.project).toEqual({ spentUsd: 110, reservedUsd: 0, ceilingUsd: 500 })
    })

    storeCase('runs without a worker, and queues that are paused, are said first', open, async (database) => {
      const now = await storeNow(database)
      await addRun(database, 1, { status: 'queued', available_at: 500 })
      await addRun(database, 2, { status: 'queued', available_at: 700 })
      await ask(database, 'a', 1, now - 90 * minute, 'approval')
      const { health, queues, waiting } = await viewToday(database, now)
      expect(health).toMatchObject({
        state: 'trouble',
        sentence: 'No worker is running, and two runs could continue. One thing waits for you.',
        remark: 'The oldest has waited 1 h 30 min. Nothing failed since yesterday.',
      })
      expect(queues).toMatchObject([{ name: 'default', ready: 2, readySince: '1970-01-01T00:00:00.500Z' }])
      expect(waiting.oldest).toMatchObject([{ kind: 'approval', subject: 'send', runId: 'run1' }])
      await setQueuePaused(database, 'default', true)
      const paused = await viewToday(database, now)
      expect(paused.health).toMatchObject({
        state: 'paused',
        sentence: 'Everything is paused. One thing waits for you.',
      })
    })

    storeCase('a version that no worker has is a trouble of its own', open, async (database) => {
      const now = await storeNow(database)
      await database.transaction((session) => registerWorker(session, 'w', ['flow 2']))
      await addRun(database, 1, { status: 'queued' })
      const { health, queues } = await viewToday(database, now)
      expect(queues[0]!.lacking).toEqual([{ workflow: 'flow', version: '1', ready: 1 }])
      expect(health.sentence).toBe('No worker has the version that one run needs. Nothing waits for you.')
    })

    storeCase(
      'the next schedules come in their order, each with its last outcome',
      open,
      async (database) => {
        const now = await storeNow(database)
        for (const [schedule, next] of [
          ['later', 9000],
          ['soon', 4000],
          ['never', null],
        ] as const)
          await saveSchedule(database, {
            name: schedule,
            workflow: 'report',
            definition: '{}',
            next_at: next,
          })
        const occurrence = {
          schedule: 'soon',
          outcome: 'skipped',
          reason: 'one is running',
          run: null,
          at: 1,
        } as const
        await recordOccurrence(database, { ...occurrence, nominal: 1000 })
        await recordOccurrence(database, {
          ...occurrence,
          nominal: 2000,
          outcome: 'started',
          reason: null,
          run: 'r',
        })
        const { schedules } = await viewToday(database, now)
        expect(schedules).toMatchObject([
          { name: 'soon', last: { outcome: 'started', runId: 'r', nominalAt: '1970-01-01T00:00:02.000Z' } },
          { name: 'later', last: null },
        ])
      },
    )

    storeCase('the six metrics of each workflow, in all and by day', open, async (database) => {
      const now = await storeNow(database)
      await addRun(database, 1, { status: 'succeeded', ended_at: now - day })
      await addRun(database, 2, { status: 'failed', ended_at: now - day })
      await addRun(database, 3, { status: 'succeeded', ended_at: now })
      await addRun(database, 4, { status: 'succeeded', ended_at: now - 40 * day })
      await addRun(database, 5, { status: 'cancelled', ended_at: now, workflow: 'other' })
      await ask(database, 'a1', 1, now - day, 'approval')
      await ask(database, 'a2', 3, now, 'approval')
      await database.run(
        `update approvals set status = 'approved', answer = case when id = 'a1' then '{}' end, decided_at = requested_at`,
      )
      const [one, three] = [chainOf(1), chainOf(3)]
      const denied = '{"code":"call-denied","message":"no grant","retryable":false}'
      const written = [
        one('run-started', '{}'),
        one('question-completed', '{}'),
        one('question-completed', '{}'),
        one('effect-failed', denied),
        three('run-started', '{}'),
        three('question-completed', '{}'),
        three('effect-completed', '{}'),
      ]
      await database.bulk(insertEvents, written.map(eventValues))
      const { since, workflows } = await workflowMetrics(database, now - 30 * day)
      expect(Date.parse(since)).toBe(now - 30 * day)
      expect(workflows.map(({ workflow }) => workflow)).toEqual(['flow', 'other'])
      expect(workflows[0]!.total).toEqual({
        ended: 3,
        taskSuccess: 2 / 3,
        humanCorrectionRate: 0.5,
        iterationsPerCompletedTask: 1.5,
        costPerSuccessfulRunUsd: 0,
        escalationRate: 2 / 3,
        blockedToolCalls: 1,
        toolCalls: 2,
      })
      expect(workflows[0]!.days.map(({ ended, taskSuccess }) => [ended, taskSuccess])).toEqual([
        [2, 0.5],
        [1, 1],
      ])
      expect(workflows[1]!.total).toMatchObject({ taskSuccess: null, humanCorrectionRate: null })
      for (const metric of Object.keys(workflows[0]!.total) as (keyof (typeof workflows)[0]['total'])[]) {
        const alone = await workflowMetrics(database, now - 30 * day, metric)
        expect(alone.workflows[0]!.total).toMatchObject({ ended: 3, [metric]: workflows[0]!.total[metric] })
      }
    })

    storeCase('an evaluation is as green as its last result', open, async (database) => {
      const row = { name: 'refund', run_by: 'ada', data_hash: 'x', baseline: null, summary: '{}' }
      for (const [at, verdict, colour] of [
        [1, 'missed', 'red'],
        [2, 'passed', 'green'],
        [3, 'regressed', 'red'],
      ] as const) {
        await keepResult(database, { ...row, id: `e${at}`, at, verdict }, [])
        await keepResult(database, { ...row, name: 'other', id: `o${at}`, at: 9 + at, verdict: 'passed' }, [])
        expect(await lastColour(database, 'refund')).toBe(colour)
      }
      await expect(lastColour(database, 'gone')).rejects.toMatchObject({ code: 'unknown-eval' })
    })

    storeCase('a run is named by its id, by its key and by how its id begins', open, async (database) => {
      const runs: [no: number, id: string, key: string | null][] = [
        [1, '0a1b2c3d4e5f6g7h8', 'invoice-7'],
        [2, '0a1b2c9999999999z', 'invoice-7'],
        [3, 'zzzzzz00000000000', 'reeve:nightly'],
        [4, '0a1b2d00000000000', '0a1b2c3d4e5f6g7h8'],
      ]
      for (const [no, id, key] of runs) {
        await addRun(database, no, { workflow: `w${no}`, created_at: no })
        const given = `{"version":"1","input":{"n":${no},"text":"${'x'.repeat(no === 4 ? 2000 : 1)}"}}`
        await database.bulk(insertEvents, [eventValues(chainOf(no)('run-started', given))])
        await database.run('update runs set id = ?, idempotency = ? where no = ?', [id, key, no])
      }
      const named = async (text: string, more: object = {}) =>
        (await listRunPage(database, { named: text, ...more })).runs.map(({ workflow }) => workflow)
      expect(await named('0a1b2c3d4e5f6g7h8')).toEqual(['w1'])
      expect(await named('invoice-7')).toEqual(['w2', 'w1'])
      expect(await named('invoice-7', { workflow: 'w1' })).toEqual(['w1'])
      expect(await named('invoice-7', { since: 2 })).toEqual(['w2'])
      expect(await named('0a1b2c')).toEqual(['w2', 'w1'])
      expect(await named('0a1b2c3')).toEqual(['w1'])
      expect(await named('zzzzzz')).toEqual(['w3'])
      for (const none of [
        '0a1b2',
        'invoice',
        'reeve:nightly',
        '%',
        '',
        '0A1B2C',
        "' or 1=1 --",
        '\u0000'.repeat(7),
      ])
        expect(await named(none), none).toEqual([])
      const { runs: all } = await listRunPage(database)
      expect(all.map(({ key }) => key)).toEqual([null, '0a1b2c3d4e5f6g7h8', 'invoice-7', 'invoice-7'])
      expect(all.map(({ input }) => input?.slice(0, 7))).toEqual(['{"n":3,', '{"n":4,', '{"n":2,', '{"n":1,'])
    })

    storeCase(
      'a run is named by the key of its workflow: one under way before those that ended',
      open,
      async (database) => {
        const runs: [no: number, workflow: string, key: string, ended: number | null][] = [
          [1, 'invoice', 'R-1', 5],
          [2, 'invoice', 'R-1', null],
          [3, 'offer', 'R-2', 5],
          [4, 'invoice', 'R-2', 6],
          [5, 'offer', 'R-3', null],
          [6, 'invoice', 'R-3', null],
          [7, 'offer', 'taken', null],
        ]
        for (const [no, workflow, key, ended_at] of runs) {
          await addRun(database, no, {
            workflow,
            ended_at,
            status: ended_at === null ? 'waiting' : 'succeeded',
          })
          await database.run('update runs set key = ? where no = ?', [key, no])
        }
        await database.run(`update runs set idempotency = 'taken' where no = 1`, [])
        const named = async (text: string) => (await runsNamed(database, text, 5)).map(({ no }) => Number(no))
        expect(await named('R-1')).toEqual([2])
        expect(await named('R-2')).toEqual([4, 3])
        expect(await named('invoice:R-2')).toEqual([4])
        expect(await named('R-3')).toEqual([6, 5])
        expect(await named('offer:R-3')).toEqual([5])
        expect(await named('taken')).toEqual([1])
        expect(await named('offer:taken')).toEqual([7])
        for (const none of ['R', 'invoice:', ':R-1', 'bill:R-1', 'INVOICE:R-1'])
          expect(await named(none), none).toEqual([])
        await database.run('update runs set parent = 7 where no = 5', [])
        const { runs: top } = await listRunPage(database, { topLevel: true, workflow: 'offer' })
        expect(top.map(({ workflowKey }) => workflowKey)).toEqual(['taken', 'R-2'])
      },
    )

    storeCase('the six metrics of an agent are of what it did itself', open, async (database) => {
      const now = await storeNow(database)
      const agent = (name: string, turns: number) =>
        JSON.stringify({
          message: `agent "${name}"`,
          agent: name,
          role: 'worker',
          owner: 'ada',
          turns,
          tokens: 1,
          costUsd: 0,
          why: 'limit',
        })
      const intended = (name: string, args: Json) =>
        JSON.stringify({ key: 'k', class: 'once', attempt: 1, epoch: 1, agent: name, under: [], args })
      await addRun(database, 1, { status: 'succeeded', ended_at: now - day })
      await addRun(database, 2, { status: 'failed', ended_at: now })
      await addRun(database, 3, { status: 'succeeded', ended_at: now })
      const [one, two, three] = [chainOf(1), chainOf(2), chainOf(3)]
      const at = (step: number, event: JournalEvent) => ({ ...event, step })
      const denied = '{"code":"call-denied","message":"no","details":{"chain":["ada","agent:desk"]}}'
      const written = [
        at(1, one('effect-intended', intended('desk', {}))),
        at(1, one('effect-intended', intended('desk', {}))),
        at(2, one('effect-failed', denied)),
        // Another's call, whose arguments name it.
        at(3, one('effect-intended', intended('clerk', { agent: 'desk' }))),
        one('agent-finished', agent('desk', 3)),
        one('agent-finished', agent('clerk', 9)),
        two('agent-stopped', agent('desk', 7)),
        three('agent-finished', agent('des_', 1)),
      ]
      await database.bulk(insertEvents, written.map(eventValues))
      await ask(database, 'a1', 1, now - day, 'approval')
      await ask(database, 'a2', 1, now - day, 'approval')
      await database.run(
        `update approvals set status = 'rejected', binds = 'effect', shown = case when id = 'a1' then ? else ? end`,
        [
          '{"tool":"send","args":{},"agent":"desk","under":[]}',
          '{"tool":"send","args":{},"agent":"clerk","under":[]}',
        ],
      )
      await database.run(
        `insert into model_calls (id, run, run_id, workflow, agent, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
         values ('m1', 1, 'run1', 'flow', 'desk', 'm', 1, 'answered', 2000000000, 0, 0, 0),
           ('m2', 2, 'run2', 'flow', 'desk', 'm', 1, 'answered', 1000000000, 0, 0, 0),
           ('m3', 1, 'run1', 'flow', 'clerk', 'm', 1, 'answered', 9000000000, 0, 0, 0)`,
      )
      const of = (name: string) => workMetrics(database, { kind: 'agent', agent: name }, now - 30 * day)
      const { total, days } = await of('desk')
      expect(total).toEqual({
        ended: 2,
        taskSuccess: 0.5,
        humanCorrectionRate: 1,
        iterationsPerCompletedTask: 3,
        costPerSuccessfulRunUsd: 3,
        escalationRate: 0.5,
        blockedToolCalls: 1,
        toolCalls: 2,
      })
      expect(days.map(({ ended, taskSuccess }) => [ended, taskSuccess])).toEqual([
        [1, 1],
        [1, 0],
      ])
      expect((await of('des_')).total).toMatchObject({ ended: 1, toolCalls: 0, humanCorrectionRate: null })
      expect(await of('nobody')).toMatchObject({ total: { ended: 0, taskSuccess: null }, days: [] })
    })

    storeCase('the six metrics of a directive have what the runs below it did', open, async (database) => {
      const now = await storeNow(database)
      await addRun(database, 1, { workflow: 'directive:tidy', ended_at: now })
      await addRun(database, 2, { workflow: 'flow', ended_at: now, status: 'failed' })
      await addRun(database, 3, { workflow: 'flow', ended_at: now })
      await database.run('update runs set parent = no - 1 where no in (2, 3)')
      await addRun(database, 4, { workflow: 'flow', ended_at: now })
      const [three, four] = [chainOf(3), chainOf(4)]
      const denied = '{"code":"call-denied","message":"no grant","retryable":false}'
      const written = [
        { ...three('question-completed', '{}'), step: 1 },
        { ...three('effect-failed', denied), step: 2 },
        { ...four('question-completed', '{}'), step: 1 },
      ]
      await database.bulk(insertEvents, written.map(eventValues))
      await ask(database, 'a1', 2, now, 'approval')
      await ask(database, 'a2', 3, now, 'question')
      await database.run(`update approvals set status = 'approved', answer = '{}' where id = 'a1'`)
      const worker = { kind: 'directive', workflow: 'directive:tidy' } as const
      expect((await workMetrics(database, worker, now - 30 * day)).total).toEqual({
        ended: 1,
        taskSuccess: 1,
        humanCorrectionRate: 1,
        iterationsPerCompletedTask: 1,
        costPerSuccessfulRunUsd: 0,
        escalationRate: 1,
        blockedToolCalls: 1,
        toolCalls: 1,
      })
    })

    storeCase('the newest run of each workflow, and how calls of tools ended', open, async (database) => {
      const now = await storeNow(database)
      await addRun(database, 1, { workflow: 'directive:tidy', ended_at: now - 9, created_at: now - 20 })
      await addRun(database, 2, { workflow: 'other', ended_at: now })
      await addRun(database, 3, { workflow: 'directive:tidy', status: 'running', created_at: now })
      const last = await lastRuns(database, ['directive:tidy', 'directive:none'])
      expect([...last]).toMatchObject([
        ['directive:tidy', { runId: 'run3', result: 'pending', durationMs: null }],
      ])
      const [one, two] = [chainOf(1), chainOf(2)]
      const broke = '{"code":"script-failed","message":"it exited 1","retryable":false}'
      const written = [
        { ...one('effect-completed', '1'), step: 1, name: 'script.sweep', at: 5 },
        { ...two('effect-failed', broke), step: 1, name: 'script.sweep', at: 6 },
        { ...two('effect-completed', '1'), step: 2, name: 'mail.send', at: 7 },
      ]
      await database.bulk(insertEvents, written.map(eventValues))
      expect([...(await toolOutcomes(database, ['script.sweep', 'script.none'], now - day))]).toEqual([
        [
          'script.sweep',
          {
            ended: 2,
            failed: 1,
            last: {
              runId: 'run2',
              at: expect.any(String),
              failed: true,
              detail: 'script-failed: it exited 1',
            },
          },
        ],
      ])
    })

    storeCase(
      'a feed of events goes on from its cursor in another process, and misses nothing',
      open,
      async (database) => {
        await addRuns(database, newRun(1), newRun(2, { workflow: 'other' }))
        const [one, two] = [chainOf(1), chainOf(2)]
        const write = (...events: JournalEvent[]) => database.bulk(insertEvents, events.map(eventValues))
        const first = await EventFeed.open(database, systemClock)
        await write(one('run-started', '{"version":"1","principal":"ada"}'), two('run-started', '{}'))
        expect((await first.read()).map(({ runId: run, type, words }) => [run, type, words])).toEqual([
          ['run1', 'run-started', 'version 1, by ada'],
          ['run2', 'run-started', expect.any(String)],
        ])
        const { cursor } = first
        await write(
          one('step-completed', '1'),
          two('log-written', '{"message":"hi"}'),
          one('run-succeeded', '2'),
        )
        const told = async (filter: EventFilter) => {
          const feed = await EventFeed.open(database, systemClock, { ...filter, cursor })
          return (await feed.read()).map(({ runId: run, type }) => `${run} ${type}`)
        }
        expect(await told({})).toEqual(['run1 step-completed', 'run2 log-written', 'run1 run-succeeded'])
        expect(await told({ run: 'run1' })).toEqual(['run1 step-completed', 'run1 run-succeeded'])
        expect(await told({ workflow: 'other' })).toEqual(['run2 log-written'])
        expect(await told({ types: ['run-succeeded', 'no-such-type' as 'run-failed'] })).toEqual([
          'run1 run-succeeded',
        ])
        expect(await first.read()).toHaveLength(3)
        expect(await first.read()).toEqual([])
        for (const bad of ['', 'x', '1.2', '1-2', '9'.repeat(40)])
          await expect(EventFeed.open(database, systemClock, { cursor: bad })).rejects.toMatchObject({
            code: 'bad-cursor',
          })
      },
    )
  })
}
