import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runTrial } from './trial.ts'

/** The short form of `npm run test:cycles`: one house, whose process dies in each part of a cycle. */
test('a daemon that is killed as it gathers, decides, executes, checks and records does each thing once', async () => {
  const place = join(import.meta.dirname, '..', '.tmp')
  mkdirSync(place, { recursive: true })
  const folder = mkdtempSync(join(place, 'cycle-'))
  const parts = ['gather', 'decide', 'execute: before the deed', 'execute: after the deed', 'check']
  const deaths = [...parts.map((from) => ({ from, boundary: 0 })), { from: 'check', boundary: 4 }]
  const { kills, violations } = await runTrial(deaths, folder, place)
  expect(violations).toEqual([])
  expect(kills).toBe(deaths.length)
  rmSync(folder, { recursive: true, force: true })
})
