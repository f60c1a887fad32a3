import { expect } from 'vitest'
import { type AuditOptions, type VerifyPart, verifyRound } from '../../../src/store/audit/audit-rounds.ts'
import { verifyPartOf } from '../../../src/store/audit/audit-threads.ts'
import type { Database } from '../../../src/store/database.ts'
import { eventValues, insertEvents } from '../../../src/store/journal/journal.ts'
import { addRuns, chainOf, newRun, type Open, storeCase } from './fixtures.ts'

const hour = 3_600_000

/** Ended runs of two events each. */
async function addEnded(database: Database, from: number, upTo: number, endedAt: number): Promise<void> {
  const numbers = Array.from({ length: upTo - from + 1 }, (_, index) => from + index)
  const chains = numbers.map((no) => {
    const link = chainOf(no)
    return [link('run-started', '1'), link('run-succeeded', '2')]
  })
  await addRuns(database, ...numbers.map((no) => newRun(no, { status: 'succeeded' })))
  await database.bulk(insertEvents, chains.flat().map(eventValues))
  for (const [index, no] of numbers.entries())
    await database.run('update runs set ended_at = ?, head = ?, head_seq = 2 where no = ?', [
      endedAt,
      chains[index]![1]!.hash,
      no,
    ])
}

const tamper = (database: Database, no: number) =>
  database.run(`update events set payload = '"other"' where run = ? and seq = 1`, [no])

/** With a sample of three, so that more runs than that are no small database. */
function round(database: Database, now: number, options: Partial<AuditOptions> = {}) {
  return verifyRound(database, now, { verify: verifyPartOf(database), width: 2, sample: 3, ...options })
}

export function auditRoundCases(open: Open): void {
  storeCase(
    'the audit goes on from where it ended, and verifies again what changed since',
    open,
    async (db) => {
      await addEnded(db, 1, 40, hour)
      expect(await round(db, 10 * hour)).toMatchObject({
        runs: 40,
        events: 80,
        before: undefined,
        complete: true,
      })
      await addEnded(db, 41, 42, 11 * hour)
      // One of before went on, as after a retry; another was given a lower number and came later.
      await db.run('update runs set ended_at = ? where no = 7', [11 * hour])
      await db.run(`update runs set status = 'running', ended_at = null where no = 8`)
      const second = await round(db, 20 * hour, { sample: 0 })
      expect(second).toMatchObject({
        runs: 4,
        before: { runs: 38, at: 10 * hour, sampled: 0 },
        complete: true,
      })
      const third = await round(db, 30 * hour, { sample: 1 })
      expect(third.before).toMatchObject({ runs: 41, at: 20 * hour })
      expect(third.runs).toBe(1 + third.before!.sampled)
    },
  )

  storeCase(
    'what was changed before the mark is found by --all, and by a sample that meets it',
    open,
    async (db) => {
      await addEnded(db, 1, 40, hour)
      await round(db, 10 * hour)
      await tamper(db, 5)
      const [unlucky, all] = [
        await round(db, 20 * hour, { sample: 0 }),
        await round(db, 21 * hour, { all: true }),
      ]
      expect(unlucky.faults).toEqual([])
      expect(all).toMatchObject({ runs: 40, before: undefined, faults: [{ runId: 'run5', seq: 1 }] })
      // It is found again each time, although the mark has passed it.
      const next = await round(db, 30 * hour, { sample: 0 })
      expect(next).toMatchObject({ runs: 1, faults: [{ runId: 'run5' }], before: { runs: 39 } })

      await tamper(db, 6)
      const sampled = await round(db, 31 * hour, { sample: 39 })
      expect(sampled.faults.map(({ runId: run }) => run)).toContain('run5')
      for (let tries = 0; ; tries++) {
        const { faults } = await round(db, 32 * hour, { sample: 30 })
        if (faults.some(({ runId: run }) => run === 'run6')) break
        expect(tries).toBeLessThan(50)
      }
    },
  )

  for (const [what, sql] of [
    ['no JSON', `update meta set value = 'x' where name = 'audit'`],
    [
      'another number',
      `update meta set value = replace(value, '"through":40', '"through":999') where name = 'audit'`,
    ],
    ['a head that is not there', `update events set hash = 'other' where run = 40 and seq = 2`],
  ] as const) {
    storeCase(`a mark that was damaged (${what}) is no proof: everything is verified`, open, async (db) => {
      await addEnded(db, 1, 40, hour)
      await round(db, 10 * hour)
      expect(await db.run(sql)).toBe(1)
      expect(await round(db, 20 * hour, { sample: 0 })).toMatchObject({
        runs: 40,
        before: undefined,
        markDamaged: true,
      })
    })
  }

  storeCase('an audit that is interrupted goes on, also one of everything', open, async (db) => {
    await addEnded(db, 1, 2600, hour)
    const verify = verifyPartOf(db)
    for (const all of [false, true]) {
      const stop = new AbortController()
      const parts: Parameters<VerifyPart>[0][] = []
      const stopping: VerifyPart = (part) => {
        parts.push(part)
        stop.abort()
        return verify(part)
      }
      const cut = await round(db, 10 * hour, { all, verify: stopping, signal: stop.signal, width: 1 })
      expect(cut).toMatchObject({ runs: 1000, complete: false, before: undefined })
      expect(parts).toEqual([{ after: -1, upTo: 1000 }])
      const rest = await round(db, 20 * hour, { sample: 0 })
      expect(rest).toMatchObject({ runs: 1600, before: { runs: 1000 }, complete: true })
    }
    expect(await round(db, 30 * hour, { sample: 0 })).toMatchObject({ runs: 0, before: { runs: 2600 } })
  })

  storeCase('more faults than are remembered hold the mark before them', open, async (db) => {
    await addEnded(db, 1, 1000, hour)
    await addEnded(db, 1001, 1150, hour)
    await db.run(`update events set payload = '"other"' where run > 1000 and seq = 1`)
    for (const now of [10 * hour, 20 * hour]) {
      const { faults, runs } = await round(db, now, { sample: 0 })
      expect([faults.length, runs]).toEqual([150, now === 10 * hour ? 1150 : 150])
    }
  })
}
