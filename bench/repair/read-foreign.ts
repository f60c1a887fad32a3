import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageError } from '../runner/contract.ts'
import { endings, type Language, type RepairCase } from './case.ts'
import { type Expected, testProgram } from './test-files.ts'

const languages: { [name: string]: Language } = {
  ...{ shell: 'shell', sh: 'shell', bash: 'shell', posix: 'shell' },
  ...{ node: 'node', javascript: 'node', js: 'node', mjs: 'node', typescript: 'node', ts: 'node' },
  ...{ python: 'python', python3: 'python', py: 'python' },
}

/** One run of a program, as a table has it: its arguments or what it reads, and what it must print. */
const Row = z
  .object({
    args: z.array(z.coerce.string()).optional(),
    stdin: z.string().optional(),
    input: z.unknown().optional(),
    inputs: z.unknown().optional(),
    output: z.unknown().optional(),
    expected: z.unknown().optional(),
    stdout: z.string().optional(),
    fails: z.boolean().optional(),
  })
  .loose()
const File = z
  .object({ source: z.string(), file: z.string().optional(), name: z.string().optional() })
  .loose()
const Foreign = z.object({
  name: z.string().min(1).max(100),
  language: z.string(),
  broken: z.string(),
  tests: z.union([z.string(), File, z.array(z.union([z.string(), File, Row]))]),
  proposals: z.array(z.object({ source: z.string(), verdict: z.enum(['right', 'wrong', 'hostile']) })),
})

/**
 * Cases of others, one as JSON in a line. `tests`: one program or several, each a text or `{ file, source }`, that end with 0 when they
 * pass; or a table of `{ args, stdin | input, output | stdout }`. They find the program by SCRIPT, or by the file that they name.
 */
export function readForeignCases(path: string): RepairCase[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [caseOf(Foreign.parse(JSON.parse(line)))]
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
      throw new UsageError(`Line ${index + 1} of ${path} is no case: ${why}`)
    }
  })
}

function caseOf(foreign: z.infer<typeof Foreign>): RepairCase {
  const language = languages[foreign.language.toLowerCase()]
  if (!language)
    throw new Error(`language "${foreign.language}" is none of ${Object.keys(languages).join(', ')}`)
  const given = Array.isArray(foreign.tests) ? foreign.tests : [foreign.tests]
  const texts = given.flatMap((each) =>
    typeof each === 'string'
      ? [{ source: each }]
      : 'source' in each && typeof each.source === 'string'
        ? [each as z.infer<typeof File>]
        : [],
  )
  const rows = given.filter((each) => typeof each !== 'string' && !('source' in each)) as z.infer<
    typeof Row
  >[]
  const { bare, ending } = fileOf(
    foreign.name,
    foreign.language,
    language,
    foreign.broken,
    texts.map(({ source }) => source),
  )
  const file = `scripts/${bare}.${ending}`
  const tests: { [file: string]: string } = {}
  if (texts.length > 0 && rows.length > 0) throw new Error('tests are either programs or rows')
  if (rows.length > 0)
    tests[`scripts/${bare}.test.${endings[language]}`] = testProgram(language, file, rows.map(expectedOf))
  else {
    const text = testText(texts.map(({ source }) => source).join('\n'), language)
    const isShell = /^#!.*\b(?:ba|da)?sh\b/.test(text)
    const nodeEnding = ending === 'ts' ? 'ts' : isCommon(text) ? 'js' : 'mjs'
    const own = isShell ? 'sh' : language === 'node' ? nodeEnding : endings[language]
    tests[`scripts/${bare}.test.${own}`] = text
  }
  return {
    ...{ name: foreign.name, language, kind: 'foreign', file, tests, broken: foreign.broken },
    proposals: foreign.proposals.map((each) => ({ ...each, label: each.verdict })),
  }
}

function expectedOf({
  args,
  stdin,
  input,
  inputs,
  output,
  expected,
  stdout,
  fails,
}: z.infer<typeof Row>): Expected {
  const given = input ?? inputs
  const wanted = output ?? expected
  return {
    args: args ?? [],
    stdin: stdin ?? (given === undefined ? '' : typeof given === 'string' ? given : JSON.stringify(given)),
    output: fails ? undefined : (stdout ?? (typeof wanted === 'string' ? wanted : JSON.stringify(wanted))),
  }
}

/** The name under which the tests look for it. */
function fileOf(name: string, given: string, language: Language, broken: string, tests: string[]) {
  const text = tests.join('\n')
  const named = [...text.matchAll(/(?:^|["'`/\s=])([A-Za-z][\w-]*)\.(mjs|cjs|js|ts|sh|py)\b(?!\.)/g)]
    .map(([, bare, ending]) => ({ bare: bare!, ending: ending! }))
    .find(({ ending }) => (language === 'node' ? /js|ts/ : language === 'python' ? /py/ : /sh/).test(ending))
  if (named) return named.ending === 'cjs' ? { ...named, ending: 'js' } : named
  const clean = name.replaceAll(/[^\w]/g, '_').replace(/^(?![A-Za-z])/, 'case_')
  const imported =
    language === 'python'
      ? [...text.matchAll(/^\s*(?:from\s+(\w+)\s+import|import\s+(\w+))/gm)].map(
          ([, from, plain]) => (from ?? plain)!,
        )
      : []
  const bare = imported.find((each) => !knownModules.has(each)) ?? clean
  const required = /(?:from|require\()\s*['"]\.\/([A-Za-z][\w-]*)['"]/.exec(text)?.[1]
  const ending =
    language !== 'node'
      ? endings[language]
      : /^t/.test(given.toLowerCase())
        ? 'ts'
        : isCommon(broken)
          ? 'js'
          : 'mjs'
  return { bare: required ?? bare, ending: required ? 'js' : ending }
}

const knownModules = new Set(
  'abc argparse ast base64 calendar collections contextlib copy csv datetime decimal doctest enum functools glob hashlib hmac importlib inspect io itertools json math operator os pathlib pytest random re runpy shlex shutil socket string subprocess sys tempfile textwrap threading time types typing unicodedata unittest urllib uuid zoneinfo __future__'.split(
    ' ',
  ),
)

function isCommon(source: string): boolean {
  return (
    /\brequire\(|\bmodule\.exports\b|\bexports\.\w/.test(source) && !/^\s*(?:import|export)\b/m.test(source)
  )
}

/** With what runs its cases, where they wait for a program that does. */
function testText(source: string, language: Language): string {
  if (language === 'python') {
    const isRun = /unittest\.main\(|pytest\.main\(|__main__/.test(source)
    const cases = /^(?:def test|class \w+)/m.test(source)
    if (isRun || !cases) return source
    return `${source}

import sys as _sys, unittest as _unittest
_found = [v for k, v in list(globals().items()) if k.startswith("test") and callable(v)]
class _Functions(_unittest.TestCase): pass
for _each in _found: setattr(_Functions, _each.__name__, (lambda f: lambda self: f())(_each))
_unittest.main(argv=_sys.argv[:1])
`
  }
  if (language === 'node') {
    const lines: string[] = []
    const imports = (name: string, from: string) =>
      isCommon(source) ? `const ${name} = require('${from}')` : `import ${name} from '${from}'`
    if (/\b(?:test|describe|it)\(/.test(source) && !/node:test/.test(source))
      lines.push(imports('{ test, describe, it }', 'node:test'))
    if (/\bassert\b/.test(source) && !/['"](?:node:)?assert/.test(source))
      lines.push(imports('assert', 'node:assert/strict'))
    return [...lines, source].join('\n')
  }
  return source.startsWith('#!') ? source : `#!/bin/sh\nset -e\n${source}`
}
