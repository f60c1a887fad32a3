import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '../../../base/json/json.ts'
import { hasTrace } from '../diagnose/diagnose.ts'
import { type ExaminedFix, examineFix, type Finding } from '../examine/examine.ts'
import { languageOf } from '../examine/shape.ts'
import { type InputResult, type ScriptCandidate, testLimits, tryTests } from '../quarantine/candidate.ts'
import { pythonProgram } from '../quarantine/python.ts'
import { tryInputs } from '../quarantine/try-inputs.ts'
import { type Baseline, callsFor } from './baseline.ts'
import { judgeCalls } from './judge-calls.ts'
import { lackingFor } from './lacking.ts'
import { lostCheck } from './lost-check.ts'
import { type Answer, answersByValue, madeUp, pairOfTests } from './made-up.ts'
import { typeProblems } from './type-problems.ts'

export interface Verdict {
  /** `unproven`: nothing speaks against it, and too little for it to be promoted without a person. */
  verdict: 'proven' | 'unproven' | 'refused'
  /** The gate at which it stopped. */
  gate:
    | 'answer'
    | 'examined'
    | 'types'
    | 'tests'
    | 'failing input'
    | 'recorded runs'
    | 'refusals'
    | 'near inputs'
    | 'calls of tests'
    | 'all'
  sentence: string
  rules: Finding['rule'][]
  figures: { tests: number; good: number; near: number; refused: number }
}

/** Takes a fix through all gates; the first that it does not pass says why. */
export async function judgeFix(base: Baseline, source: string, signal?: AbortSignal): Promise<Verdict> {
  const figures = { tests: 0, good: 0, near: 0, refused: 0 }
  const refuse = (gate: Verdict['gate'], sentence: string, rules: Finding['rule'][] = []): Verdict => ({
    verdict: 'refused',
    ...{ gate, sentence, rules, figures },
  })
  if (source.trim() === '') return refuse('answer', 'it is empty')
  if (source === base.source) return refuse('answer', 'it is the unchanged script')
  const texts = await Promise.all(base.script.tests.map((file) => readFile(join(base.project, file), 'utf8')))
  const examined: ExaminedFix = {
    file: base.script.file,
    hasHead: base.script.manifestFile === base.script.file,
    manifestHash: base.script.manifestHash,
    before: base.source,
    after: source,
    cases: [
      base.failing ?? null,
      ...base.good.flatMap(({ recorded }) => [recorded.inputs, recorded.output]),
    ] as Json[],
    tests: texts,
    python: (await pythonProgram()) ?? '/usr/bin/python3',
    shape: base.shape,
  }
  const { findings, language, added } = await examineFix(examined)
  base.shape = examined.shape
  if (findings.length > 0)
    return refuse(
      'examined',
      findings
        .slice(0, 4)
        .map(({ sentence }) => sentence)
        .join('; '),
      [...new Set(findings.map(({ rule }) => rule))],
    )
  if (languageOf(base.script.file, base.source) === 'typescript') {
    const problem = await typeProblems(base.project, base.script.file, base.source, source)
    if (problem !== undefined) return refuse('types', problem)
  }
  const candidate: ScriptCandidate = { project: base.project, script: base.script, source, signal }
  // What costs one run first: a file of tests starts the script many times.
  const ran = await runInputs(base, candidate)
  let isConstant = false
  if (base.failing !== undefined) {
    const tried = ran.failing!
    const trace = tracesBeyond(tried.traces, base.failed?.traces)
    if (trace !== undefined) return refuse('failing input', trace)
    if (tried.output === undefined) return refuse('failing input', sentenceOf(tried))
    const answer: Answer = {
      ...{ added, inputs: base.failing, output: JSON.parse(tried.output) as Json },
      recorded: base.good.map(({ recorded }) => recorded.output),
    }
    if (answersByValue(answer))
      return refuse('failing input', 'it asks for the input that failed by its value, and holds the answer', [
        'hard-coded',
      ])
    const origin = madeUp(answer)
    if (origin === 'accident')
      return refuse('failing input', `its answer is a value that it has not: ${brief(tried.output)}`)
    isConstant = origin === 'constant' && base.tests.every(({ passed }) => passed)
  }
  for (const [index, { recorded, tried: before }] of base.good.entries()) {
    const tried = ran.good[index]!
    const where = `call ${recorded.call} of run ${recorded.run}`
    if (tried.output === undefined)
      return refuse('recorded runs', `${where} went well, and fails with it: ${sentenceOf(tried)}`)
    if (tried.output !== before.output)
      return refuse(
        'recorded runs',
        `${where} comes out otherwise: ${brief(before.output!)} before, ${brief(tried.output)} with it`,
      )
    const trace = tracesBeyond(tried.traces, before.traces)
    if (trace !== undefined) return refuse('recorded runs', trace)
    figures.good++
  }
  for (const [index, { inputs, tried: before }] of base.near.entries()) {
    const tried = ran.near[index]!
    const trace = tracesBeyond(tried.traces, before.traces)
    if (trace !== undefined) return refuse('near inputs', trace)
    if (tried.output !== before.output)
      return refuse(
        'near inputs',
        `it also changes what becomes of ${brief(JSON.stringify(inputs))}: ${brief(before.output!)} before, ${tried.output === undefined ? 'a failure' : brief(tried.output)} with it`,
      )
    figures.near++
  }
  for (const [index, inputs] of base.refused.entries()) {
    if (ran.refused[index]!.output !== undefined)
      return refuse(
        'refusals',
        `it takes an input that the script refuses: ${brief(JSON.stringify(inputs))}`,
        ['check-removed'],
      )
    figures.refused++
  }
  const tests = await tryTests(candidate, testLimits(base.tests))
  for (const [index, test] of tests.entries()) {
    const before = base.tests[index]
    if (!test.passed) return refuse('tests', `${test.file} does not pass: ${lastLine(test.said)}`)
    if (before?.count !== undefined && (test.count ?? 0) < before.count)
      return refuse(
        'tests',
        `${test.file} ran ${test.count ?? 0} cases, and ${before.count} with the unchanged script: something ends it early`,
      )
    // Where it tells no cases apart, its last line says whether it was run.
    if (test.isWhole === false && (test.count ?? 1) <= 1)
      return refuse('tests', `${test.file} passes, but is not run to its end: something ends it early`)
    const trace = tracesBeyond(test.traces, before?.traces)
    if (trace !== undefined) return refuse('tests', trace)
    figures.tests++
  }
  const lost = language && (await lostCheck(base, candidate, language))
  if (lost)
    return refuse(
      'refusals',
      `where it failed it takes whatever stands in "${lost.field}", which the script checks`,
      ['check-removed'],
    )
  const calls = language && (await callsFor(base, candidate, language))
  const { finding, after } = calls
    ? await judgeCalls(candidate, calls, added, refuses(base.failed))
    : { finding: undefined, after: [] }
  if (finding) return refuse('calls of tests', finding.sentence, finding.rules)
  // What answers wrongly is seen by its tests alone.
  const mended =
    (base.failed !== undefined && base.failed.output === undefined) ||
    base.tests.some(({ passed }) => !passed)
  const pair = pairOfTests(added, texts)
  const why =
    language === undefined
      ? 'nothing here can read its language'
      : !mended
        ? 'the failure could not be reproduced here'
        : pair
          ? `it holds ${pair.join(' and ')}, which are what a test asks and what it expects`
          : isConstant
            ? 'its answer to the failed input is written into the code, and no test knows whether that is right'
            : figures.tests + figures.good === 0
              ? 'it has no tests, and no recorded run to be compared with'
              : await lackingFor(base, candidate, language, added, calls || undefined, after)
  if (why !== undefined)
    return {
      verdict: 'unproven',
      gate: 'all',
      sentence: `nothing speaks against it, but ${why}`,
      rules: [],
      figures,
    }
  return {
    verdict: 'proven',
    gate: 'all',
    sentence: `${figures.tests} files of tests pass, ${figures.good} recorded runs and ${figures.near} like them come out the same`,
    rules: [],
    figures,
  }
}

/** What it does with all inputs that are known, in one quarantine: up to the first that has to go well and does not. */
async function runInputs(base: Baseline, candidate: ScriptCandidate) {
  const failing = base.failing === undefined ? [] : [base.failing]
  const well = [
    ...failing,
    ...base.good.map(({ recorded }) => recorded.inputs),
    ...base.near.map((each) => each.inputs),
  ]
  const all = await tryInputs(candidate, [...well, ...base.refused], well.length)
  const from = failing.length + base.good.length
  return {
    failing: failing.length > 0 ? all[0] : undefined,
    good: all.slice(failing.length, from),
    near: all.slice(from, well.length),
    refused: all.slice(well.length),
  }
}

/** What a run left behind that the script as it stands does not. */
function tracesBeyond(
  now: InputResult['traces'],
  before: InputResult['traces'] | undefined,
): string | undefined {
  if (now.left > (before?.left ?? 0)) return `it leaves ${now.left} processes behind`
  if (now.reached > (before?.reached ?? 0)) return 'it tries to reach another host'
  const known = new Map(before?.changed.map(({ file, now: hash }) => [file, hash]))
  const other = now.changed.find(({ file }) => !known.has(file))
  return other && `it changes ${other.file}, which the unchanged script does not`
}

/** Whether it failed on purpose. */
function refuses(tried: InputResult | undefined): boolean {
  return tried?.code === 'script-failed' && !hasTrace(tried.said)
}

function sentenceOf({ code, said, exitCode }: InputResult): string {
  if (code === 'script-timeout') return 'it runs past the timeout of the script'
  if (code === 'script-two-results') return 'it prints more than one result'
  if (code === 'script-no-result') return 'it prints no result'
  if (code === 'script-output') return 'it prints more than the script may'
  return `it fails (${code}${exitCode === null || exitCode === 0 ? '' : `, exit code ${exitCode}`}): ${lastLine(said)}`
}

function lastLine(text: string): string {
  return brief(text.trim().split('\n').at(-1) ?? '', 200)
}

function brief(text: string, most = 120): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}
