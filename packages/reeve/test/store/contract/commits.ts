import { expect } from 'vitest'
import { requestRow } from '../../../src/store/approvals/approvals.ts'
import type { Database } from '../../../src/store/database.ts'
import { GroupCommit, type RunCommit } from '../../../src/store/journal/group-commit.ts'
import { blobRow, eventRow, readEvents } from '../../../src/store/journal/journal.ts'
import { itemRow } from '../../../src/store/memory/items.ts'
import { releaseRow } from '../../../src/store/runs/changes/releases.ts'
import { childRow } from '../../../src/store/runs/changes/starts.ts'
import { deliveryRow } from '../../../src/store/runs/inbox.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'
import {
  addRunning,
  addRuns,
  chainOf,
  newRun,
  type Open,
  releaseOf,
  rowOf,
  sourceOf,
  storeCase,
  until,
} from './fixtures.ts'
import { item } from './items.ts'

interface Seen {
  troubles: unknown[]
  fatal: unknown[]
  transactions: number
}

/** A group commit over `database`, whose transactions fail with `faults`, one after the other, after their body ran. */
function commitsOn(
  database: Database,
  clock: FakeClock,
  faults: unknown[] = [],
): GroupCommit & { seen: Seen } {
  const seen: Seen = { troubles: [], fatal: [], transactions: 0 }
  const failing: Database = Object.create(database, {
    writeElsewhere: { value: undefined },
    transaction: {
      value: (body: Parameters<Database['transaction']>[0]) => {
        seen.transactions++
        return database.transaction(async (session) => {
          const result = await body(session)
          if (faults.length > 0) throw faults.shift()
          return result
        })
      },
    },
    classify: {
      value: (error: unknown) =>
        error === 'disk full' ? 'retry' : error === 'unreadable' ? 'fatal' : database.classify(error),
    },
  })
  const commits = new GroupCommit({
    database: failing,
    clock,
    onFatal: (error) => seen.fatal.push(error),
    onTrouble: (error) => seen.troubles.push(error),
  })
  return Object.assign(commits, { seen })
}

/** A commit with something in every table that a commit can touch. */
function fullCommit(no: number, epoch: number, remembers = true): RunCommit {
  const large = JSON.stringify(`large ${no}`)
  const chain = chainOf(no)
  const started = chain('run-started', '{}')
  const done = chain('step-completed', large, true)
  const child = newRun(no + 1000, { parent: no, parent_step: 1 })
  return {
    run: no,
    epoch,
    events: [started, done],
    rows: [
      blobRow({ hash: done.blob!, content: large }),
      deliveryRow({ run: no, name: 'signal:x', dedup: null, payload: '1', at: 5 }),
      requestRow({
        id: `approval${no}`,
        run: no,
        step: 1,
        kind: 'approval',
        subject: 'send',
        shown: '{}',
        args_hash: 'hash',
        requested_at: 5,
        expires_at: null,
      }),
      ...(remembers ? [itemRow(item({ run: `run${no}`, step: 1 }))] : []),
      childRow(child),
      eventRow(chainOf(no + 1000)('run-started', '{}')),
    ],
    release: releaseRow(releaseOf(no, { inboxSeen: 0, headSeq: 2, head: done.hash })),
  }
}

async function written(database: Database): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of ['runs', 'events', 'blobs', 'inbox', 'approvals', 'items']) {
    counts[table] = (await database.get<{ count: number }>(`select count(*) as count from ${table}`))!.count
  }
  return counts
}

export function commitCases(open: Open): void {
  storeCase('of transactions at one moment, one that fails leaves the others', open, async (database) => {
    const add = (no: number | null, fails = false) =>
      database.transaction(async (session) => {
        await session.run('insert into counters (name, value) values (?, ?)', [`c${no}`, no])
        if (fails) throw new Error('refused')
        return no
      })
    const ends = await Promise.allSettled([add(1), add(2, true), add(3), add(null), add(4)])
    expect(ends.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(await database.all(`select value from counters where name like 'c_' order by value`)).toEqual(
      [1, 3, 4].map((value) => ({ value })),
    )
  })

  storeCase(
    'commits with very many events are written some at a time, and none is left out',
    open,
    async (database) => {
      const commits = commitsOn(database, new FakeClock())
      const sources = []
      for (let no = 1; no <= 3; no++) {
        await addRunning(database, no)
        const chain = chainOf(no)
        const events = Array.from({ length: 2100 }, () => chain('timer-set', '{"dueAt":1}'))
        sources.push(sourceOf({ run: no, epoch: 1, events }))
      }
      for (const source of sources) commits.submit(source)
      expect(await Promise.all(sources.map(({ outcome }) => outcome))).toEqual(Array(3).fill('durable'))
      expect(commits.seen.transactions).toBe(2)
      expect(await written(database)).toMatchObject({ events: 6300 })
    },
  )

  storeCase(
    'a child of a run that was cancelled before the commit is born cancelled',
    open,
    async (database) => {
      await addRunning(database, 1)
      await addRunning(database, 2)
      await database.run(`update runs set cancelled_by = 'ada' where no = 2`)
      const commits = commitsOn(database, new FakeClock())
      const sources = [1, 2].map((no) => sourceOf(fullCommit(no, 1, false)))
      for (const source of sources) commits.submit(source)
      expect(await Promise.all(sources.map(({ outcome }) => outcome))).toEqual(['durable', 'durable'])
      expect(await rowOf(database, 1001)).toMatchObject({ parent: 1, cancelled_by: null, detached: 0 })
      expect(await rowOf(database, 1002)).toMatchObject({ parent: 2, cancelled_by: 'ada' })
    },
  )

  storeCase(
    'commits that are ready at one moment become durable in one transaction',
    open,
    async (database) => {
      for (const no of [1, 2, 3]) await addRunning(database, no)
      const commits = commitsOn(database, new FakeClock())
      const sources = [1, 2, 3].map((no) => sourceOf(fullCommit(no, 1)))
      for (const source of sources) commits.submit(source)
      expect(await Promise.all(sources.map((source) => source.outcome))).toEqual([
        'durable',
        'durable',
        'durable',
      ])
      expect(commits.seen.transactions).toBe(1)
      expect(await written(database)).toEqual({
        runs: 6,
        events: 9,
        blobs: 3,
        inbox: 3,
        approvals: 3,
        items: 3,
      })
    },
  )

  storeCase('a commit gives its run back with what it says', open, async (database) => {
    await addRunning(database, 1)
    const commits = commitsOn(database, new FakeClock())
    const release = releaseOf(1, {
      status: 'succeeded',
      reason: 'because',
      endedAt: 9,
      head: 'h',
      headSeq: 4,
    })
    const source = sourceOf({ run: 1, epoch: 1, events: [], release: releaseRow(release) })
    commits.submit(source)
    expect(await source.outcome).toBe('durable')
    expect(await rowOf(database, 1)).toMatchObject({
      status: 'succeeded',
      reason: 'because',
      ended_at: 9,
      head: 'h',
      head_seq: 4,
      worker: null,
      fresh: 0,
    })
  })

  storeCase(
    'a commit whose claim was lost writes nothing at all; the others are not touched',
    open,
    async (database) => {
      await addRunning(database, 1, { epoch: 2 })
      await addRunning(database, 2)
      await addRuns(database, newRun(3, { epoch: 1 }))
      const before = await written(database)
      const commits = commitsOn(database, new FakeClock())
      const stale = sourceOf(fullCommit(1, 1))
      const held = sourceOf({ run: 2, epoch: 1, events: [chainOf(2)('run-started')] })
      const queued = sourceOf(fullCommit(3, 1))
      for (const source of [stale, held, queued]) commits.submit(source)
      expect(await stale.outcome).toBe('lost')
      expect(await held.outcome).toBe('durable')
      expect(await queued.outcome).toBe('lost')
      expect(await written(database)).toEqual({ ...before, events: 1 })
      expect(await rowOf(database, 1)).toMatchObject({ status: 'running', epoch: 2 })
    },
  )

  storeCase(
    'of two births with one idempotency key the first is there, the other writes nothing',
    open,
    async (database) => {
      const commits = commitsOn(database, new FakeClock())
      const start = (no: number): RunCommit => ({
        run: no,
        epoch: 1,
        start: newRun(no, { status: 'running', worker: 'w', epoch: 1, idempotency: 'mail-1' }),
        events: [chainOf(no)('run-started', '{}')],
      })
      const sources = [sourceOf(start(1)), sourceOf(start(2))]
      for (const source of sources) commits.submit(source)
      expect(await Promise.all(sources.map((source) => source.outcome))).toEqual(['durable', 'exists'])
      const late = sourceOf(start(3))
      commits.submit(late)
      expect(await late.outcome).toBe('exists')
      expect(await written(database)).toMatchObject({ runs: 1, events: 1 })
    },
  )

  storeCase('a commit that breaks a constraint is refused alone', open, async (database) => {
    for (const no of [1, 2, 3]) await addRunning(database, no)
    const commits = commitsOn(database, new FakeClock())
    const event = chainOf(2)('run-started')
    const sources = [
      sourceOf(fullCommit(1, 1)),
      sourceOf({ run: 2, epoch: 1, events: [event, event] }),
      sourceOf(fullCommit(3, 1)),
    ]
    for (const source of sources) commits.submit(source)
    await commits.settled()
    const outcomes = await Promise.all(sources.map((source) => source.outcome))
    expect([outcomes[0], outcomes[2]]).toEqual(['durable', 'durable'])
    expect(outcomes[1]).toMatchObject({ refused: expect.anything() })
    expect(await readEvents(database, 2)).toEqual([])
    expect(commits.seen.fatal).toEqual([])
  })

  storeCase(
    'settled means that every commit of a group that was taken apart is on disk',
    open,
    async (database) => {
      for (const no of [1, 2, 3]) await addRunning(database, no)
      const commits = commitsOn(database, new FakeClock())
      const event = chainOf(1)('run-started')
      commits.submit(sourceOf({ run: 1, epoch: 1, events: [event, event] }))
      commits.submit(sourceOf(fullCommit(2, 1)))
      commits.submit(sourceOf(fullCommit(3, 1)))
      await commits.settled()
      expect(await written(database)).toMatchObject({ events: 6, approvals: 2, items: 2 })
    },
  )

  storeCase(
    'a full disk is tried again until it has room, and acknowledges nothing meanwhile',
    open,
    async (database) => {
      await addRunning(database, 1)
      const clock = new FakeClock()
      const commits = commitsOn(database, clock, ['disk full', 'disk full'])
      const outcomes: unknown[] = []
      const source = sourceOf(fullCommit(1, 1))
      void source.outcome.then((outcome) => outcomes.push(outcome))
      commits.submit(source)
      await until(() => commits.seen.troubles.length === 1)
      await clock.advance(500)
      await until(() => commits.seen.troubles.length === 2)
      expect(outcomes).toEqual([])
      expect(await readEvents(database, 1)).toEqual([])
      await clock.advance(500)
      expect(await source.outcome).toBe('durable')
      expect(commits.seen.troubles).toEqual(['disk full', 'disk full'])
      expect(await readEvents(database, 1)).toHaveLength(2)
    },
  )

  storeCase(
    'what was submitted while the disk was full is written after it, in order',
    open,
    async (database) => {
      await addRunning(database, 1)
      const clock = new FakeClock()
      const commits = commitsOn(database, clock, ['disk full'])
      const chain = chainOf(1)
      const first = sourceOf({ run: 1, epoch: 1, events: [chain('run-started')] })
      const second = sourceOf({ run: 1, epoch: 1, events: [chain('run-succeeded')] })
      commits.submit(first)
      await until(() => commits.seen.troubles.length === 1)
      commits.submit(second)
      await clock.advance(1)
      expect(await readEvents(database, 1)).toEqual([])
      await clock.advance(500)
      await Promise.all([first.outcome, second.outcome])
      expect((await readEvents(database, 1)).map((event) => event.type)).toEqual([
        'run-started',
        'run-succeeded',
      ])
    },
  )

  storeCase(
    'a failure that leaves the disk in doubt ends the process and acknowledges nothing',
    open,
    async (database) => {
      await addRunning(database, 1)
      const clock = new FakeClock()
      const commits = commitsOn(database, clock, ['unreadable'])
      const outcomes: unknown[] = []
      const source = sourceOf(fullCommit(1, 1))
      void source.outcome.then((outcome) => outcomes.push(outcome))
      commits.submit(source)
      await until(() => commits.seen.fatal.length === 1)
      await clock.advance(10_000)
      expect(commits.seen.fatal).toEqual(['unreadable'])
      expect(outcomes).toEqual([])
    },
  )
}
