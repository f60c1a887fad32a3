import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'

const repository = join(import.meta.dirname, '../../../..')
const templates = join(repository, 'packages/create-reeve/templates')
const commandsFolder = join(repository, 'packages/reeve/src/cli/commands')
const source = readdirSync(commandsFolder)
  .map((file) => readFileSync(join(commandsFolder, file), 'utf8').replaceAll(/^ {2}/gm, ''))
  .join('\n')
const everywhere = ['--json', '--project', '--verbose', '--help', '--version']

/** The commands of `cli/commands`, as in `db copy`, with their options. */
function commandsOf(text: string): Map<string, Set<string>> {
  const helpers = new Map<string, string>()
  for (const [, name, option] of text.matchAll(
    /^(?:export )?const (\w+) = \([^)]*\) =>\s*new Option\('(--[a-z-]+)/gm,
  ))
    helpers.set(name!, option!)
  const wrappers = new Map<string, string[]>()
  for (const [, name, body] of text.matchAll(/^const (\w+) = \(command: Command\) =>\n([\s\S]*?)^(?=\S)/gm))
    wrappers.set(
      name!,
      [...body!.matchAll(/'(--[a-z-]+)/g)].map(([, option]) => option!),
    )
  const groups = new Map<string, string>([['program', '']])
  const commands = new Map<string, Set<string>>()
  let current = ''
  const parts =
    /^(?:const (\w+) = )?(?:(\w+)\()?(\w+)(?=\s*\.command\()|\.command\('([a-z-]+)[^']*'\)|[oO]ption\(\s*'(?:-\w, )?(--[a-z-]+)|addOption\((\w+)\(/gm
  let wrapper: string | undefined
  for (const [, named, wraps, owner, command, option, helper] of text.matchAll(parts)) {
    if (owner !== undefined) {
      current = groups.get(owner) ?? ''
      wrapper = wraps
      if (named !== undefined) groups.set(named, `?${named}`)
    }
    if (command !== undefined) {
      current = `${current} ${command}`.trim()
      commands.set(current, new Set(wrappers.get(wrapper ?? '')))
      for (const [variable, path] of groups) if (path === `?${variable}`) groups.set(variable, current)
    }
    const given = option ?? (helper === undefined ? undefined : helpers.get(helper))
    if (given !== undefined) commands.get(current)?.add(given)
  }
  return commands
}

/** What a text tells a reader to type: `reeve …`, in code. */
function typedIn(text: string): string[] {
  const code = [
    ...text
      .replaceAll(/```(?!sh|bash)\w+\n[\s\S]*?```/g, '')
      .matchAll(/```(?:|sh|bash)\n([\s\S]*?)```|`([^`\n]+)`/g),
  ].map(([, block, inline]) => block ?? inline!)
  return code.flatMap((each) =>
    [...each.matchAll(/(?:^|[\s;&(])(?<!npm create )(?:npx )?reeve ([a-z][^\n|#;&)`]*)/gm)].map(([, typed]) =>
      typed!.trim(),
    ),
  )
}

function faultOf(typed: string, commands: Map<string, Set<string>>): string | undefined {
  const words = typed.split(/\s+/)
  const path = [words.slice(0, 2).join(' '), words[0]!].find((each) => commands.has(each))
  if (path === undefined) return `there is no command: reeve ${typed}`
  const unknown = words.filter(
    (word) =>
      /^--[a-z]/.test(word) &&
      ![...commands.get(path)!, ...everywhere].includes(word.replace(/[=.,:].*$/, '')),
  )
  return unknown.length > 0 ? `reeve ${path} has no ${unknown.join(', ')}: reeve ${typed}` : undefined
}

const commands = commandsOf(source)

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
  ]
  return paths.map((path) => [path, readFileSync(join(repository, path), 'utf8')])
}

test('the commands and their options are read', () => {
  expect(commands.get('approve')).toContain('--edit')
  expect(commands.get('approve')).toContain('--why')
  expect(commands.get('start')).toContain('--port')
  expect(commands.get('mcp pin')).toEqual(new Set(['--yes']))
  expect(commands.has('audit verify') && commands.has('db copy')).toBe(true)
  expect(faultOf('approve ID --edit X', commands)).toBeUndefined()
  expect(faultOf('approve ID --edits X', commands)).toContain('--edits')
  expect(faultOf('aprove ID', commands)).toContain('no command')
})

test.each(documents())('every `reeve …` of %s exists', (_path, text) => {
  expect(
    typedIn(text)
      .map((typed) => faultOf(typed, commands))
      .filter((fault) => fault !== undefined),
  ).toEqual([])
})

test('the README names every command by its first word', () => {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8')
  const [, table] = /^\| to … \| `reeve …` \|\n\|---[^\n]*\n((?:\|[^\n]*\n)+)/m.exec(readme)!
  const named = [...table!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!)
  const words = [...commands.keys()].map((each) => each.split(' ')[0]!)
  expect(named.sort()).toEqual([...new Set(words)].sort())
})
