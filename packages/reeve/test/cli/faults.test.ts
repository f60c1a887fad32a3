import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { project, reeve, reeveJson, tamper, temporaryFolder } from './reeve.ts'

/** Runs a command that must be refused as wrong use; answers the error's code and message. */
async function refused(folder: string, args: string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout } = await reeve(folder, [...args, '--json'], { environment })
  expect(code).toBe(2)
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string; details: object } }
  expect(error.details).toBeTypeOf('object')
  return `${error.code}: ${error.message}`
}

test('people get the message alone, and with --verbose the stack', async () => {
  const told = await reeve(project(), ['show', 'r0'])
  expect(told).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'reeve: There is no run r0: none has this id or key. The beginning of an id must have 6 characters or more. See the runs with: reeve runs\n',
  })
  const { stderr } = await reeve(project(), ['show', 'r0', '--verbose'])
  expect(stderr).toMatch(/There is no run r0.*^ +at /ms)
})

test.each([
  [
    ['show', 'r0'],
    'unknown-run: There is no run r0: none has this id or key. The beginning of an id must have 6 characters or more. See the runs with: reeve runs',
  ],
  [['approve', 'a0'], 'unknown-approval: There is no approval a0. See the open approvals: reeve approvals'],
  [
    ['run', 'greeet'],
    'unknown-workflow: There is no workflow "greeet". Did you mean greet? This project has: ask, await-go, greet',
  ],
  [['run', 'greet', '--input', '{"name":'], 'not-json: The input is not JSON'],
  [
    ['init', '/dev/null/desk'],
    'file-unusable: /dev/null/desk cannot be used (mkdir, ENOTDIR): a part of the path is a file',
  ],
  [['run', 'greet', '--input', 'none.json'], 'no-such-file: The input is neither JSON nor a file'],
])('reeve %j is refused', async (args, message) => {
  expect(await refused(project(), args)).toContain(message)
})

test('input that does not fit its schema names every field', async () => {
  const args = ['run', 'greet', '--input', '{"address":{"city":7}}']
  expect(await refused(project(), args)).toMatch(/^invalid-input: .*name: .*; address\.city: /)
})

test('an unknown command suggests the one that was meant', async () => {
  const { code, stderr } = await reeve(temporaryFolder(), ['aprove'])
  expect(stderr).toMatch(/unknown command 'aprove'.*approve/s)
  expect(code).toBe(2)
  expect(await reeveJson(temporaryFolder(), ['aprove'])).toMatchObject({
    code: 2,
    error: { code: 'wrong-use' },
  })
})

test('a syntax error in a workflow names the file and the line, and looking still works', async () => {
  const folder = project()
  writeFileSync(
    join(folder, 'workflows/broken.ts'),
    `import { workflow } from 'reeve'\n\nexport default workflow({\n  input: : 3,\n})\n`,
  )
  expect(await refused(folder, ['run', 'greet'])).toContain(
    `broken-file: ${join(folder, 'workflows/broken.ts')}:4`,
  )
  expect(await reeveJson(folder, ['runs'])).toMatchObject({ code: 0, runs: [] })
})

test('a file that a workflow imports is named when it throws', async () => {
  const folder = project()
  writeFileSync(join(folder, 'tools/mail.ts'), `export const mail = 1\nexport const wire = missing()\n`)
  expect(await refused(folder, ['run', 'greet'])).toContain(
    `${join(folder, 'tools/mail.ts')}:2 cannot be loaded: missing is not defined`,
  )
})

test('a wrong default export is told', async () => {
  const folder = project()
  writeFileSync(join(folder, 'workflows/wrong.ts'), 'export default 7\n')
  expect(await refused(folder, ['run', 'greet'])).toMatch(
    /bad-workflow: .*wrong\.ts must export a workflow .*it exports a number/,
  )
})

test('two workflows with one name are told', async () => {
  const folder = project()
  const twin = `import { workflow } from 'reeve'\nimport { z } from 'zod'\nexport default workflow({ name: 'greet', input: z.object({}), run: () => 1 })\n`
  writeFileSync(join(folder, 'workflows/twin.ts'), twin)
  expect(await refused(folder, ['run', 'greet'])).toMatch(
    /duplicate-workflow: .*greet\.ts and .*twin\.ts are both workflow "greet"/,
  )
})

test('a folder that is no project is told, and --project names another', async () => {
  const folder = temporaryFolder()
  expect(await refused(folder, ['runs'])).toContain('no-project: There is no reeve.config.ts')
  expect(await reeveJson(folder, ['runs', '--project', project()])).toMatchObject({ code: 0, runs: [] })
})

test('a database of a newer Reeve is left alone', async () => {
  const folder = project()
  await reeveJson(folder, ['runs'])
  tamper(folder, `update meta set value = '999' where name = 'schema'`)
  expect(await refused(folder, ['runs'])).toContain('database-newer')
})

test('a corrupt database is told', async () => {
  const folder = project()
  mkdirSync(join(folder, '.reeve'))
  writeFileSync(join(folder, '.reeve/reeve.db'), 'this is not a database, whatever its name says'.repeat(100))
  expect(await refused(folder, ['runs'])).toMatch(/database-unusable: .*not a database/)
})

test('a place that cannot be written is told', async () => {
  expect(await refused(project(), ['runs'], { DATABASE_URL: 'file:/proc/reeve.db' })).toMatch(
    /database-unusable: .*\/proc/,
  )
})

test('services that do not start are told', async () => {
  const folder = project()
  const config = `export default { services: async () => { throw new Error('the port is taken') } }\n`
  writeFileSync(join(folder, 'reeve.config.ts'), config)
  const args = ['run', 'greet', '--input', '{"name":"Ada"}']
  expect(await refused(folder, args)).toMatch(/^service-failed: .*the port is taken/)
})
