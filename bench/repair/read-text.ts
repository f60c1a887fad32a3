import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { endings, type Inputs, type Language } from './case.ts'

/**
 * A case as `cases/LANGUAGE.txt` has it: `== name | kind of fault | inputs`, the program with `@@` where the fault is, and what stands
 * there, under `-- broken`, `-- right` and `-- wrong`. Inputs are one JSON object in a line: `fails`; `good`, recorded; `test`, for its
 * tests alone; `refused` on purpose; `held`, which no gate sees. The first that is right says what is right for each.
 */
export interface CaseText {
  name: string
  kind: string
  language: Language
  file: string
  broken: string
  right: string[]
  wrong: string[]
  inputs: { [kind in 'fails' | 'good' | 'test' | 'refused' | 'held']: Inputs[] }
}

export function readCases(language: Language): CaseText[] {
  const text = readFileSync(join(import.meta.dirname, `cases/${language}.txt`), 'utf8')
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => caseIn(part, language))
}

function caseIn(text: string, language: Language): CaseText {
  const [first = '', ...lines] = text.split('\n')
  const [name = '', kind = '', takes = ''] = first.split(' | ')
  const [frame = '', ...parts] = lines.join('\n').split(/^-- /m)
  const found: CaseText = {
    ...{
      name,
      kind,
      language,
      file: `scripts/${name}.${endings[language]}`,
      broken: '',
      right: [],
      wrong: [],
    },
    inputs: { fails: [], good: [], test: [], refused: [], held: [] },
  }
  const program = headOf(language, kind, takes.split('; ')) + frame
  for (const part of parts) {
    const end = part.indexOf('\n')
    const [what = ''] = part.split(/\s/, 1)
    const source = () => program.replace('@@\n', () => part.slice(end + 1))
    if (what === 'broken') found.broken = source()
    else if (what === 'right' || what === 'wrong') found[what].push(source())
    else if (what in found.inputs)
      found.inputs[what as 'good'].push(JSON.parse(part.slice(what.length)) as Inputs)
    else throw new Error(`${name}: "-- ${what}" is not known`)
  }
  return found
}

const runs: Readonly<Record<Language, string>> = {
  shell: '/bin/sh',
  node: '/usr/bin/env node',
  python: '/usr/bin/env python3',
}

function headOf(language: Language, kind: string, takes: string[]): string {
  const mark = language === 'node' ? '//' : '#'
  const manifest = [
    ...['reeve:', `  description: Has a fault of the kind ${kind}`, '  inputs:'],
    ...takes.map((each) => `    - '${each}'`),
    ...['  effect: read', '  approval: never', '  timeout: 8s'],
  ]
  const head = [`#!${runs[language]}`, ...manifest.map((line) => `${mark} ${line}`)].join('\n')
  const names = takes.map((each) => each.split(':')[0]!)
  return `${head}\n${beginning(language, names)}`
}

function beginning(language: Language, names: string[]): string {
  if (language === 'node')
    return "let text = ''\nfor await (const chunk of process.stdin) text += chunk\nconst input = JSON.parse(text)\n"
  if (language === 'python') return 'import json, sys\ngiven = json.load(sys.stdin)\n'
  const empty = names.map((name) => `${name}=''`).join(' ')
  const taken = names.map((name) => `--${name}=*) ${name}=\${argument#*=} ;;`).join(' ')
  return `set -eu\n${empty}\nfor argument in "$@"; do case $argument in ${taken} esac; done\n`
}
