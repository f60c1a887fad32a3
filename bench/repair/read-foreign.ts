import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { UsageError } from '../runner/contract.ts'
import { endings, type Language, type RepairCase } from './case.ts'
import { isCommon, testText } from './foreign-tests.ts'
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
 * Cases of others, one as JSON in a line. `tests`: programs that end with 0 when they pass, each a text or `{ file, source }`, and rows of a
 * table `{ args, stdin | input, output | stdout }`: one, several, or both. They find the program by SCRIPT, or by the file that they name.
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
  // Other runners find it without its ending.
  const found = (text: string) =>
    language === 'node' && ending !== 'js'
      ? text.replaceAll(new RegExp(`(['"])(\\.\\.?/)${bare}\\1`, 'g'), `$1$2${bare}.${ending}$1`)
      : text
  const add = (ending: string, text: string) => {
    const name = `scripts/${bare}.test.${ending}`
    tests[name] = name in tests ? `${tests[name]}\n${text}` : text
  }
  const own: { [ending: string]: string[] } = {}
  for (const { source } of texts) {
    const nodeEnding = ending === 'ts' ? 'ts' : isCommon(source) ? 'js' : 'mjs'
    const kind = isShell(source)
      ? 'sh'
      : isPython(source, language)
        ? 'py'
        : language === 'node'
          ? nodeEnding
          : endings[language]
    own[kind] ??= []
    own[kind].push(source)
  }
  for (const [kind, sources] of Object.entries(own))
    add(
      kind,
      testText(
        reaching(found(withoutTwice(sources)), languages[kind]!, file, foreign.broken),
        languages[kind]!,
      ),
    )
  if (rows.length > 0) {
    // Beside programs of tests, in a file whose ending none of them has.
    const kind = (['shell', 'node', 'python'] as const).find(
      (each) =>
        !(`scripts/${bare}.test.${endings[each]}` in tests) && (each === language || own[endings[language]]),
    )
    if (!kind) throw new Error('its tests are programs in all languages, and rows')
    add(endings[kind], testProgram(kind, file, rows.map(expectedOf), language))
  }
  return {
    ...{ name: foreign.name, language, kind: 'foreign', file, tests, broken: foreign.broken },
    proposals: foreign.proposals.map((each) => ({ ...each, label: each.verdict })),
  }
}

function isShell(text: string): boolean {
  return /^#!.*\b(?:ba|da)?sh\b/.test(text)
}

function isPython(text: string, language: Language): boolean {
  return (
    /^#!.*\bpython/.test(text) ||
    (language !== 'python' &&
      /^(?:import \w+$|from \w+ import |def test_)/m.test(text) &&
      !/[;{]\s*$/m.test(text) &&
      !/from ['"]/.test(text))
  )
}

/** Tests that speak of the functions of a program as if they stood in its file are given them. */
function reaching(text: string, language: Language, file: string, program: string): string {
  const [name = '', bare = ''] = /([^/]+)\.\w+$/.exec(file) ?? []
  const isReached = new RegExp(
    `\\b${bare}\\.\\w|(?:from|import)\\s+${bare}\\b|['"\\/]${bare}['"]|SCRIPT|argv|\\$0|__file__|__dirname|import\\.meta`,
  ).test(text)
  if (isReached) return text
  if (language === 'python') return `from ${bare} import *\n${text}`
  if (language === 'shell') return `. "$(dirname "$0")/${name}"\n${text}`
  const exported = [...program.matchAll(/^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+(\w+)/gm)]
  if (exported.length > 0)
    return `import { ${exported.map(([, each]) => each).join(', ')} } from './${name}'\n${text}`
  const own = [...program.matchAll(/^(?:async\s+)?function\*?\s+(\w+)|^const\s+(\w+)\s*=/gm)].map(
    ([, a, b]) => a ?? b,
  )
  // What it gives to nobody is given by a copy.
  return `import { readFileSync as _read, writeFileSync as _write } from 'node:fs'
_write(new URL('./.copy.mjs', import.meta.url), \`\${_read(new URL('./${name}', import.meta.url), 'utf8')}\\nexport { ${own.join(', ')} }\`)
const { ${own.join(', ')} } = await import('./.copy.mjs')
${text}`
}

/** Several programs as one: what each of them imports is imported once. */
function withoutTwice(sources: readonly string[]): string {
  const seen = new Set<string>()
  return sources
    .flatMap((source) => source.split('\n'))
    .filter((line) => {
      if (!/^(?:import\s.+from\s|const\s.+=\s*require\(|#!)/.test(line)) return true
      if (seen.has(line)) return false
      seen.add(line)
      return true
    })
    .join('\n')
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
    output: fails
      ? undefined
      : (stdout?.trimEnd() ?? (typeof wanted === 'string' ? wanted.trimEnd() : JSON.stringify(wanted))),
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
  return { bare: required ?? bare, ending: required && isCommon(broken) ? 'js' : ending }
}

const knownModules = new Set(
  'abc argparse ast base64 calendar collections contextlib copy csv datetime decimal doctest enum functools glob hashlib hmac importlib inspect io itertools json math operator os pathlib pytest random re runpy shlex shutil socket string subprocess sys tempfile textwrap threading time types typing unicodedata unittest urllib uuid zoneinfo __future__'.split(
    ' ',
  ),
)
