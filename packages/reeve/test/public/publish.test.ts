import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

interface Manifest {
  name: string
  version: string
  private?: boolean
  license: string
  description: string
  files: string[]
  publishConfig?: object
  optionalDependencies?: Record<string, string>
}

const manifests = readdirSync(join(root, 'packages'))
  .map((folder) => ({ folder, ...(JSON.parse(read(`packages/${folder}/package.json`)) as Manifest) }))
  .filter((each) => each.private !== true)

test('what is published says so: for all, with provenance, with licence and description', () => {
  expect(manifests.map(({ name }) => name).sort()).toEqual(['create-reeve', 'reeve', 'reeve-embedding-table'])
  for (const { name, license, description, publishConfig, files } of manifests) {
    expect(publishConfig, name).toEqual({ access: 'public', provenance: true })
    expect([license, description, files.length > 0], name).toEqual([
      expect.stringMatching(/^(MIT|Apache-2\.0)$/),
      expect.stringMatching(/\w{3}/),
      true,
    ])
  }
  const [reeve, maker] = ['reeve', 'create-reeve'].map(
    (wanted) => manifests.find(({ name }) => name === wanted)!,
  )
  expect(reeve!.optionalDependencies!['create-reeve']).toBe(maker!.version)
  expect(read('packages/reeve/CHANGELOG.md')).toContain(`## ${reeve!.version}`)
})

// That of reeve itself is packed once, by `packed/package.test.ts`.
test.each(manifests.filter(({ name }) => name !== 'reeve'))(
  'the tarball of $name has what it names, and nothing that is only of this repository',
  ({ folder, files }) => {
    const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: join(root, 'packages', folder),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const listed = JSON.parse(told) as
      | { files: { path: string }[] }[]
      | Record<string, { files: { path: string }[] }>
    const paths = Object.values(listed)[0]!.files.map(({ path }) => path)
    expect(
      paths.filter(
        (path) =>
          /(^|\/)(test|node_modules|\.tmp|\.reeve)\/|\.env$|\.tgz$|tsbuildinfo|\.built-from/.test(path) &&
          !/templates\//.test(path),
      ),
    ).toEqual([])
    for (const file of files.filter(
      (each) => !each.startsWith('!') && existsSync(join(root, 'packages', folder, each)),
    ))
      expect(
        paths.some((path) => path === file || path.startsWith(`${file}/`)),
        file,
      ).toBe(true)
    expect(paths).toContain('package.json')
  },
)

test('changesets know the packages that go together, and the release is signed', () => {
  const config = JSON.parse(read('.changeset/config.json')) as { fixed: string[][]; access: string }
  expect(config).toMatchObject({ fixed: [['reeve', 'create-reeve']], access: 'public' })
  const release = parse(read('.github/workflows/release.yml')) as {
    permissions: object
    jobs: { publish: { steps: { run?: string }[] } }
  }
  expect(release.permissions).toMatchObject({ 'id-token': 'write' })
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const used = release.jobs.publish.steps.flatMap(({ run = '' }) => /^npm run (\w+)/.exec(run)?.[1] ?? [])
  expect(used).toEqual(['sbom', 'changeset'])
  expect(used.filter((script) => !(script in scripts))).toEqual([])
})

test('the README stays short enough to be read', () => {
  expect(read('README.md').split('\n').length).toBeLessThan(200)
})

test('there is a form for each kind of issue, and what a community asks for', () => {
  const forms = ['bug.yml', 'wish.yml'].map((file) => parse(read(`.github/ISSUE_TEMPLATE/${file}`)) as object)
  for (const form of forms) expect(form).toMatchObject({ name: expect.any(String), body: expect.any(Array) })
  for (const file of ['SECURITY.md', 'CODE_OF_CONDUCT.md', 'LICENSE', 'CONTRIBUTING.md'])
    expect(read(file).length, file).toBeGreaterThan(400)
})
