import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import reeve from '../../reeve/package.json' with { type: 'json' }
import own from '../package.json' with { type: 'json' }
import { createProject, filesIn } from '../src/create-project.ts'
import { type Template, templates } from '../src/templates.ts'

const main = join(import.meta.dirname, '../src/main.ts')

/** Inside the repository, so that `reeve` is found. */
function newFolder(): string {
  const place = join(import.meta.dirname, '../../reeve/test/.tmp')
  mkdirSync(place, { recursive: true })
  const folder = mkdtempSync(join(place, 'create-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function create(cwd: string, ...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

test.each(Object.keys(templates) as Template[])('what %s makes passes its own test', (template) => {
  const folder = join(newFolder(), 'My Desk')
  const { files } = createProject({ folder, template, reeve: '^1.0.0' })
  for (const file of ['package.json', '.gitignore', '.env.example', 'tsconfig.json', 'README.md'])
    expect(files).toContain(file)
  expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toMatchObject({
    name: 'my-desk',
    dependencies: { reeve: '^1.0.0' },
    // An older Node finds no test in TypeScript and says that all is well; Reeve says what it needs, and fails.
    scripts: { pretest: 'reeve --version', test: 'node --test', check: 'tsc' },
  })
  for (const file of files) expect(readFileSync(join(folder, file), 'utf8')).not.toContain('{{')
  const tested = spawnSync(process.execPath, ['--conditions=reeve-source', '--test'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  expect(tested.stdout).toMatch(/fail 0/)
  expect(tested.stdout).toMatch(/pass [12]/)
  expect(tested.status).toBe(0)
})

test('an older Node brings one along, a newer one does not', () => {
  const parent = newFolder()
  const manifestWith = (node: string | undefined) => {
    const folder = join(parent, node ?? 'none')
    createProject({ folder, template: 'blank', reeve: '^1.0.0', node })
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: object }
  }
  expect(manifestWith('24.21.0')).toMatchObject({
    dependencies: { node: '24.21.0' },
    allowScripts: { node: true },
  })
  expect(manifestWith(undefined).dependencies).not.toHaveProperty('node')
})

test('it asks nobody where nobody can be asked, and says what to give', () => {
  const folder = newFolder()
  const { status, stderr } = create(folder)
  expect(stderr).toMatch(/--template, or say --yes/)
  expect(status).toBe(2)
  expect(readdirSync(folder)).toEqual([])
})

test('with --yes it makes the blank one, and says how to go on', () => {
  const folder = newFolder()
  const { status, stdout } = create(folder, '--yes')
  expect(status).toBe(0)
  expect(stdout).toMatch(/cd my-desk\n {2}npm install\n {2}npm start/)
  expect(existsSync(join(folder, 'my-desk/workflows/order-question.ts'))).toBe(true)
})

test.each([
  [['desk', '--template', 'shop'], /no template "shop"; there are blank, support-triage, refund-desk/],
  [['one', 'two'], /these are 2: one, two/],
  [['--colour'], /Unknown option '--colour'/],
])('%j is refused with what is wrong', (args, message) => {
  const { status, stderr } = create(newFolder(), ...args)
  expect(stderr).toMatch(message)
  expect(status).toBe(2)
})

test('a folder that is not empty is left alone, but for its repository', () => {
  const folder = newFolder()
  mkdirSync(join(folder, '.git'))
  expect(filesIn(folder)).toEqual([])
  writeFileSync(join(folder, 'mine.txt'), 'mine')
  const { status, stderr } = create(folder, '.', '--yes')
  expect(stderr).toMatch(/is not empty \(mine\.txt\)\. Nothing was written/)
  expect(status).toBe(2)
  expect(filesIn(folder)).toEqual(['mine.txt'])
})

test('it has the version of the Reeve that it depends on', () => {
  expect(own.version).toBe(reeve.version)
  expect(reeve.optionalDependencies['create-reeve']).toBe(own.version)
})
