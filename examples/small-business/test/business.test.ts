import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Business, type PlayOptions } from '../play/business.ts'
import { killPlayer } from '../play/kill-player.ts'
import { judge } from '../play/report.ts'
import { Books } from '../world/books.ts'
import { services } from '../world/faults.ts'

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
    ...{ folder, days, seed, port: 0, page: 'none', dayTakesMs: 0, hasFaults: true, isLearning: true },
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

/** `npm run test:business` plays a week. */
const days = process.env.BUSINESS_DAYS === undefined ? 1 : Number(process.env.BUSINESS_DAYS)

/** The player died in the evening. */
class Gone extends Error {}

/** Hashes of the journals, evening by evening, of a play in a folder of its own. */
async function hashesOf(name: string, ports: Record<string, number>, { diesEachEvening = false } = {}) {
  const own = join(folder, name)
  mkdirSync(own, { recursive: true })
  const books = new Books(join(own, 'world.db'))
  for (const [service, port] of Object.entries(ports)) books.setFact(`port of ${service}`, port)
  books.close()
  const hashes: string[] = []
  const options: PlayOptions = {
    ...{ folder: own, days, seed: 7, port: 0, page: 'none', dayTakesMs: 0, hasFaults: true },
    ...{ isLearning: true, onPage: () => {}, onNote: () => {} },
    onDay: ({ journal }) => {
      hashes.push(journal.hash())
      if (diesEachEvening) throw new Gone()
    },
  }
  for (;;) {
    const business = await Business.open(options)
    try {
      await business.play()
      return { hashes, ports: portsOf(business) }
    } catch (error) {
      if (!(error instanceof Gone)) throw error
    } finally {
      await business.close()
    }
  }
}

function portsOf({ world }: Business): Record<string, number> {
  return Object.fromEntries(services.map((name) => [name, Number(world.books.fact(`port of ${name}`))]))
}

test('two plays with one seed have the same journals, also when the player and its worker die each evening', async () => {
  const whole = await hashesOf('whole', {})
  const again = await hashesOf('again', whole.ports, { diesEachEvening: true })
  expect(again.hashes).toEqual(whole.hashes)
  // Each day adds to them.
  expect(new Set([createHash('sha256').digest('hex'), ...whole.hashes]).size).toBe(days + 1)
})
