import { nameAdvice } from '../../base/text/nearest-name.ts'
import type { LineProblems } from '../line-problems.ts'
import { readTemplate, type Template } from '../template.ts'
import { type Word, wordsOf } from '../words.ts'
import type { DirectiveCall } from './directive.ts'
import type { Known } from './known.ts'
import type { OutlineItem } from './outline.ts'

/** The list "Tools": what is called, in its order, and what may be called besides. */
export interface ReadTools {
  does: DirectiveCall[]
  tools: string[]
  isClosed: boolean
}

type Kind = DirectiveCall['kind']

const callExample = '- scripts/publish.py --topic {topic}'
const forms = `Write what is done: ${callExample}, - workflow NAME, - directive NAME, - tool NAME --argument {input}; or what its workflow may use: - may use TOOL`

export function readTools(
  items: readonly OutlineItem[],
  known: Known & { directives: readonly string[] },
  problems: LineProblems,
): ReadTools {
  const does: DirectiveCall[] = []
  const tools = new Set<string>()
  let usesTools = false
  for (const { text, line } of items) {
    const words = wordsOf(callTextOf(text))
    if (!words || words.length === 0) {
      problems.add(line, words ? `an empty item. ${forms}.` : `a quote is not closed in: ${text}`)
      continue
    }
    const uses = /^(?:may\s+)?uses?$/.exec(
      words[0]!.text === 'may' ? `may ${words[1]?.text}` : words[0]!.text,
    )
    if (uses) {
      usesTools = true
      for (const name of words
        .slice(words[0]!.text === 'may' ? 2 : 1)
        .map(({ text: name }) => name.replace(/,$/, ''))) {
        if (known.tools.some((tool) => tool.name === name)) tools.add(name)
        else
          problems.add(
            line,
            `there is no tool "${name}". ${nameAdvice(
              name,
              known.tools.map((tool) => tool.name),
            )}`,
          )
      }
      continue
    }
    const target = targetOf(words, known)
    if (typeof target === 'string') {
      problems.add(line, target)
      continue
    }
    const args = readArguments(target.rest)
    if (typeof args === 'string') {
      problems.add(line, args)
      continue
    }
    const { kind, name } = target
    does.push({ kind, name, as: name.split(/[./]/).at(-1)!, args, line })
    if (kind === 'script') tools.add(known.scripts.find((script) => script.name === name)!.tool)
    if (kind === 'tool') tools.add(name)
  }
  const isClosed = usesTools || does.every(({ kind }) => kind === 'script' || kind === 'tool')
  return { does, tools: [...tools], isClosed }
}

/** Without the explanation behind a dash, and without the backticks around a command. */
function callTextOf(text: string): string {
  const [, code] = /^`([^`]+)`/.exec(text) ?? []
  return code ?? text.split(/\s+[—–]\s+/)[0]!
}

function targetOf(
  words: readonly Word[],
  known: Known & { directives: readonly string[] },
): { kind: Kind; name: string; rest: readonly Word[] } | string {
  const [first, second] = [words[0]!.text, words[1]?.text]
  const named = /^(script|tool|workflow|directive)$/.exec(first)?.[1] as Kind | undefined
  if (named && second !== undefined) return inKind(named, second, known, words.slice(2))
  const [, folder, file] = /^(?:\.\/)?(scripts|workflows|directives|skills)\/(.+)$/.exec(first) ?? []
  const rest = words.slice(1)
  if (folder === 'scripts' || folder === 'skills') return inKind('script', `${folder}/${file}`, known, rest)
  if (folder !== undefined)
    return inKind(folder.slice(0, -1) as Kind, file!.replace(/\.\w+$/, ''), known, rest)
  if (first.includes('/')) {
    const name = first.split('/').at(-1)!
    const script = known.scripts.find((each) => each.file.endsWith(`/${name}`))
    return `${first} is not in scripts/. ${script ? `Did you mean ${script.file}?` : `Put it there, and write ${callExample}`}`
  }
  const found = (['script', 'tool', 'workflow', 'directive'] as const)
    .map((kind) => inKind(kind, first, known, rest))
    .filter((each) => typeof each !== 'string')
  if (found.length === 1) return found[0]!
  if (found.length > 1)
    return `"${first}" is a ${found.map(({ kind }) => kind).join(' and a ')}. Write which: - ${found[0]!.kind} ${first}`
  const all = namesOf(known)
  return `there is nothing called "${first}": no script, tool, workflow or directive. ${nameAdvice(first, Object.values(all).flat())}`
}

function namesOf(known: Known & { directives: readonly string[] }): Record<Kind, string[]> {
  return {
    script: known.scripts.map(({ file }) => file),
    tool: known.tools.map(({ name }) => name),
    workflow: known.workflows.map(({ name }) => name),
    directive: [...known.directives],
  }
}

function inKind(
  kind: Kind,
  name: string,
  known: Known & { directives: readonly string[] },
  rest: readonly Word[],
): { kind: Kind; name: string; rest: readonly Word[] } | string {
  if (kind === 'script') {
    const bare = name.replace(/^scripts\//, '')
    const script = known.scripts.find(
      (each) => each.file === name || each.name === bare || each.file === `scripts/${bare}`,
    )
    if (script) return { kind, name: script.name, rest }
    const held = known.quarantined?.find((each) => each.file === name || each.name === bare)
    if (held)
      return `${held.file} is quarantined: ${held.quarantined}. Look at it, then: reeve skills approve ${held.name}`
  } else if (namesOf(known)[kind].includes(name)) return { kind, name, rest }
  return `there is no ${kind} "${name}". ${nameAdvice(name, namesOf(known)[kind])}`
}

/** @returns undefined where none is written */
function readArguments(words: readonly Word[]): Record<string, Template> | undefined | string {
  if (words.length === 0) return undefined
  const args: Record<string, Template> = {}
  for (let index = 0; index < words.length; index++) {
    const [, name, value] = /^--([A-Za-z_][\w-]*)(?:=(.*))?$/s.exec(words[index]!.text) ?? []
    if (name === undefined)
      return `"${words[index]!.text}" is not an argument. Arguments have names, as in: ${callExample}`
    if (Object.hasOwn(args, name)) return `--${name} is given twice`
    const next = words[index + 1]
    const isFlag =
      value === undefined && (next === undefined || (next.text.startsWith('--') && !next.isQuoted))
    args[name] = readTemplate(value ?? (isFlag ? 'true' : next!.text))
    if (value === undefined && !isFlag) index++
  }
  return args
}
