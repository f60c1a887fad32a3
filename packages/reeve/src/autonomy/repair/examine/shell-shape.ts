import { messageOf } from '../../../base/errors.ts'
import { emptyShape, type Shape } from './shape.ts'
import type { ShellCommand } from './shell-text.ts'
import { readShell } from './shell-words.ts'

/** Commands that only compute, and what of them is more than that. */
const pureCommands: Readonly<Record<string, RegExp | undefined>> = {
  ...Object.fromEntries(
    [
      'echo',
      'printf',
      'test',
      '[',
      '[[',
      'tr',
      'cut',
      'head',
      'tail',
      'wc',
      'grep',
      'expr',
      'seq',
      'basename',
      'dirname',
      'true',
      'false',
      ':',
      'read',
      'shift',
      'local',
      'return',
      'exit',
      'break',
      'continue',
      'uniq',
      'rev',
      'paste',
      'comm',
      'fold',
      'nl',
      'join',
      'cat',
      'sleep',
      'unset',
      'readonly',
      'declare',
      'getopts',
      'bc',
      'numfmt',
      'iconv',
      'let',
      'mapfile',
      'readarray',
      'column',
      'realpath',
    ].map((name) => [name, undefined]),
  ),
  sort: /^-o|^--output|^--compress/,
  sed: /^-i|^--in-place|[;{\s\d/](?:w|e|r)(?:\s|$)|\/[a-z]*[ew][a-z]*$/,
  awk: /system\s*\(|getline|print[^;}\n]*(?:>|\|)|ENVIRON|@load/,
  jq: /\benv\b|\$ENV|\bimport\b|\binclude\b|input_filename/,
  date: /^-s|^--set|^-f|^--file/,
  set: undefined,
  export: /^(?!(?:LC_ALL|LC_[A-Z]+|LANG|TZ|IFS)(?:=|$))/,
  command: /^(?!-v$)-/,
}
const alwaysThere = new Set([
  'IFS',
  'OPTARG',
  'OPTIND',
  'REEVE_KEY',
  'REEVE_DRY_RUN',
  'REPLY',
  'RANDOM',
  'LINENO',
  'BASH_REMATCH',
  'PIPESTATUS',
  'FUNCNAME',
  'SECONDS',
  'BASH_SOURCE',
  'PWD',
  'TZ',
  'LANG',
  'LC_ALL',
])
/** Finding nothing is no failure of theirs. */
const mayFindNothing = new Set(['grep', 'diff', 'cmp', 'expr', 'read', 'let', 'test', '[', '[['])

/** Reads a program; runs nothing of it. Commands that only compute are not among its modules. */
export function shellShape(source: string): Shape {
  const shape = emptyShape()
  let program: ReturnType<typeof readShell>
  try {
    program = readShell(source)
  } catch (error) {
    return { ...shape, problem: `it cannot be read for certain: ${messageOf(error)}` }
  }
  const bound = new Set([...program.binds, ...program.commands.flatMap(({ assigns }) => assigns)])
  shape.variables = program.reads.filter((name) => !bound.has(name) && !alwaysThere.has(name))
  shape.literals.push(...program.patterns)
  for (let index = 0; index < program.requires; index++) shape.checks.push('a variable that must be set')
  for (const command of program.commands) addCommand(shape, command, program.functions)
  for (const name of program.commands.flatMap(({ assigns }) => assigns))
    if (/^(?:PATH|LD_\w+|BASH_ENV|ENV|PYTHONPATH|NODE_OPTIONS|SHELLOPTS|PROMPT_COMMAND)$/.test(name))
      shape.marks.push(`sets ${name}`)
  if (/\/dev\/(?:tcp|udp)\//.test(source)) shape.modules.push('/dev/tcp')
  return shape
}

function addCommand(shape: Shape, command: ShellCommand, functions: readonly string[]): void {
  const [first, ...args] = command.words
  shape.literals.push(...command.values)
  for (const word of command.words) if (word.text !== '') shape.literals.push(word.text)
  for (const { operator, target } of command.redirects) {
    if (/^[<>]&$/.test(operator) && /^[\d-]$/.test(target.text)) continue
    if (target.text === '/dev/null' || target.text === '/dev/stderr' || operator === '<<<') continue
    shape.outside.push(`${operator}${target.source}`)
  }
  if (command.isBackground) shape.marks.push('&')
  if (!first) return
  if (first.isOpen) {
    shape.dynamic.push(
      command.words
        .map(({ source }) => source)
        .join(' ')
        .slice(0, 200),
    )
    return
  }
  const { text: name } = first
  const texts = args.map(({ text }) => text)
  if (command.after === '||' && !mayFindNothing.has(command.before)) {
    // What it prints in the place of what failed is the same whatever failed.
    const isConstant = (name === 'echo' || name === 'printf') && !args.some(({ isOpen }) => isOpen)
    const isNothing = name === 'true' || name === ':' || (name === 'exit' && texts[0] === '0') || isConstant
    if (isNothing) shape.swallows.push(`${command.before} || ${[name, ...texts].join(' ')}`)
  }
  if ((name === 'exit' || name === 'return') && args[0] && args[0].text !== '0') shape.checks.push(name)
  if (name === 'set') {
    const flags = texts.join(' ')
    for (const flag of ['e', 'u'])
      if (new RegExp(`(?:^| )-[a-z]*${flag}`).test(flags)) shape.checks.push(`set -${flag}`)
    if (/pipefail/.test(flags)) shape.checks.push('set -o pipefail')
    if (/(?:^| )\+[a-z]*[eu]/.test(flags)) shape.swallows.push(`set ${flags}`)
  }
  if (functions.includes(name)) return
  const isPure = Object.hasOwn(pureCommands, name)
  const beyond = pureCommands[name]
  if (isPure && !(beyond && texts.some((text) => beyond.test(text)))) {
    if (name === 'cat' || name === 'head' || name === 'tail' || name === 'grep')
      shape.outside.push(...texts.filter((text) => /^[/~.]|\.(?:env|pem|key)$/.test(text)))
    return
  }
  shape.modules.push(isPure ? `${name} (more than computing)` : name)
  shape.outside.push(...texts.filter((text) => text !== ''))
}
