import { expect, test, vi } from 'vitest'
import { findPackages, importOptional } from '../../src/base/optional-package.ts'

const wanted: Record<string, string> = {}
vi.mock('../../src/base/package-files.ts', () => ({ readManifest: () => ({ peerDependencies: wanted }) }))

const loaded = { is: 'loaded' }
const load = (...names: string[]) => importOptional(names, 'Mailboxes', async () => loaded)

test('a package of another major version is refused, with what is installed and what is wanted', async () => {
  Object.assign(wanted, { imapflow: '^1.0.0', nodemailer: '^10.0.0' })
  await expect(load('imapflow', 'nodemailer')).rejects.toMatchObject({
    code: 'other-package-version',
    message: expect.stringMatching(
      /^Mailboxes need the package "imapflow" in the versions \^1\.0\.0, and 2\.\d+\.\d+ is installed\. .*npm install imapflow@1$/,
    ),
    details: { package: 'imapflow', wanted: '^1.0.0', sent: false },
  })
  // What is used beside it is looked at, too.
  await expect(load('nodemailer', 'imapflow')).rejects.toMatchObject({ details: { package: 'imapflow' } })
  expect(() => findPackages(['imapflow'], 'Mailboxes')).toThrow(/is installed/)
})

test.each([
  ['^2.0.0', true],
  ['^2.99.0', true],
  ['^3.0.0', false],
  ['>=0.1.0 <1', false],
])('imapflow 2 is taken where %s is wanted: %s', async (range, isTaken) => {
  wanted.imapflow = range
  if (isTaken) expect(await load('imapflow')).toBe(loaded)
  else await expect(load('imapflow')).rejects.toMatchObject({ code: 'other-package-version' })
})

test.each([
  ['^0.32.0', true],
  ['^0.31.0', false],
  ['>=0.31.0 <1', true],
  ['>=0.99.0 <1', false],
])('quickjs-emscripten 0.32 is taken where %s is wanted: %s', async (range, isTaken) => {
  wanted['quickjs-emscripten'] = range
  if (isTaken) expect(await load('quickjs-emscripten')).toBe(loaded)
  else await expect(load('quickjs-emscripten')).rejects.toMatchObject({ code: 'other-package-version' })
})

test('a package that is not there is said to be missing', async () => {
  wanted['reeve-not-there'] = '^1.0.0'
  const load = () =>
    importOptional(['reeve-not-there'], 'Mailboxes', () => import('reeve-not-there' as string))
  await expect(load()).rejects.toMatchObject({ code: 'missing-package' })
})
