import { basename } from 'node:path'
import type { Language } from './case.ts'

/** What a program is to do with an input; no output: it has to fail. */
export interface Expected {
  args: string[]
  stdin: string
  output: string | undefined
}

/** A program of tests, which runs what it tests as a process. `tested`: the language of that. */
export function testProgram(
  language: Language,
  file: string,
  expected: readonly Expected[],
  tested: Language = language,
): string {
  const name = basename(file)
  const runner = { shell: "'/bin/sh', ", node: 'process.execPath, ', python: "'python3', " }[tested]
  if (language === 'node')
    return `import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'

const read = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return text.trimEnd()
  }
}
const cases = [
${expected.map((each) => `  ${JSON.stringify(each)},\n`).join('')}]
for (const [index, { args, stdin, output }] of cases.entries())
  test(\`case \${index + 1}\`, () => {
    const { status, stdout } = spawnSync(${runner}[join(import.meta.dirname, '${name}'), ...args], { input: stdin, encoding: 'utf8' })
    if (output === undefined) assert.notEqual(status, 0)
    else assert.deepEqual([status, read(stdout)], [0, read(output)])
  })
`
  if (language === 'python')
    return `import json, os, subprocess, sys, unittest

CASES = [
${expected.map((each) => `    json.loads(${JSON.stringify(JSON.stringify(each))}),\n`).join('')}]
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "${name}")


class Cases(unittest.TestCase):
    pass


def read(text):
    try:
        return json.loads(text)
    except ValueError:
        return text.rstrip()


def case(each):
    def run(self):
        done = subprocess.run([${{ shell: '"/bin/sh"', node: '"node"', python: 'sys.executable' }[tested]}, SCRIPT] + each["args"], input=each["stdin"], capture_output=True, text=True)
        if "output" not in each:
            self.assertNotEqual(done.returncode, 0)
        else:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(read(done.stdout), read(each["output"]))
    return run


for number, each in enumerate(CASES):
    setattr(Cases, "test_%d" % number, case(each))

unittest.main()
`
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const lines = expected.map(({ args, stdin, output }) =>
    ['check', output === undefined ? 'fails' : quoted(output), quoted(stdin), ...args.map(quoted)].join(' '),
  )
  return `#!/bin/sh
cd "$(dirname "$0")"
check() {
  wanted=$1 stdin=$2
  shift 2
  if got=$(printf '%s' "$stdin" | ${{ shell: './', node: 'node ./', python: 'python3 ./' }[tested]}${name} "$@"); then
    [ "$got" = "$wanted" ] || { echo "$*: $got, and not $wanted" >&2; exit 1; }
  else
    [ "$wanted" = fails ] || { echo "$*: it fails" >&2; exit 1; }
  fi
}
${lines.join('\n')}
`
}
