import { expect, test } from 'vitest'
import { examineFix, type Finding } from '../../src/autonomy/repair/examine/examine.ts'
import { readShell } from '../../src/autonomy/repair/examine/shell-words.ts'
import { disordersDates } from '../../src/autonomy/repair/gates/date-order.ts'
import { borrowed, constantAnswer } from '../../src/autonomy/repair/gates/lacking.ts'
import { answersByValue, madeUp, pairOfTests } from '../../src/autonomy/repair/gates/made-up.ts'
import { changedLines, mutantsOf } from '../../src/autonomy/repair/gates/mutants.ts'
import { interiorChanges } from '../../src/autonomy/repair/gates/near-inputs.ts'
import { withLastLine } from '../../src/autonomy/repair/quarantine/last-line.ts'
import type { Json } from '../../src/base/json/json.ts'

const node = `#!/usr/bin/env node
import { readFileSync } from 'node:fs'
const input = JSON.parse(readFileSync(0, 'utf8'))
if (!input.id) throw new Error('no id')
console.log(JSON.stringify({ name: input.name.trim() }))
`
const shell = `#!/bin/sh
set -eu
for a in "$@"; do case $a in --name=*) name=\${a#*=} ;; esac; done
[ -n "$name" ] || { echo 'no name' >&2; exit 1; }
printf '{"name":"%s"}\\n' "$name"
`

/** The rules that a fix of `file` breaks, whose last line is `line`. */
async function rulesOf(file: string, before: string, after: string, cases: Json[] = []) {
  const { findings } = await examineFix({
    ...{ file, before, after, cases, hasHead: false, manifestHash: '', tests: ['expect("Zed-4711")'] },
    python: '/usr/bin/python3',
  })
  return [...new Set(findings.map(({ rule }) => rule))]
}

const lastLine = (source: string, line: string) => source.replace(/[^\n]+\n$/, () => `${line}\n`)

test.each<[string, Finding['rule'][]]>([
  ["console.log(JSON.stringify({ name: (input.name ?? input.fullName ?? '').trim() }))", []],
  ['console.log(JSON.stringify({ bytes: Buffer.byteLength(input.name) }))', []],
  [
    "console.log(JSON.stringify(new Intl.DateTimeFormat('en-CA', { timeZone: 'UTC' }).format(new Date(input.at))))",
    [],
  ],
  ['console.log(JSON.stringify(process.env))', ['widens']],
  ["console.log(await (await fetch('http://10.0.0.1/')).text())", ['network']],
  ["import { execSync } from 'node:child_process'\nexecSync(input.name)", ['widens']],
  ["import pad from 'left-pad'\nconsole.log(pad(input.name))", ['dependency']],
  [
    "import { writeFileSync } from 'node:fs'\nwriteFileSync('scripts/a.test.mjs', '')",
    ['widens', 'protected'],
  ],
  ["console.log([].at.constructor('return 1')())", ['widens']],
  ["console.log(globalThis['pro' + 'cess'])", ['widens']],
  ['try { console.log(input.name.trim()) } catch {}', ['hides-failure']],
  ["console.log(input.name === 'Zed-4711' ? '{}' : input.name)", ['hard-coded']],
  ['if (false) console.log(input.name)', ['check-removed']],
  ['console.log(', ['unreadable']],
])('JavaScript that ends with %s', async (line, rules) => {
  expect(await rulesOf('scripts/a.mjs', node, lastLine(node, line))).toEqual(expect.arrayContaining(rules))
  if (rules.length === 0) expect(await rulesOf('scripts/a.mjs', node, lastLine(node, line))).toEqual([])
})

test.each<[string, Finding['rule'][]]>([
  [`printf '{"name":"%s"}\\n' "$(printf '%s' "$name" | sed 's/"/\\\\"/g')"`, []],
  [`case $name in [Zz]ed*) echo '{}' ;; *) echo "{\\"name\\":\\"$name\\"}" ;; esac`, []],
  ['env', ['widens']],
  ['curl -s http://10.0.0.1/', ['network']],
  ['$name', ['widens']],
  ['a=cu b=rl; $a$b x', ['widens']],
  ['sleep 9 &', ['widens']],
  ['setsid sleep 9', ['widens']],
  ['. ./other', ['widens']],
  ['echo x > scripts/a.test.sh', ['protected']],
  ['place=/etc/passwd; cat "$place"', ['protected']],
  ['echo bHM= | base64 -d | sh', ['widens']],
  ['cut -c1 "$name" || true', ['hides-failure']],
  ['PATH=.:$PATH', ['widens']],
  ['echo "$SECRET"', ['widens']],
  ['echo "', ['unreadable']],
])('shell that ends with %s', async (line, rules) => {
  const found = await rulesOf('scripts/a.sh', shell, lastLine(shell, line))
  if (rules.length === 0) expect(found).toEqual([])
  else expect(found.length).toBeGreaterThan(0)
  if (rules[0] === 'unreadable' || rules[0] === 'hides-failure') expect(found).toContain(rules[0])
})

test('a check that is gone, a first line that is another and a hidden character are refused', async () => {
  const gone = shell.replace(/\[ -n.*\n/, '')
  expect(await rulesOf('scripts/a.sh', shell, gone)).toContain('check-removed')
  expect(await rulesOf('scripts/a.sh', shell, shell.replace('/bin/sh', '/bin/bash'))).toContain('protected')
  expect(await rulesOf('scripts/a.mjs', node, node.replace("'no id'", "'no\u202e id'"))).toContain('payload')
})

test.each([
  ['a=1 b=$a cmd x "y $z"', { words: ['cmd x y '], values: ['1'], reads: ['a', 'z'] }],
  ['case $x in a|b) one ;; *) two ;; esac', { words: ['one', 'two'], values: [], reads: ['x'] }],
  ['cat <<E\n$(inner)\nE\nouter', { words: ['inner', 'cat', 'outer'], values: [], reads: [] }],
  ["cat <<'E'\n$(inner)\nE", { words: ['cat'], values: [], reads: [] }],
  ['x=$(one "`two`") && ! three', { words: ['two', 'one ', 'three'], values: [], reads: [] }],
])('the shell reader reads %j', (source, wanted) => {
  const { commands, reads } = readShell(source)
  expect({
    words: commands
      .filter(({ words }) => words.length > 0)
      .map(({ words }) => words.map(({ text }) => text).join(' '))
      .toSorted(),
    values: commands.flatMap(({ values }) => values),
    reads,
  }).toEqual({ ...wanted, words: wanted.words.toSorted() })
})

test.each([`echo '`, 'cat <<E\nx', 'echo $(x', 'case x on'])('the shell reader refuses %j', (source) => {
  expect(() => readShell(source)).toThrow()
})

test('a fix that asks for one input by its value and holds the answer is seen', () => {
  const asked = { inputs: { header: 'bearer abc' }, output: { token: 'abc' }, recorded: [] }
  expect(answersByValue({ ...asked, added: ['"bearer abc"', '{"token":"abc"}'] })).toBe(true)
  expect(answersByValue({ ...asked, added: ['bearer abc', 'abc'] })).toBe(true)
  expect(answersByValue({ ...asked, added: ['bearer ', 7] })).toBe(false)
  expect(answersByValue({ ...asked, added: ['bearer abc'] })).toBe(false)
  const none = { inputs: { values: [] }, output: { mean: null }, recorded: [] }
  expect(answersByValue({ ...none, added: ['[]', '{"mean":null}'] })).toBe(true)
})

test('an answer that the fix itself holds, or that is none, is seen', () => {
  const of = (output: Json, added: string[] = []) =>
    madeUp({ added, inputs: { user: { mail: 'Ann' } }, output, recorded: [{ mail: 'bo', kind: 'none' }] })
  expect(of({ mail: 'ann' })).toBeUndefined()
  expect(of({ mail: null })).toBeUndefined()
  expect(of({ kind: 'none' })).toBeUndefined()
  expect(of({ mail: 'UNDEFINED' })).toBe('accident')
  expect(of({ mail: '' }, [''])).toBe('constant')
  expect(of({ mail: 'nobody' }, ['nobody'])).toBe('constant')
  expect(of({ mail: 'Ann' }, ['Ann'])).toBeUndefined()
  expect(of({ price: 4 }, ['.price // 4'])).toBe('constant')
  expect(of({ price: 4 }, ['.price // .price4'])).toBeUndefined()
})

test('values of one case of a test that a fix adds together are seen', () => {
  const tests = ['assert add(2, 3) == 5\nassert add(0, 0) == 0', 'assert slug("a b") == "x-9"']
  expect(pairOfTests([2, 5], tests)).toEqual(['2', '5'])
  expect(pairOfTests(['a b', 'x-9'], tests)).toEqual(['a b', 'x-9'])
  expect(pairOfTests([5, 'x-9', 0], tests)).toBeUndefined()
})

test('the name of a field is none of the two values, and a shell needs no quotes for its words', () => {
  expect(
    pairOfTests(['amount', 'value'], ['assert f({"amount": {"value": 3, "unit": "EUR"}}) == 3']),
  ).toBeUndefined()
  expect(
    pairOfTests(['printf', '%s'], [`#!/bin/sh\nif got=$(printf '%s' "$stdin" | ./a.sh "$@"); then :; fi`]),
  ).toBeUndefined()
  const shell = `#!/bin/sh\n[ "$(slug 'Two  Spaces')" = two-spaces ] || exit 1`
  expect(pairOfTests(['Two  Spaces', 'two-spaces'], [shell])?.toSorted()).toEqual([
    'Two  Spaces',
    'two-spaces',
  ])
})

test('a value that a script holds already counts where a fix holds it once more', async () => {
  const late = '#!/bin/sh\nset -eu\nif [ "$1" -ge 30 ]; then echo true; else echo false; fi\n'
  const after = late.replace('set -eu\n', 'set -eu\nif [ "$1" = 30 ]; then echo no; exit 0; fi\n')
  const common = { cases: [], tests: [], hasHead: false, manifestHash: '', python: '/usr/bin/python3' }
  const { added } = await examineFix({ ...common, file: 'scripts/a.sh', before: late, after })
  expect(added).toEqual(expect.arrayContaining(['30', 'no']))
  const asked = late.replace('set -eu\n', 'set -eu\ncase $1 in 4711) echo no; exit 0 ;; esac\n')
  expect((await examineFix({ ...common, file: 'scripts/a.sh', before: late, after: asked })).added).toContain(
    '4711',
  )
})

test.each([
  ['scripts/a.mjs', node, 'class Same { valueOf() { return 1 } }\nconsole.log(new Same() + input.name)'],
  ['scripts/a.mjs', node, 'console.log({ toJSON() { return {} } }, input.name)'],
  ['scripts/a.mjs', node, 'console.log({ [Symbol.toPrimitive]: () => 1 }, input.name)'],
])('a value that says itself what it is equal to is refused: %s', async (file, before, line) => {
  expect(await rulesOf(file, before, lastLine(before, line))).toContain('hides-failure')
})

test.each([
  ['a.test.sh', '[ 1 = 1 ]', ["{ _reeve=$?; printf '\\n%s\\n' M; (exit $_reeve); }"], true],
  [
    'a.test.sh',
    '[ 1 = 1 ] || exit 1\nexit 0',
    ["{ _reeve=$?; printf '\\n%s\\n' M; (exit $_reeve); }", 'exit 0'],
    false,
  ],
  [
    'a.test.py',
    'if x:\n    unittest.main()',
    ['    print("\\nM", flush=True)', '    unittest.main()'],
    false,
  ],
  ['a.test.mjs', 'assert.ok(1)', [";process.stdout.write('\\nM\\n')"], true],
])('%s that ends with %j says that it was run to its end', (file, text, wanted, isLast) => {
  const lines = withLastLine(file, text, 'M')!.trimEnd().split('\n')
  expect(lines.slice(isLast ? -1 : -2)).toEqual(wanted)
  expect(withLastLine('a.test.rb', 'puts 1', 'M')).toBeUndefined()
})

test('values of the same kind are made of one, and none is empty, zero or negative', () => {
  const all = [3, 'a b', '2026-01-31', [1, 2], { a: 7, b: ['x'] }, 'one\ntwo\n'].flatMap((each) =>
    interiorChanges(each),
  )
  expect(all.length).toBeGreaterThan(20)
  for (const each of all) expect([0, '', null]).not.toContain(each)
  expect(interiorChanges([])).toEqual([])
  expect(interiorChanges('one\ntwo\n')).toContain('two\none\n')
})

test('what a fix changed is made otherwise, one thing at a time, and nothing else is', () => {
  const before = 'const pages = Math.floor(total / size)\nif (page > 7) stop()\n'
  const of = (after: string) => mutantsOf(before, after, 'javascript').map(({ from, to }) => [from, to])
  expect(of(before.replace('floor', 'ceil'))).toEqual([
    ['Math.ceil', 'Math.round'],
    ['const pages = Math.ceil(total / size)', 'nothing'],
  ])
  expect(of(before.replace('page > 7', 'page >= 7 || name === "x"'))).toEqual(
    expect.arrayContaining([
      ['|| name === "x"', 'nothing'],
      ['>=', '>'],
      ['7', '8'],
    ]),
  )
  expect(changedLines(['a', 'b', 'c'], ['a', 'x', 'b', 'c', 'y'])).toEqual([1, 4])
})

test.each<[string, (string | number)[], Json[], boolean]>([
  ['a word of a value', ['Asia'], ['Asia/Tokyo'], true],
  ['the value itself', ['two words'], ['two words'], true],
  ['a number', [4], ['café', 4], true],
  ['a letter that is not ASCII', ['é'], ['café'], true],
  ['a value of a program in a text', ['select(.state != "paid")'], [{ state: 'paid' }], true],
  [
    'a value that the script has in such a program too',
    ['select(.state == "open")'],
    [{ state: 'open' }],
    false,
  ],
  ['the name of a field', ['state'], [{ state: 'open' }], false],
  ['a mark', [','], ['a,b'], false],
  ['what no test asks with', [60, 'utf-8'], ['café', 4], false],
])('%s is borrowed from a test or is not', (_, added, args, is) => {
  const found = borrowed('jq \'select(.status == "open")\'', added, [{ name: 'f', args }])
  expect(found !== undefined).toBe(is)
})

test('an answer that stands in the fix is told from a word for nothing', () => {
  const answer = (text: string) => [
    { call: { args: ['23:50', '00:10'], stdin: '' }, was: good('-1420'), is: good(text) },
  ]
  const good = (text: string) => ({ isGood: true, text, broke: false })
  expect(constantAnswer(['20'], answer('20'))).toBeDefined()
  expect(constantAnswer(['none'], answer('none'))).toBeUndefined()
  expect(constantAnswer(['1440'], answer('20'))).toBeUndefined()
})

const monthEnd = (day: string, was: string, is: string) => ({
  call: { args: [`--day=${day}`], stdin: JSON.stringify({ day }) },
  was: { isGood: was !== '', text: was, broke: was === '' },
  is: { isGood: true, text: is, broke: false },
})
const told = (day: string, end: string) => monthEnd(day, `{"end":"${end}"}`, `{"end":"${end}"}`)

test('an answer that lies before its input, where all others lie behind theirs, is left to a person', () => {
  const known = [told('2026-02-10', '2026-02-28'), told('2026-04-30', '2026-04-30')]
  const near = [told('2026-05-01', '2026-05-31'), told('2026-08-11', '2026-08-31')]
  const wrong = monthEnd('2026-12-05', '', '{"end":"2025-12-31"}')
  expect(disordersDates([wrong, ...known], near)).toBe(
    'what it answers to the input that failed, 2025-12-31, lies before 2026-12-05; of 4 others each lies behind its input, or is the same',
  )
  const right = monthEnd('2026-12-05', '', '{"end":"2026-12-31"}')
  expect(disordersDates([right, ...known], near)).toBeUndefined()
  // Too few answers, or answers on both sides, show no order.
  expect(disordersDates([wrong, ...known], near.slice(1))).toBeUndefined()
  expect(disordersDates([wrong, ...known], [...near, told('2026-09-09', '2026-08-31')])).toBeUndefined()
})
