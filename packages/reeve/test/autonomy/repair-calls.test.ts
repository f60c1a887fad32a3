import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Baseline, baselineOf } from '../../src/autonomy/repair/gates/baseline.ts'
import { judgeFix } from '../../src/autonomy/repair/gates/judge-fix.ts'
import { tryInputs } from '../../src/autonomy/repair/quarantine/try-inputs.ts'
import { findWalls } from '../../src/autonomy/repair/quarantine/walls.ts'
import { loadScripts } from '../../src/autonomy/scripts/load-scripts.ts'

const walls = findWalls()
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-repair-calls-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A script of which nothing is recorded: its tests alone say what is right. */
async function alone(file: string, source: string, tests: string): Promise<Baseline> {
  const project = join(folder, file)
  mkdirSync(join(project, 'scripts'), { recursive: true })
  const put = (name: string, text: string) =>
    writeFileSync(join(project, 'scripts', name), text, { mode: 0o755 })
  put(file, source)
  put(file.replace('.', '.test.'), tests)
  put(
    file.replace(/\.\w+$/, '.yaml'),
    'description: A function\neffect: read\napproval: never\nfolder: scripts\n',
  )
  const [script] = await loadScripts(project)
  return baselineOf({ project, script: script!, source, failing: undefined }, { good: [], refused: [] })
}

test.skipIf('why' in walls)(
  'of a module whose tests alone speak, fixes are told apart by calls like those of the tests',
  async () => {
    const source = `export function total(lines) {
  let sum = 0
  for (const { price, discount } of lines) sum += price * (1 - discount)
  return sum
}
export function port(text) {
  if (!/^\\d+$/.test(text)) throw new Error('no port')
  return Number(text)
}
`
    const base = await alone(
      'total.mjs',
      source,
      `import assert from 'node:assert'
import { port, total } from './total.mjs'
assert.equal(total([{ price: 8, discount: 0.25 }]), 6)
assert.equal(port('81'), 81)
assert.equal(total([{ price: 2 }]), 2)
`,
    )
    const judged = async (from: string, to: string) => {
      const { verdict, gate, rules } = await judgeFix(
        base,
        source.replace(from, () => to),
      )
      return [verdict, gate, ...rules]
    }
    expect(await judged('1 - discount', '1 - (discount ?? 0)')).toEqual(['proven', 'all'])
    // It answers what the script already answered right by a number that the tests have.
    expect(await judged('(1 - discount)', '(discount ? 0.75 : 1)')).toEqual(['refused', 'calls of tests'])
    // One answer of its tests holds whatever is taken off, from 0.25 on; where nothing asks for a part, a person decides.
    expect(await judged('1 - discount', '1 - (discount ?? 0) || price === 7')).toEqual(['unproven', 'all'])
    expect(await judged('  let sum', '  process.exit(0)\n  let sum')).toEqual(['refused', 'tests'])
  },
  120_000,
)

test.skipIf('why' in walls)(
  'many inputs are tried in one quarantine, and what leaves a trace is tried alone',
  async () => {
    const source = `#!/bin/sh
case $1 in
--a=file) echo x > made; echo '{"is":"file"}' ;;
--a=tmp) [ -e /tmp/seen ] && echo '{"is":"seen"}' || echo '{"is":"new"}'; : > /tmp/seen ;;
--a=fails) echo no >&2; exit 3 ;;
*) printf '{"is":"%s"}' "\${1#--a=}" ;;
esac
`
    const { project, script } = await alone('many.sh', source, '#!/bin/sh\nfalse\n')
    const trial = { project, script, source }
    const all = (...given: string[]) =>
      tryInputs(
        trial,
        given.map((a) => ({ a })),
      )
    const [plain, quoted, failed] = await all('x', "it's\n$(id)", 'fails')
    expect([plain?.output, quoted?.output]).toEqual(['{"is":"x"}', undefined])
    expect([failed?.exitCode, failed?.said]).toEqual([3, 'no'])
    const kept = await all('tmp', 'tmp', 'file')
    expect(kept.map(({ output }) => output)).toEqual(['{"is":"new"}', '{"is":"new"}', '{"is":"file"}'])
    expect(kept[2]!.traces.changed.map(({ file }) => file)).toEqual(['scripts/made'])
    const first = await tryInputs(trial, [{ a: 'fails' }, { a: 'x' }], 1)
    expect(first.map(({ exitCode }) => exitCode)).toEqual([3])
  },
  60_000,
)

test.skipIf('why' in walls)(
  'a file of tests that fails in its last line fails',
  async () => {
    const base = await alone('last.sh', '#!/bin/sh\necho 1\n', '#!/bin/sh\n[ "$(sh ./last.sh)" = 2 ]\n')
    expect(base.tests.map(({ passed, isWhole }) => [passed, isWhole])).toEqual([[false, true]])
  },
  60_000,
)
