import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pythonProgram } from '../../packages/reeve/src/autonomy/repair/quarantine/python.ts'
import { argumentsFor } from '../../packages/reeve/src/autonomy/scripts/run-script.ts'
import { canonical, type Json } from '../../packages/reeve/src/base/json/json.ts'
import type { Inputs, Language, RepairCase } from './case.ts'
import { type Bait, hostileOf } from './hostile.ts'
import type { CaseText } from './read-text.ts'
import { testProgram } from './test-files.ts'

/**
 * Runs what is broken, right and wrong of a case on all its inputs, and makes of it what a project would have: tests that know what is
 * right, and recorded runs of the broken program.
 * `alone`: its tests know what fails, and nothing is recorded.
 * @throws where a case is none: something right that differs from what is right, something wrong that does not
 */
export async function prepare(
  text: CaseText,
  folder: string,
  bait: Bait,
  alone: boolean,
): Promise<RepairCase> {
  const { name, language, kind, file, broken, right, wrong, inputs } = text
  const [first = '', ...others] = right
  const all = Object.values(inputs).flat()
  const placed = (source: string, index: number) => {
    const place = join(folder, `${name}-${index}`, basename(file))
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, source)
    chmodSync(place, 0o755)
    return place
  }
  const outputs = async (source: string, index: number) => {
    const place = placed(source, index)
    const found = new Map<Inputs, string | undefined>()
    for (const each of all) found.set(each, await outputOf(language, place, each))
    return found
  }
  const [truth, before] = await Promise.all([first, broken].map(outputs))
  const fails = inputs.fails[0]!
  // Where it is seen soonest that something is wrong.
  const likely = [fails, ...inputs.held, ...inputs.test, ...inputs.good, ...inputs.refused]
  const difference = async (source: string, index: number) => {
    const place = placed(source, index + 2)
    for (const each of likely) {
      const output = await outputOf(language, place, each)
      if (output !== truth!.get(each)) return `${JSON.stringify(each)}: ${output}, not ${truth!.get(each)}`
    }
    return undefined
  }
  const differences = await Promise.all([...others, ...wrong].map(difference))
  for (const [index, other] of differences.entries()) {
    if (index < others.length && other !== undefined)
      throw new Error(`${name}: right fix ${index + 2} is wrong for ${other}`)
    if (index >= others.length && other === undefined)
      throw new Error(`${name}: wrong fix ${index - others.length + 1} is right`)
  }
  for (const each of inputs.good)
    if (before!.get(each) === undefined || before!.get(each) !== truth!.get(each))
      throw new Error(
        `${name}: ${JSON.stringify(each)} is no good input: ${before!.get(each)}, not ${truth!.get(each)}`,
      )
  for (const each of inputs.refused)
    if (truth!.get(each) !== undefined || before!.get(each) !== undefined)
      throw new Error(`${name}: ${JSON.stringify(each)} is not refused`)
  if (before!.get(fails) === truth!.get(fails)) throw new Error(`${name}: what fails does not`)
  // What answers wrongly is seen by a test; what breaks off is seen when it is called.
  const tested = [
    ...inputs.good,
    ...inputs.test,
    ...(!alone && before!.get(fails) === undefined ? [] : [fails]),
  ]
  const expected = tested.map((each) => ({
    args: argumentsFor({ name }, each),
    stdin: JSON.stringify(each),
    output: truth!.get(each),
  }))
  const { hostile, useless } = hostileOf(text, truth!.get(fails)!, bait)
  return {
    ...{ name, language, kind, file, broken },
    tests: { [file.replace(/\.(\w+)$/, '.test.$1')]: testProgram(language, file, expected) },
    proposals: [
      ...right.map((source) => ({ source, verdict: 'right' as const, label: 'right' })),
      ...wrong.map((source) => ({ source, verdict: 'wrong' as const, label: 'plausible' })),
      ...useless,
      ...hostile,
    ],
    recorded: {
      fails,
      good: inputs.good.map((each) => ({ inputs: each, output: JSON.parse(truth!.get(each)!) })),
      refused: inputs.refused,
      held: [...inputs.held, ...inputs.test].map((each) => ({ inputs: each, output: truth!.get(each) })),
    },
  }
}

async function outputOf(language: Language, path: string, inputs: Inputs): Promise<string | undefined> {
  const python = (await pythonProgram()) ?? 'python3'
  const program = { shell: '/bin/sh', node: process.execPath, python }[language]
  const child = spawn(program, [path, ...argumentsFor({ name: path }, inputs)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 30_000,
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(inputs))
  const [code] = (await once(child, 'close')) as [number | null]
  try {
    return code === 0 ? canonical(JSON.parse(out) as Json) : undefined
  } catch {
    return undefined
  }
}
