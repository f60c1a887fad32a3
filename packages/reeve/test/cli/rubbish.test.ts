import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandWords } from '../../../../scripts/reference/answers.ts'
import { declaredCommands } from '../../src/cli/commands/all.ts'
import { type Finished, reeve } from './hosted.ts'
import { temporaryFolder } from './reeve.ts'
import { wholeProject } from './whole-project.ts'

type Command = ReturnType<typeof declaredCommands>

function declared(words: string): Command {
  let command = declaredCommands()
  for (const word of words.split(' ')) command = command.commands.find((each) => each.name() === word)!
  return command
}

/** They would serve, wait for input, or copy what is here; what they refuse is asked of them by options alone. */
const untried = new Set(['dev', 'start', 'worker', 'watchdog', 'mcp', 'init', 'top', 'doctor'])

const rubbish: [what: string, value: string][] = [
  ['no id of anything', 'no-such-thing'],
  ['an empty text', ''],
  ['a NUL', 'a\u0000b'],
  ['a line break and a terminal sequence', 'a\n\u001b[31mb'],
  ['a very long text', 'x'.repeat(20_000)],
  ['an emoji and half of one', '🦥 \ud83e'],
  ['a negative number', '-1'],
  ['JSON that is none', '{"a":'],
  ['a path upwards', '../../etc/passwd'],
  ['a name that every object has', '__proto__'],
]

/** All of it takes minutes: `npm run test:rubbish`. Else each place gets some, in turn, so that all of it is tried somewhere. */
const isWhole = process.env.REEVE_RUBBISH === 'all'
const timeout = isWhole ? 7_200_000 : 1_200_000
let turn = 0
function some<T>(all: readonly T[], count: number): T[] {
  return isWhole
    ? [...all]
    : Array.from({ length: Math.min(count, all.length) }, () => all[turn++ % all.length]!)
}

/** What is wrong with how it ended: a person must be told in words, without a stack, and by exit code 1 or 2. */
function faultOf(typed: string, { code, stdout, stderr }: Finished, mayPass: boolean): string | undefined {
  const all = `${stdout}\n${stderr}`
  if (/\n\s+at .*[/(].*:\d+:\d+/.test(all)) return `${typed}: a stack: ${all.slice(0, 300)}`
  if (/internal error|TypeError|undefined is not|Cannot read propert/.test(all))
    return `${typed}: ${all.slice(0, 300)}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not come through.
  if (/\u0000|\u001b\[31m/.test(all)) return `${typed}: it prints control characters`
  if (all.length > 100_000) return `${typed}: it prints ${all.length} characters`
  if (code === 1 || code === 2) return all.trim() === '' ? `${typed}: ${code} and not a word` : undefined
  return code === 0 && mayPass ? undefined : `${typed}: exit code ${code}: ${all.slice(0, 300)}`
}

/** A list, a search or a setting takes any name; these may answer that there is nothing. */
const takesAny =
  /^(sql|costs|failures|memory search|memory rollback|erase|eval cases|eval list|ledger|runs|logs|budgets|policy|queues|schedules|approvals|principals|grants|permissions|lessons list|lessons add|proposals list|repairs list|token list|models|skills import|backup|audit export|token create|token sign-in)/

test(
  'rubbish in the place of each argument of each command is refused in words',
  async () => {
    const folder = wholeProject()
    const faults: string[] = []
    for (const words of commandWords().filter((each) => !untried.has(each))) {
      const command = declared(words)
      const count = command.registeredArguments.length
      const needed = command.options.filter((option) => option.mandatory).flatMap(({ long }) => [long!, 'x'])
      for (const [what, value] of count === 0 ? [] : some(rubbish, 2)) {
        const given = value.startsWith('-') ? ['--'] : []
        const args = [...words.split(' '), ...needed, ...given, ...Array.from({ length: count }, () => value)]
        const fault = faultOf(`reeve ${words} with ${what}`, await reeve(folder, args), takesAny.test(words))
        if (fault !== undefined) faults.push(fault)
      }
    }
    expect(faults).toEqual([])
  },
  timeout,
)

test(
  'an option that is not there, an argument too few and one too many are refused in words, each',
  async () => {
    const folder = wholeProject()
    const faults: string[] = []
    for (const words of commandWords().filter((each) => each !== 'watchdog')) {
      const typed = words.split(' ')
      const needed = declared(words).registeredArguments.filter(({ required }) => required).length
      const others: [string, string[]][] = [
        ['an unknown option', ['--no-such-option-at-all']],
        ...(needed > 0 ? [['no argument', []] as [string, string[]]] : []),
        ...(declared(words).registeredArguments.some(({ variadic }) => variadic)
          ? []
          : [['too many arguments', Array.from({ length: 6 }, () => 'x')] as [string, string[]]]),
      ]
      for (const [what, args] of others) {
        const fault = faultOf(`reeve ${words} with ${what}`, await reeve(folder, [...typed, ...args]), false)
        if (fault !== undefined) faults.push(fault)
      }
    }
    expect(faults).toEqual([])
  },
  timeout,
)

/** They would go on for ever where what is wrong here does not stop them. */
const endless = new Set(['watchdog', 'mcp'])

/** Each command as it is typed with its arguments, asked with something wrong around it. */
async function faultsOfAll(
  around: string,
  folder: string,
  environment: NodeJS.ProcessEnv,
  mayPass: RegExp,
): Promise<string[]> {
  const faults: string[] = []
  for (const words of commandWords().filter((each) => !endless.has(each))) {
    const command = declared(words)
    const args = command.registeredArguments.filter(({ required }) => required).map(() => 'no-such-thing')
    const needed = command.options.filter((option) => option.mandatory).flatMap(({ long }) => [long!, 'x'])
    const typed = [...words.split(' '), ...args, ...needed]
    const finished = await reeve(folder, typed, { environment })
    const fault = faultOf(`reeve ${words} with ${around}`, finished, mayPass.test(words))
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

/** They read files of the project alone. */
const readsFiles = /^(directives (list|lint)|skills list|scripts (list|test))$/
const none = /^$/

test(
  'every command that needs the data of a project says in words that it cannot be opened',
  async () => {
    const environment = { DATABASE_URL: 'file:/dev/null/there/reeve.db' }
    expect(await faultsOfAll('a database in no place', wholeProject(), environment, readsFiles)).toEqual([])
  },
  timeout,
)

test(
  'every command that needs a project says in words that there is none, or that it cannot be loaded',
  async () => {
    expect(await faultsOfAll('no project', temporaryFolder(), {}, none)).toEqual([])
    const broken = wholeProject()
    writeFileSync(join(broken, 'reeve.config.ts'), 'export default {\n')
    expect(await faultsOfAll('a broken configuration', broken, {}, /./)).toEqual([])
  },
  timeout,
)

const values = rubbish.filter(([what]) => /NUL|negative|none|empty/.test(what))

test(
  'rubbish as the value of each option is refused in words, or taken as it is',
  async () => {
    const folder = wholeProject()
    const faults: string[] = []
    for (const words of commandWords().filter((each) => !untried.has(each))) {
      const command = declared(words)
      const args = command.registeredArguments.filter(({ required }) => required).map(() => 'no-such-thing')
      for (const option of command.options.filter((each) => each.required && each.long)) {
        for (const [what, value] of some(values, 1)) {
          const needed = command.options
            .filter((each) => each.mandatory && each !== option)
            .flatMap(({ long }) => [long!, 'x'])
          const typed = [...words.split(' '), ...args, ...needed, `${option.long}=${value}`]
          const fault = faultOf(
            `reeve ${words} ${option.long} with ${what}`,
            await reeve(folder, typed),
            true,
          )
          if (fault !== undefined) faults.push(fault)
        }
      }
    }
    expect(faults).toEqual([])
  },
  timeout,
)
