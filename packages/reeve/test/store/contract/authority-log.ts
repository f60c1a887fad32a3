import { expect } from 'vitest'
import { Secrets } from '../../../src/base/secrets/secrets.ts'
import { listActs } from '../../../src/inspect/authority/act-list.ts'
import { verifyRound } from '../../../src/store/audit/audit-rounds.ts'
import { verifyPartOf } from '../../../src/store/audit/audit-threads.ts'
import type { Act } from '../../../src/store/authority/acts.ts'
import { readActs, recordAct, verifyActs } from '../../../src/store/authority/authority-log.ts'
import type { Database } from '../../../src/store/database.ts'
import { redacting } from '../../../src/store/redacting.ts'
import { type Open, storeCase } from './fixtures.ts'

function paused(by: string, changes: Partial<Act<'all-paused'>> = {}): Act<'all-paused'> {
  return {
    type: 'all-paused',
    by,
    proof: 'local-user',
    subject: 'everything',
    at: 7,
    details: {},
    ...changes,
  }
}

function record(database: Database, act: Act): Promise<number> {
  return database.transaction((session) => recordAct(session, act))
}

export function authorityLogCases(open: Open): void {
  storeCase('acts are numbered, linked and read back with who, for whom and why', open, async (database) => {
    expect(await record(database, paused('ada', { why: 'a wrong mail went out', onBehalfOf: ['bo'] }))).toBe(
      1,
    )
    const set: Act<'switch-set'> = {
      ...paused('bo'),
      type: 'switch-set',
      subject: 'tool mail.send',
      run: 'run1',
      details: { tool: 'mail.send', mode: 'off' },
    }
    expect(await record(database, set)).toBe(2)
    const [last, first] = await listActs(database)
    expect(last).toMatchObject({ no: 2, type: 'switch-set', details: { tool: 'mail.send', mode: 'off' } })
    expect(first).toMatchObject({ by: 'ada', onBehalfOf: ['bo'], why: 'a wrong mail went out', runId: null })
    expect(await listActs(database, { by: 'bo' })).toHaveLength(1)
    expect(await listActs(database, { run: 'run1', type: 'all-paused' })).toEqual([])
    expect((await listActs(database, { before: 2 })).map(({ no }) => no)).toEqual([1])
    expect(await verifyActs(database)).toEqual({ acts: 2 })
  })

  storeCase('those who act at one moment get numbers one behind another', open, async (database) => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => record(database, paused(`p${index}`))))
    expect(await verifyActs(database)).toEqual({ acts: 20 })
  })

  storeCase('an act is written with its change, or not at all', open, async (database) => {
    await record(database, paused('ada'))
    const failed = database.transaction(async (session) => {
      await recordAct(session, paused('bo'))
      throw new Error('the change failed')
    })
    await expect(failed).rejects.toThrow('the change failed')
    expect(await record(database, paused('cy'))).toBe(2)
    expect(await verifyActs(database)).toEqual({ acts: 2 })
  })

  storeCase('no registered secret gets into the log, and its chain holds', open, async (database) => {
    const clean = redacting(database, new Secrets(['sk-live-0123456789']))
    await record(clean, paused('ada', { why: 'rotated sk-live-0123456789' }))
    expect((await readActs(database))[0]!.payload).toContain('rotated [secret]')
    expect(await verifyActs(database)).toEqual({ acts: 1 })
  })

  for (const [what, sql, problem] of [
    [
      'who acted',
      `update authority_log set principal = 'eve' where seq = 2`,
      'act 2 (all-paused) was changed',
    ],
    [
      'why',
      `update authority_log set payload = '{"details":{}}' where seq = 2`,
      'act 2 (all-paused) was changed',
    ],
    ['an act in the middle', 'delete from authority_log where seq = 2', 'act 2 is missing'],
    ['the last act', 'delete from authority_log where seq = 3', 'acts 3 to 3 are missing'],
  ] as const) {
    storeCase(`the chain of acts does not hold once somebody changed ${what}`, open, async (database) => {
      for (const by of ['ada', 'bo', 'cy']) await record(database, paused(by, { why: 'so' }))
      await database.run(sql)
      expect((await verifyActs(database)).fault?.problem).toBe(problem)
      const round = await verifyRound(database, 0, { verify: verifyPartOf(database), width: 1 })
      expect(round.faults.map((fault) => fault.problem)).toEqual([problem])
    })
  }
}
