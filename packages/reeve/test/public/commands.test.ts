import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { declaredCommands } from '../../src/cli/commands/all.ts'
import { documents, repository, type Typed, typedIn, wordsOf } from './shell-lines.ts'

const everywhere = ['--json', '--project', '--server', '--verbose', '--help', '--version']

type Command = ReturnType<typeof declaredCommands>

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

const scriptsOf = (path: string) =>
  Object.keys(
    (JSON.parse(readFileSync(join(repository, path), 'utf8')) as { scripts?: object }).scripts ?? {},
  )

/** Of the repository, of a new project, and of the example that a page lies in. */
function scriptsFor(page: string): string[] {
  const own = join(dirname(page), 'package.json')
  const shared = 'packages/create-reeve/templates/shared/package.json.txt'
  return ['package.json', shared, own].flatMap((path) =>
    existsSync(join(repository, path)) ? scriptsOf(path) : [],
  )
}

/** Scripts of npm that a reader is told to run. */
test.each(documents())('every script of npm that %s names is there', (path, text) => {
  const named = [...text.matchAll(/npm run ([\w:-]+)(?! --workspace)(?![\w:-])/g)].map(([, name]) => name!)
  const short = [...text.matchAll(/npm (start|test)\b/g)].map(([, name]) => name!)
  const there = scriptsFor(path)
  expect([...named, ...short].filter((name) => !there.includes(name))).toEqual([])
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
