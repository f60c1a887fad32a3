import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested } from './reeve.ts'

interface Planned {
  runId: string
  open: number
  steps: { tool: string; state: string }[]
}

const reply = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Hi"}']

async function replied(folder: string): Promise<string> {
  const { runId: run, approvals } = await reeveJson<Rested>(folder, reply)
  await reeveJson(folder, ['approve', approvals[0]!.id, '--work'])
  return run
}

const sent = (folder: string) =>
  readFileSync(join(folder, 'sent.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)

test('undo shows its plan and does nothing until it is told to; then it undoes once', async () => {
  const folder = project()
  const run = await replied(folder)
  const plan = await reeveJson<Planned>(folder, ['undo', run])
  expect(plan).toMatchObject({
    code: 0,
    open: 1,
    steps: [{ tool: 'mail.send', state: 'open' }],
    undoRunId: null,
  })
  const shown = await reeve(folder, ['undo', run, '--dry-run'])
  expect(shown.stdout).toMatch(/undo mail\.send \(call \d+ of run .*possible until/)
  expect(sent(folder)).toHaveLength(1)
  expect(await reeveJson(folder, ['undo', run, '--yes'])).toMatchObject({
    code: 0,
    status: 'succeeded',
    undoRunId: run,
    output: { undone: 1, left: [] },
  })
  expect(sent(folder)[1]).toMatchObject({ recalled: 'bo@example.com' })
  const again = await reeveJson<Planned>(folder, ['undo', run, '--yes'])
  expect(again).toMatchObject({ open: 0, steps: [{ state: 'undone' }] })
  expect(sent(folder)).toHaveLength(2)
})

test('a run that goes on cannot be undone', async () => {
  const folder = project()
  const { runId: run } = await reeveJson<Rested>(folder, reply)
  expect(await reeveJson(folder, ['undo', run, '--yes'])).toMatchObject({
    code: 2,
    error: { code: 'cannot-undo' },
  })
})
