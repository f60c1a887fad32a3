import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type RecordedRun, replayRecord } from '../../src/testing/index.ts'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested } from './reeve.ts'

const reply = ['run', 'reply', '--input', '{"to":"bo@example.com","text":"Five days."}']

async function replied(folder: string): Promise<string> {
  const { runId, approvals } = await reeveJson<Rested>(folder, reply)
  await reeveJson(folder, ['approve', approvals[0]!.id, '--work'])
  return runId
}

const recordIn = (folder: string, name: string): RecordedRun =>
  JSON.parse(readFileSync(join(folder, 'test/recorded', `${name}.json`), 'utf8'))

test('a run becomes a test that passes, does nothing outside, and fails when the code does something else', async () => {
  const folder = project()
  const run = await replied(folder)
  const sent = readFileSync(join(folder, 'sent.jsonl'), 'utf8')
  expect(await reeveJson(folder, ['test', 'record', run, '--name', 'reply'])).toMatchObject({
    code: 0,
    schemaVersion: 1,
    runId: run,
    test: join('test', 'reply.test.ts'),
    record: join('test', 'recorded', 'reply.json'),
    passes: true,
  })
  const record = recordIn(folder, 'reply')
  expect(record.story).toContainEqual(expect.stringMatching(/mail\.send/))
  expect(JSON.stringify(record.story)).not.toContain(run)
  // As `npm test` of the project does it: nobody approves, and no mail goes out.
  const flags = ['--conditions=reeve-source', '--test', join(folder, 'test/reply.test.ts')]
  const passed = execFileSync(process.execPath, flags, { encoding: 'utf8', env: { PATH: process.env.PATH } })
  expect(passed).toMatch(/pass 1\n/)
  expect(readFileSync(join(folder, 'sent.jsonl'), 'utf8')).toBe(sent)

  const file = join(folder, 'workflows/reply.ts')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('(mail, { to, text })', "(mail, { to, text: 'Hm' })"),
  )
  await expect(replayRecord(record, { project: folder })).rejects.toMatchObject({
    code: 'record-differs',
    message: expect.stringContaining('mail.send'),
  })
})

test('a test is not made of a run that goes on, over another test, or under a name that is no file', async () => {
  const folder = project()
  const { runId: waits } = await reeveJson<Rested>(folder, reply)
  expect(await reeveJson(folder, ['test', 'record', waits])).toMatchObject({ error: { code: 'run-waits' } })
  const { runId } = await reeveJson<Rested>(folder, ['run', 'greet', '--input', '{"name":"Ada"}'])
  const record = ['test', 'record', runId, '--name', 'greet']
  expect(await reeveJson(folder, record)).toMatchObject({ code: 0, passes: true })
  expect(await reeveJson(folder, record)).toMatchObject({ error: { code: 'record-exists' } })
  expect(await reeveJson(folder, [...record, '--replace'])).toMatchObject({ passes: true })
  expect(await reeveJson(folder, ['test', 'record', runId, '--name', '../x'])).toMatchObject({
    error: { code: 'bad-option' },
  })
})

test('secrets of the environment are not in the record', async () => {
  const folder = project()
  const environment = { OPENAI_API_KEY: 'sk-test-1234567890abcdef' }
  const input = JSON.stringify({ name: environment.OPENAI_API_KEY })
  const { runId } = await reeveJson<Rested>(folder, ['run', 'greet', '--input', input])
  const { stdout } = await reeve(folder, ['test', 'record', runId, '--name', 'greet'], { environment })
  expect(stdout).toContain('test/recorded/greet.json')
  expect(readFileSync(join(folder, 'test/recorded/greet.json'), 'utf8')).not.toContain('sk-test-1234')
})
