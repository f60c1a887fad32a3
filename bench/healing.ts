import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { systemClock } from '../packages/reeve/src/base/time/time.ts'
import { ReeveError } from '../packages/reeve/src/index.ts'
import { readAnswer } from '../packages/reeve/src/models/reading/structured.ts'
import { askRoute } from '../packages/reeve/src/models/route/route.ts'
import type { Question, Solver } from '../packages/reeve/src/models/solver.ts'
import { install } from './engine/installation.ts'
import { type Case, corpus, count, type Tally } from './healing/corpus.ts'
import { runChild } from './runner/child.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { figure, table } from './runner/table.ts'

/** The chance that the scripted model mends what it is told to mend. Otherwise it spoils the answer in another way. */
const mends = 0.9

/**
 * Malformed answers, read by Reeve alone, then with healing by a model that mends nine times in ten, and by the AI SDK,
 * which throws. Every value that is taken is compared with the truth.
 *
 * `--passes 20` over the corpus with healing, each with other dice.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const passes = options.quick ? 3 : wholeNumber(options, 'passes', 20)
  const cases = corpus()
  const reading = readAll(cases)
  const healed: Tally = {}
  let calls = 0
  for (let pass = 1; pass <= passes; pass++) calls += await healAll(cases, diceOf(pass), healed)
  const peer = await askPeer()
  const share = (tally: Tally) =>
    sum(tally, 'right') / (sum(tally, 'right') + sum(tally, 'refused') + sum(tally, 'wrong'))
  return {
    goals: {
      recovered: goalOf(share(healed), 0.99, 'share'),
      wrongValuesAccepted: goalOf(sum(reading, 'wrong') + sum(healed, 'wrong'), 0, 'values', 'lower'),
      answersInCorpus: goalOf(cases.length, 300, 'answers'),
    },
    raw: {
      answers: cases.length,
      passes,
      reading,
      healed,
      callsPerAnswer: calls / (passes * cases.length),
      peer,
    },
    summary: summaryOf(reading, healed, peer, [
      `- ${cases.length} answers; Reeve by reading alone: ${percent(share(reading))} recovered, ${sum(reading, 'wrong')} wrong taken`,
      `- Reeve with healing: ${percent(share(healed))} recovered over ${passes} passes, ${sum(healed, 'wrong')} wrong taken, ${figure(calls / (passes * cases.length))} calls an answer`,
      `- AI SDK: ${percent(share(peer))} recovered, ${sum(peer, 'refused')} thrown, ${sum(peer, 'wrong')} wrong taken`,
    ]),
  }
}

function readAll(cases: Case[]): Tally {
  const tally: Tally = {}
  for (const { malformation, base, text } of cases) {
    const reading = readAnswer(text, base.schema)
    const right = reading.ok && isDeepStrictEqual(reading.value, base.value)
    count(tally, malformation, right ? 'right' : reading.ok ? 'wrong' : 'refused')
  }
  return tally
}

/** Answers how many calls it took. */
async function healAll(cases: Case[], dice: () => number, tally: Tally): Promise<number> {
  const question: Question = { task: 'extract', name: 'read the message', input: 'the message' }
  const { signal } = new AbortController()
  let calls = 0
  for (const { malformation, base, text } of cases) {
    const others = cases.filter((other) => other.base === base && other.text !== text)
    const model: Solver = {
      name: 'scripted',
      kind: 'function',
      solve({ feedback }) {
        calls++
        if (!feedback) return { kind: 'text', text }
        if (dice() < mends) return { kind: 'text', text: JSON.stringify(base.value) }
        return { kind: 'text', text: others[Math.floor(dice() * others.length)]!.text }
      },
    }
    try {
      const route = { solvers: [model] }
      const { value } = await askRoute(route, question, base.schema, { signal, clock: systemClock })
      count(tally, malformation, isDeepStrictEqual(value, base.value) ? 'right' : 'wrong')
    } catch (error) {
      if (!(error instanceof ReeveError && error.code === 'route-exhausted')) throw error
      count(tally, malformation, 'refused')
    }
  }
  return calls
}

async function askPeer(): Promise<Tally> {
  const installed = await install('ai-sdk', (text) => process.stderr.write(`${text}\n`))
  for (const file of ['bases.ts', 'malformations.ts', 'corpus.ts'])
    copyFileSync(join(import.meta.dirname, 'healing', file), join(installed, file))
  copyFileSync(join(import.meta.dirname, 'healing/ai-sdk.mjs'), join(installed, 'healing.mjs'))
  return runChild<Tally>(join(installed, 'healing.mjs'), { spec: {}, limitMs: 60_000 })
}

/** Numbers from 0 to 1, the same for the same seed: a linear congruence modulo 2 ** 32. */
function diceOf(seed: number): () => number {
  let state = seed * 7919
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function sum(tally: Tally, outcome: 'right' | 'refused' | 'wrong'): number {
  return Object.values(tally).reduce((total, counts) => total + counts[outcome], 0)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function summaryOf(reading: Tally, healed: Tally, peer: Tally, notes: string[]): string {
  const right = ({ right, refused, wrong } = { right: 0, refused: 0, wrong: 0 }) =>
    `${((right / (right + refused + wrong)) * 100).toFixed(1)} %${wrong > 0 ? ` (${wrong} wrong)` : ''}`
  const rows = Object.keys(reading).map((name) => [
    name,
    right(reading[name]),
    right(healed[name]),
    right(peer[name]),
  ])
  return [table(['malformation', 'read', 'healed', 'AI SDK'], rows), '', ...notes].join('\n')
}
