import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Business } from '../play/business.ts'
import { killPlayer } from '../play/kill-player.ts'
import { judge } from '../play/report.ts'

const folder = mkdtempSync(join(tmpdir(), 'business-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** On its second day the worker of this seed is killed when a mail is out and nobody told it. */
test('two days, worker and player killed: nothing is done twice, nothing is lost, no day costs more than it may', async () => {
  const days = 2
  const seed = 38
  const options = ['--days', String(days), '--seed', String(seed), '--port', '0', '--folder', folder]
  const killed: number[] = []
  expect(
    await killPlayer(options, { kills: 2, seed, days, isQuiet: true, onKill: (no) => killed.push(no) }),
  ).toBe(0)
  expect(killed).toEqual([1, 2])
  const business = await Business.open({
    ...{ folder, days, seed, port: 0, page: 'none', dayTakesMs: 0, hasFaults: true, isLearning: false },
    ...{ onDay: () => {}, onPage: () => {}, onNote: () => {} },
  })
  try {
    const { goals, figures } = judge(business, 1)
    expect(Object.entries(goals).filter(([, { ok }]) => !ok)).toEqual([])
    expect(figures.kills).toBeGreaterThan(0)
    const done = business.journal.decisions().filter(({ result }) => result === 'success')
    expect(done.map(({ decision }) => decision)).toContain('check-site')
    expect(business.world.books.count('select count(*) from articles')).toBe(1)
  } finally {
    await business.close()
  }
})
