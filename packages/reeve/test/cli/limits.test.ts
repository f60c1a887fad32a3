import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { table } from '../../src/cli/terminal/table.ts'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested } from './reeve.ts'

const greet = ['run', 'greet', '--input', '{"name":"Ada"}']

test('every list is cut, says so in its last line, and tells programs that there is more', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, greet)
  await reeveJson(folder, greet)
  const database = new DatabaseSync(join(folder, '.reeve/reeve.db'))
  const call = database.prepare(
    `insert into model_calls (id, run, run_id, workflow, model, at, outcome, nanousd, input_tokens, output_tokens, cached_tokens)
     values (?, ?, ?, 'flow', 'small', ?, 'answered', ?, 1, 1, 0)`,
  )
  for (let no = 1000; no < 1060; no++) call.run(`call${no}`, no, `run${no}`, Date.now(), no)
  for (let no = 0; no < 60; no++) database.prepare('insert into queues (name) values (?)').run(`queue${no}`)
  for (let no = 0; no < 60; no++)
    database
      .prepare('insert into budgets (scope, reserved_nanousd, spent_nanousd) values (?, 0, 0)')
      .run(`agent:a${no}`)
  database.close()

  const lines: [args: string[], last: RegExp, list: string, most: number][] = [
    [['costs', '--by', 'run'], /the dearest 50 of 60; see more with --limit 60/, 'groups', 50],
    [['costs', '--by', 'run', '--limit', '3'], /the dearest 3 of 60; see more with --limit 60/, 'groups', 3],
    [['runs', '--limit', '1'], /the newest 1 runs; see more with --limit 10/, 'runs', 1],
    [['queues'], /the first 50 queues of 6\d; see more with --limit 6\d/, 'queues', 50],
    [['budgets'], /the first 50 budgets of 6\d; see more with --limit 6\d/, 'budgets', 50],
    [['show', run, '--events', '--limit', '2'], /more with: .*show \S+ --events --after 2/, 'events', 2],
  ]
  for (const [args, last, list, most] of lines) {
    const { stdout, code } = await reeve(folder, args)
    expect([args, code]).toEqual([args, 0])
    expect(stdout).toMatch(last)
    const told = await reeveJson<Record<string, unknown>>(folder, args)
    expect(told[list]).toHaveLength(most)
    expect(told.more).toBe(true)
  }
  const rest = await reeveJson<{ events: { seq: number }[]; more: boolean }>(folder, [
    'show',
    run,
    '--events',
    '--after',
    '2',
  ])
  expect([rest.events[0]!.seq, rest.more]).toEqual([3, false])
  expect((await reeveJson<{ more: boolean }>(folder, ['runs', '--limit', '2'])).more).toBe(false)
  const story = await reeve(folder, ['show', run, '--limit', '1'])
  expect(story.stdout).toMatch(/not shown: \d+ events before these; see more with --limit 10/)
  const told = await reeveJson<{ timeline: unknown[]; notShown: { events: number }; chain: { ok: boolean } }>(
    folder,
    ['show', run, '--limit', '1'],
  )
  expect(told).toMatchObject({ timeline: [{ type: 'run-succeeded' }], chain: { ok: true } })
  expect(told.notShown.events).toBeGreaterThan(1)
  const refused = await reeve(folder, ['costs', '--by', 'run', '--limit', '0'])
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--limit is "0"')])
})

test('a table of very many rows is laid out', () => {
  const rows = Array.from({ length: 300_000 }, () => ['a', 'b'])
  expect(table(['x', 'y'], rows)).toHaveLength(300_001)
})
