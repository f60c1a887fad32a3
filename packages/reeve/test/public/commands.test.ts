import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { declaredCommands } from '../../src/cli/commands/all.ts'

const repository = join(import.meta.dirname, '../../../..')
const templates = join(repository, 'packages/create-reeve/templates')
const everywhere = ['--json', '--project', '--server', '--verbose', '--help', '--version']

type Command = ReturnType<typeof declaredCommands>

interface Typed {
  line: string
  /** In a block it is typed as it stands; in a sentence it may be only what a command is called. */
  isWhole: boolean
}

/** What a text tells a reader to type: `reeve …`, in code. */
function typedIn(text: string): Typed[] {
  const shell = text.replaceAll(/```(?!sh\n|bash\n|\n)\w+\n[\s\S]*?```/g, '')
  const code = [...shell.matchAll(/```(?:|sh|bash)\n([\s\S]*?)```|`([^`\n]+)`/g)]
  return code.flatMap(([, block, inline]) =>
    [
      ...(block ?? inline!)
        .replaceAll('\\\n', ' ')
        .matchAll(/(?:^|[\s;&(])(?<!npm create )(?:npx )?reeve ([a-z][^\n|#;&)`]*)/gm),
    ].map(([, line]) => ({ line: line!.trim(), isWhole: block !== undefined })),
  )
}

/** The words of a shell line; brackets say what may be left out, two spaces begin an explanation, and `>` is the shell's. */
const wordsOf = (line: string) =>
  [
    ...line
      .split(/ {2,}| >> | > /)[0]!
      .replaceAll(/[[\]]/g, '')
      .matchAll(/'[^']*'|"(?:[^"\\]|\\.)*"|\S+/g),
  ].map(([word]) => word)

function faultOf({ line, isWhole }: Typed): string | undefined {
  const words = wordsOf(line)
  let command = declaredCommands()
  let parent: Command | undefined
  for (;;) {
    const next = command.commands.find((each) => each.name() === words[0])
    if (next === undefined) break
    parent = command
    command = next
    words.shift()
  }
  if (parent === undefined) return `there is no command: reeve ${line}`
  const operands: string[] = []
  const given = new Set<string>()
  while (words.length > 0) {
    const word = words.shift()!
    if (word === '--') {
      operands.push(...words.splice(0))
    } else if (/^--?[a-z]/.test(word)) {
      const name = word.replace(/[=.,:].*$/, '')
      const option = command.options.find(({ long, short }) => long === name || short === name)
      if (option === undefined && !everywhere.includes(name)) return `there is no ${name}: reeve ${line}`
      given.add(name)
      const takes = option?.required ?? /^--(project|server)$/.test(name)
      if (takes && !word.includes('=')) words.shift()
    } else operands.push(word.replace(/^<|>$/g, ''))
  }
  if (!isWhole) return undefined
  const slots = command.registeredArguments
  const needed = slots.filter(({ required }) => required).length
  const most = slots.some(({ variadic }) => variadic) ? Number.POSITIVE_INFINITY : slots.length
  if (operands.length < needed || operands.length > most)
    return `it takes ${needed} to ${most} arguments and gets ${operands.join(' ')}: reeve ${line}`
  const lacking = command.options.find(({ mandatory, long }) => mandatory && !given.has(long!))
  return lacking && `it needs ${lacking.long}: reeve ${line}`
}

function documents(): [string, string][] {
  const docs = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
  const paths = [
    'README.md',
    'CONTRIBUTING.md',
    'ARCHITECTURE.md',
    ...readdirSync(templates).flatMap((name) => {
      const readme = join(templates, name, 'README.md')
      return existsSync(readme) ? [relative(repository, readme)] : []
    }),
    ...docs.filter((path) => path.endsWith('.md')).map((path) => join('docs', path)),
    ...globSync('examples/{*,*/*}/README.md', { cwd: repository, exclude: ['**/node_modules'] }).sort(),
  ]
  return paths.map((path) => [path, readFileSync(join(repository, path), 'utf8')])
}

test('a line that is no command, has another option, or too few or many arguments, is found', () => {
  const told = (line: string) => faultOf({ line, isWhole: true })
  expect(told('approve ID --edit X')).toBeUndefined()
  expect(told('signal R-1 paid \'{"usd": 90}\'')).toBeUndefined()
  expect(told('fork RUN --from 3')).toBeUndefined()
  expect(told('approve ID --edits X')).toContain('--edits')
  expect(told('aprove ID')).toContain('no command')
  expect(told('approve')).toContain('takes 1 to 1')
  expect(told('show A B')).toContain('takes 1 to 1')
  expect(told('fork RUN')).toContain('needs --from')
  expect(faultOf({ line: 'approve', isWhole: false })).toBeUndefined()
})

test.each(documents())('every `reeve …` of %s can be typed', (_path, text) => {
  expect(
    typedIn(text)
      .map((typed) => faultOf(typed))
      .filter((fault) => fault !== undefined),
  ).toEqual([])
})

/** Scripts of npm that a reader is told to run. */
test('every `npm run …` and every file that the README and the guide for contributors name is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
    scripts: object
  }
  const faults = ['README.md', 'CONTRIBUTING.md', 'docs/start.md'].flatMap((path) => {
    const text = readFileSync(join(repository, path), 'utf8')
    const named = [...text.matchAll(/npm run ([\w:-]+)(?! --workspace)(?![\w:-])/g)].map(([, name]) => name!)
    return named.filter((name) => !(name in scripts)).map((name) => `${path}: npm run ${name}`)
  })
  expect(faults).toEqual([])
})

test('the README names every command by its first word', () => {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8')
  const [, table] = /^\| to … \| `reeve …` \|\n\|---[^\n]*\n((?:\|[^\n]*\n)+)/m.exec(readme)!
  const named = [...table!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!)
  expect(named.sort()).toEqual(
    declaredCommands()
      .commands.map((each) => each.name())
      .sort(),
  )
})
