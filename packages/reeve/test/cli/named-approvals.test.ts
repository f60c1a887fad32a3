import { expect, test } from 'vitest'
import { reeve, reeveJson } from './hosted.ts'
import { project, type Rested } from './reeve.ts'

const reply = (key: string) => [
  'run',
  'reply',
  '--key',
  key,
  '--input',
  '{"to":"bo@example.com","text":"Hi"}',
]

test('an approval is named by the run that asks for it, and by how its id begins', async () => {
  const folder = project()
  const first = await reeveJson<Rested>(folder, reply('R-1'))
  const { id } = first.approvals[0]!
  const seen = await reeve(folder, ['approvals', 'R-1'])
  expect(seen.stderr).toContain(`R-1 means approval ${id}: mail.send`)
  expect(seen.stdout).toContain('bo@example.com')
  expect(await reeveJson(folder, ['approve', 'R-1'])).toMatchObject({
    code: 0,
    approvalId: id,
    decision: 'approved',
  })
  const second = await reeveJson<Rested>(folder, reply('R-2'))
  const other = second.approvals[0]!.id
  // Of the run that has the key nothing is asked any more; how the id of the other begins is enough.
  expect(await reeveJson(folder, ['reject', other.slice(0, -2), '--why', 'no'])).toMatchObject({
    code: 0,
    approvalId: other,
  })
  const { code, stderr } = await reeve(folder, ['approve', 'R-1'])
  expect(stderr).toMatch(new RegExp(`Run ${first.runId} asks for nothing now\\.`))
  expect(code).toBe(2)
})

test('where several are meant, they are listed', async () => {
  const folder = project()
  const asked = [await reeveJson<Rested>(folder, reply('R-1')), await reeveJson<Rested>(folder, reply('R-2'))]
  const ids = asked.map(({ approvals }) => approvals[0]!.id)
  let same = 0
  while (ids[0]![same] === ids[1]![same]) same++
  const { code, stderr } = await reeve(folder, ['approve', ids[0]!.slice(0, same)])
  expect(stderr).toMatch(/^reeve: ambiguous-approval: |means several approvals: /m)
  for (const id of ids) expect(stderr).toContain(id)
  expect(code).toBe(2)
})

test('a run is named by what it asks for', async () => {
  const folder = project()
  const { runId, approvals } = await reeveJson<Rested>(folder, reply('R-1'))
  const shown = await reeve(folder, ['show', approvals[0]!.id])
  expect(shown.stdout).toContain(runId)
  expect(shown.stderr).toContain(`is an approval of run ${runId}`)
  expect(await reeve(folder, ['show', 'nothing-like-it'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no run nothing-like-it'),
  })
  expect(await reeve(folder, ['approve', 'nothing-like-it'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no approval nothing-like-it'),
  })
})

test('what was not paused is not said to be resumed, nor paused twice', async () => {
  const folder = project()
  const { runId } = await reeveJson<Rested>(folder, reply('R-1'))
  const told = async (...args: string[]) => (await reeve(folder, args)).stdout
  expect(await told('resume', 'R-1')).toMatch(
    new RegExp(`run ${runId} \\(R-1\\) was not paused; it is waiting \\(approval`),
  )
  expect(await told('pause', 'R-1')).toContain(`run ${runId} (R-1) is paused`)
  expect(await told('pause', 'R-1')).toContain(`run ${runId} (R-1) was paused already`)
  expect(await told('resume', 'R-1')).toContain(`run ${runId} (R-1) is resumed`)
  expect(await told('schedules', 'resume', 'yearly')).toContain('schedule yearly was not paused')
  expect(await told('schedules', 'pause', 'yearly')).toContain('schedule yearly is paused')
  expect(await told('schedules', 'pause', 'yearly')).toContain('schedule yearly was paused already')
  expect(await told('schedules', 'resume', 'yearly')).toContain('starts runs again')
  expect(await told('resume-all')).toContain('nothing changes')
})
