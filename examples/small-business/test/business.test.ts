import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Business } from '../play/business.ts'
import { judge } from '../play/report.ts'

const folder = mkdtempSync(join(tmpdir(), 'business-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** On its second day the worker of this seed is killed when a mail is out and nobody told it. */
test('two days with a kill: nothing is done twice, nothing is lost, no day costs more than it may', async () => {
  const business = await Business.open({
    folder,
    days: 2,
    seed: 38,
    port: 0,
    page: 'none',
    dayTakesMs: 0,
    hasFaults: true,
    isLearning: false,
    onDay: () => {},
    onPage: () => {},
    onNote: () => {},
  })
  try {
    await business.play()
    const { goals } = judge(business, 1)
    expect(Object.entries(goals).filter(([, { ok }]) => !ok)).toEqual([])
    expect(business.kills).toBeGreaterThan(0)
    const done = business.journal.decisions().filter(({ result }) => result === 'success')
    const days = ['check-site', 'publish-article', 'answer-leads', 'check-site', 'answer-leads']
    expect(done.map(({ decision }) => decision)).toEqual(days)
    expect(business.world.books.count('select count(*) from articles')).toBeGreaterThan(0)
  } finally {
    await business.close()
  }
})
