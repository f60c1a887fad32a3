import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Directive } from '../../src/autonomy/directives/directive.ts'
import type { Known } from '../../src/autonomy/directives/known.ts'
import { loadDirectives, readDirectives } from '../../src/autonomy/directives/load-directives.ts'
import { directiveDiff, directiveHistory } from '../../src/autonomy/directives/versions/directive-history.ts'
import {
  withFailureMode,
  withoutFailureMode,
  withoutModes,
} from '../../src/autonomy/directives/versions/failure-modes.ts'
import { recordVersions } from '../../src/autonomy/directives/versions/record-versions.ts'
import {
  type DirectiveChange,
  writeDirective,
} from '../../src/autonomy/directives/versions/write-directive.ts'
import { sha256 } from '../../src/base/hash.ts'
import { diffLines, hunksOf } from '../../src/base/text/line-diff.ts'
import { systemClock } from '../../src/base/time/time.ts'
import { listActs } from '../../src/inspect/authority/act-list.ts'
import { addDirectiveVersion } from '../../src/store/autonomy/directive-versions.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/sqlite.ts'

const text = (modes: string) =>
  `# Publish\n\n## Goal\nA post.\n\n## Inputs\n- topic: string\n\n## Tools\n- tool web.post --topic {topic}\n\n## Success Criteria\n- output has slug\n\n## Known Failure Modes\n${modes}`

test.each([
  ['the first takes the place of "none yet"', '- none yet\n', '- a new one\n'],
  ['others stay before it', '- an old one\n', '- an old one\n- a new one\n'],
  ['prose stays', 'These are known.\n', 'These are known.\n\n- a new one\n'],
  ['an item of two lines stays whole', '- an old\n  one\n', '- an old\n  one\n- a new one\n'],
  ['a section after it stays', '- none yet\n\n## Notes\nMine.\n', '- a new one\n\n## Notes\nMine.\n'],
  ['one that stands there stands there once', '- a new one\n', '- a new one\n'],
])('a known failure mode is added: %s', async (_, before, after) => {
  expect(await withFailureMode(text(before), 'a new\n  one')).toBe(text(after))
})

test.each(['## Goal', '- [a]: http://x', '<!-- open', '`code', '', 'x'.repeat(501), 'none yet'])(
  'a line that would be more than an item is refused: %j',
  async (mode) => {
    await expect(withFailureMode(text('- none yet\n'), mode)).rejects.toMatchObject({
      code: 'bad-failure-mode',
    })
  },
)

test('a heading in a block of code is no place for a failure mode', async () => {
  const odd = `# P\n\n## Goal\n\`\`\`\n## Known Failure Modes\n\`\`\`\n`
  await expect(withFailureMode(odd, 'a new one')).rejects.toMatchObject({ code: 'bad-failure-mode' })
})

test('what was added is taken away again, and nothing else', async () => {
  const one = await withFailureMode(text('- none yet\n'), 'a new one')
  expect(await withoutFailureMode(one, 'a new one')).toBe(text('- none yet\n'))
  expect(await withoutFailureMode(text('- an old one\n'), 'a new one')).toBe(text('- an old one\n'))
})

test("what is known of failures is not counted among a directive's own words", () => {
  const own = withoutModes(text('- pay IBAN 1\n\n## Notes\nMine.\n'))
  expect(own).not.toContain('IBAN')
  expect(own).toContain('Mine.')
  expect(own).toContain('web.post')
})

test('a comparison shows what differs with the lines around it', () => {
  const before = Array.from({ length: 30 }, (_, index) => `line ${index}`)
  const after = before.with(4, 'four').toSpliced(20, 1)
  const hunks = hunksOf(diffLines(before.join('\n'), `${after.join('\n')}\n`), 1)
  const marks = { same: ' ', removed: '-', added: '+' }
  expect(hunks.map((hunk) => hunk.map(({ kind, text: line }) => marks[kind] + line))).toEqual([
    [' line 3', '-line 4', '+four', ' line 5'],
    [' line 19', '-line 20', ' line 21'],
  ])
  expect(hunksOf(diffLines('a\nb', 'a\nb'))).toEqual([])
  expect(diffLines('', 'a')).toEqual([{ kind: 'added', text: 'a' }])
})

const known: Known = { scripts: [], tools: [{ name: 'web.post' }], workflows: [], routes: [] }
let folder: string
let database: Database
let directives: Directive[]
const file = () => join(folder, 'directives/publish.md')
const load = async (now = 1) => {
  directives = await loadDirectives(folder, known)
  await recordVersions(database, directives, now)
}
const writing = () => ({
  ...{ database, folder, directives },
  check: async (directive: Directive, other: string) =>
    (await readDirectives([{ ...directive, text: other }], known)).problems,
})
const change = (more: Partial<DirectiveChange> = {}): DirectiveChange => ({
  ...{ directive: 'publish', edit: { kind: 'add-failure-mode', mode: 'the host was away' } },
  ...{ author: 'repair', acting: { by: 'ada', proof: 'local-user', at: 100 }, reason: 'it was seen' },
  ...{ evidence: { runs: ['r1'] }, key: 'k1' },
  ...more,
})
const versions = async () => (await directiveHistory(database, 'publish', { limit: 9 })).versions
const writtenActs = async () =>
  (await listActs(database, { limit: 20 })).filter(({ type }) => type === 'directive-written')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-versions-'))
  mkdirSync(join(folder, 'directives'))
  writeFileSync(file(), text('- none yet\n'), { mode: 0o640 })
  database = openSqlite({ file: ':memory:', clock: systemClock })
  await migrate(database, () => 'identity')
  await load()
})
afterEach(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a load records a text that is new, and the same one once', async () => {
  await load()
  writeFileSync(file(), text('- by hand\n'))
  await load(2)
  expect(await versions()).toMatchObject([
    { version: 2, author: 'file', by: null },
    { version: 1, author: 'file' },
  ])
})

test('a write is a version with its author, reason and evidence, and an act; repeated it is done once', async () => {
  const before = directives[0]!.version
  expect(await writeDirective(writing(), change())).toMatchObject({ version: 2 })
  expect(await writeDirective(writing(), change())).toMatchObject({ version: 2 })
  expect(await writeDirective(writing(), change({ key: 'k2' }))).toMatchObject({ version: null })
  expect(readFileSync(file(), 'utf8')).toBe(text('- the host was away\n'))
  expect(directives[0]!.failureModes).toEqual(['the host was away'])
  await load()
  expect(directives[0]!.version).toBe(before)
  expect((await versions())[0]).toMatchObject({
    ...{ version: 2, author: 'repair', by: 'ada', reason: 'it was seen', evidence: { runs: ['r1'] } },
  })
  expect(await writtenActs()).toMatchObject([{ by: 'ada', subject: 'publish' }])
  const { from, to, hunks } = await directiveDiff(database, 'publish', {})
  expect([from, to]).toEqual([1, 2])
  expect(hunks.flat().filter(({ kind }) => kind !== 'same')).toEqual([
    { kind: 'removed', text: '- none yet' },
    { kind: 'added', text: '- the host was away' },
  ])
  await expect(directiveDiff(database, 'publish', { to: 9 })).rejects.toMatchObject({
    code: 'unknown-directive-version',
  })
})

/** As a process leaves it that died right after it had recorded what it was about to write. */
async function begunWrite(after: string) {
  const [{ hash }] = directives as [Directive]
  await database.transaction((session) =>
    addDirectiveVersion(session, {
      ...{ name: 'publish', hash: sha256(after), text: after, author: 'repair', state: 'writing', at: 100 },
      ...{ made_by: 'ada', proof: 'local-user', reason: 'r', evidence: null, write_key: 'k1', base: hash },
    }),
  )
}

test('a process that died before it replaced the file: the same write is done again', async () => {
  await begunWrite(text('- the host was away\n'))
  await load(200)
  expect((await versions()).map(({ version }) => version)).toEqual([1])
  expect(await writeDirective(writing(), change())).toMatchObject({ version: 2 })
  expect(readFileSync(file(), 'utf8')).toBe(text('- the host was away\n'))
  expect(await writtenActs()).toHaveLength(1)
})

test('a process that died after it replaced the file: the next load finds that, with who wrote it', async () => {
  const after = text('- the host was away\n')
  await begunWrite(after)
  writeFileSync(file(), after)
  await load(200)
  await load(300)
  expect(await versions()).toMatchObject([{ version: 2, author: 'repair', by: 'ada' }, { version: 1 }])
  expect(await writtenActs()).toHaveLength(1)
})

test('a write that never reached its file is given up, and holds up another for a minute at most', async () => {
  await begunWrite(text('- the host was away\n'))
  const other = change({ key: 'k2', edit: { kind: 'add-failure-mode', mode: 'another' } })
  await expect(writeDirective(writing(), other)).rejects.toMatchObject({
    code: 'directive-busy',
    retryable: true,
  })
  const later = { ...other, acting: { ...other.acting, at: 70_000 } }
  expect(await writeDirective(writing(), later)).toMatchObject({ version: 2 })
  expect(readFileSync(file(), 'utf8')).toBe(text('- another\n'))
})

test('what somebody saved meanwhile is not written over', async () => {
  await begunWrite(text('- the host was away\n'))
  writeFileSync(file(), text('- by hand\n'))
  await expect(writeDirective(writing(), change())).rejects.toMatchObject({ code: 'directive-changed' })
  expect(readFileSync(file(), 'utf8')).toBe(text('- by hand\n'))
  expect(await writeDirective(writing(), change())).toMatchObject({ version: 2 })
  expect(readFileSync(file(), 'utf8')).toBe(text('- by hand\n- the host was away\n'))
})

test('another text is checked before it is written, and made of the text that stands', async () => {
  const { hash } = directives[0]!
  const wrong = text('- none yet\n').replace('- output has slug', '- it is nice')
  const edit = { kind: 'text', text: wrong, base: hash } as const
  await expect(writeDirective(writing(), change({ edit }))).rejects.toMatchObject({ code: 'bad-directive' })
  const stale = { ...edit, text: text('- x\n'), base: 'other' }
  await expect(writeDirective(writing(), change({ edit: stale }))).rejects.toMatchObject({
    code: 'directive-changed',
  })
  expect(await writeDirective(writing(), change({ edit: { ...edit, text: text('- x\n') } }))).toMatchObject({
    version: 2,
  })
})

test('a link in the place of a directive is left alone', async () => {
  renameSync(file(), join(folder, 'elsewhere.md'))
  symlinkSync(join(folder, 'elsewhere.md'), file())
  await expect(writeDirective(writing(), change())).rejects.toMatchObject({ code: 'not-a-file' })
  expect(readFileSync(join(folder, 'elsewhere.md'), 'utf8')).toBe(text('- none yet\n'))
})
