import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readLabelled } from '../examples/support-triage/ingest/train-set.ts'
import { systemClock } from '../packages/reeve/src/base/time/time.ts'
import {
  byClassifier,
  type Classifier,
  type Example,
  localExtractor,
  trainClassifier,
} from '../packages/reeve/src/index.ts'
import { askRoute, type RouteDefinition } from '../packages/reeve/src/models/route/route.ts'
import type { Question, Solver } from '../packages/reeve/src/models/solver.ts'
import { standIn } from './cost/stand-in.ts'
import { type MixRow, taskMix } from './cost/task-mix.ts'
import { type BenchOptions, type BenchResult, goalOf, UsageError } from './runner/contract.ts'
import { figure, table } from './runner/table.ts'

const large = 'anthropic/claude-opus-4-6'
const small = ['google/gemini-2.5-flash-lite', 'google/gemini-2.5-flash', 'anthropic/claude-haiku-4-5']
/** The share of its questions that a small model is taken to be unsure of. */
const unsure = 0.05
/** Answers count as equal when the cascade gives another one than the large model on at most this share. */
const mayDiffer = 0.01

interface Measured {
  route: string
  accuracy: number
  per1000Usd: number
  perSuccessUsd: number
  /** Questions that each solver answered. */
  answered: Record<string, number>
}

/**
 * The tickets of the Banking77 open test, sorted into 77 categories: by one large hosted model, and by cascades that
 * begin with a local classifier. Hosted models are stand-ins: prompts and prices are real, their answers are the labels.
 * The classifier's threshold is chosen on a fifth of the training file, by a classifier that has not seen that fifth.
 *
 * `--data FOLDER` holds `banking77`.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const { train, test } = await readData(options.data)
  const { learned, held } = split(train)
  const threshold = chooseThreshold(trainClassifier(learned), held)
  process.stderr.write(`threshold ${threshold.minConfidence}, chosen on ${held.length} held-out tickets\n`)
  const labels = new Map(test.map(({ text, label }) => [text, label]))
  const labelOf = (text: string) => labels.get(text) ?? ''
  const first = localOf(trainClassifier(train))
  const categories = [...new Set(train.map(({ label }) => label))].sort()
  const measure = (route: string, definition: RouteDefinition) =>
    measureRoute(route, definition, categories, test)

  const one = await measure(`${large} for everything`, { solvers: [standIn(large, labelOf)] })
  const cascades: Measured[] = []
  for (const model of small) {
    cascades.push(
      await measure(`local, ${model}, ${large}`, {
        solvers: [first, standIn(model, labelOf, unsure), standIn(large, labelOf)],
        minConfidence: threshold.minConfidence,
      }),
    )
  }
  const [lite, middle] = [small[0]!, small[1]!]
  const stepped = await measure(`local, ${lite}, ${middle}, ${large}`, {
    solvers: [
      first,
      standIn(lite, labelOf, unsure),
      standIn(middle, labelOf, unsure),
      standIn(large, labelOf),
    ],
    minConfidence: threshold.minConfidence,
  })
  const routed = await measure(`${small[0]}, ${large}`, {
    solvers: [standIn(small[0]!, labelOf, unsure), standIn(large, labelOf)],
    minConfidence: threshold.minConfidence,
  })
  const local = await measure('local alone', { solvers: [first] })
  const cascade = cascades[0]!
  const mix = taskMix(large, { largeUsd: one.per1000Usd / 1000, routedUsd: stepped.per1000Usd / 1000 })
  const sum = (pick: (row: MixRow) => number) => mix.reduce((all, row) => all + pick(row), 0)
  const day = {
    task: 'a day',
    callsPerDay: sum((row) => row.callsPerDay),
    largeUsd: sum((row) => row.largeUsd),
    routedUsd: sum((row) => row.routedUsd),
  }
  return {
    goals: {
      mixCheaper: goalOf(1 - day.routedUsd / day.largeUsd, 0.97, 'share'),
      cheaper: goalOf(1 - cascade.per1000Usd / one.per1000Usd, 0.97, 'share'),
      equalAnswers: goalOf(cascade.accuracy, 1 - mayDiffer, 'share'),
    },
    raw: { threshold, unsure, tickets: test.length, one, cascades, stepped, routed, local, mix },
    summary: summaryOf([one, ...cascades, stepped, routed, local], one, [
      `- ${figure(test.length)} tickets; threshold ${threshold.minConfidence}: on ${figure(held.length)} held-out training tickets the classifier answered ${percent(threshold.coverage)} there and ${percent(threshold.wrong)} of all wrongly`,
      `- simulated: the hosted models' answers are the labels, and a small model is unsure of ${percent(unsure)}; real: prompts, schema, list prices, the local classifier, the cascade`,
      '',
      mixTable([...mix, day]),
    ]),
  }
}

async function readData(option: string | true | undefined): Promise<{ train: Example[]; test: Example[] }> {
  const folder = resolve(typeof option === 'string' ? option : join(import.meta.dirname, '../../shared/data'))
  const files = ['train', 'test-open'].map((name) => join(folder, 'banking77', `${name}.csv`))
  const missing = files.filter((file) => !existsSync(file))
  if (missing.length > 0)
    throw new UsageError(
      `The cost bench needs ${missing.join(' and ')}. Say where with --data FOLDER, which holds banking77/.`,
    )
  const [train, test] = await Promise.all(files.map(readExamples))
  return { train: train!, test: test! }
}

async function readExamples(file: string): Promise<Example[]> {
  const examples: Example[] = []
  for await (const reading of readLabelled(file)) {
    if (!reading.ok) throw new Error(`${reading.where}: ${reading.problem}`)
    examples.push(reading.row)
  }
  return examples
}

/** Every fifth example of each label is held out. */
function split(examples: Example[]): { learned: Example[]; held: Example[] } {
  const seen = new Map<string, number>()
  const learned: Example[] = []
  const held: Example[] = []
  for (const example of examples) {
    const nth = (seen.get(example.label) ?? 0) + 1
    seen.set(example.label, nth)
    if (nth % 5 === 0) held.push(example)
    else learned.push(example)
  }
  return { learned, held }
}

/** The lowest confidence, in hundredths, from which on wrong answers are at most `mayDiffer` of all. */
function chooseThreshold(classifier: Classifier, held: Example[]) {
  const guesses = held.map(({ text, label }) => {
    const guess = classifier.classify(text)
    return { confidence: guess.confidence, wrong: guess.label !== label }
  })
  for (let hundredths = 0; ; hundredths++) {
    const minConfidence = hundredths / 100
    const taken = guesses.filter(({ confidence }) => confidence >= minConfidence)
    const wrong = taken.filter((guess) => guess.wrong).length / held.length
    if (wrong <= mayDiffer) return { minConfidence, coverage: taken.length / held.length, wrong }
  }
}

function localOf(classifier: Classifier): Solver {
  const fields = { category: byClassifier(classifier) }
  return localExtractor({ name: 'local/classifier', fields, minConfidence: 0 })
}

async function measureRoute(
  route: string,
  definition: RouteDefinition,
  categories: string[],
  test: Example[],
): Promise<Measured> {
  const [one, ...others] = categories
  const schema = z.object({ category: z.enum([one!, ...others]) })
  const instructions = 'Sort the message of a bank’s customer into the category that fits best.'
  const { signal } = new AbortController()
  const answered = Object.fromEntries(definition.solvers.map(({ name }) => [name, 0]))
  let right = 0
  let totalUsd = 0
  for (const { text, label } of test) {
    const question: Question = { task: 'extract', name: 'sort the message', instructions, input: text }
    const answer = await askRoute(definition, question, schema, { signal, clock: systemClock })
    answered[answer.solver]!++
    totalUsd += answer.usage.costUsd
    if (answer.value.category === label) right++
  }
  return {
    route,
    accuracy: right / test.length,
    per1000Usd: (totalUsd / test.length) * 1000,
    perSuccessUsd: totalUsd / right,
    answered,
  }
}

function mixTable(rows: MixRow[]): string {
  return table(
    ['task', 'calls a day', `${large} for all`, 'routed', 'cheaper'],
    rows.map(({ task, callsPerDay, largeUsd, routedUsd }) => [
      task,
      figure(callsPerDay),
      `$${largeUsd.toFixed(3)}`,
      `$${routedUsd.toFixed(3)}`,
      percent(1 - routedUsd / largeUsd),
    ]),
  )
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function summaryOf(all: Measured[], one: Measured, notes: string[]): string {
  const rows = all.map(({ route, accuracy, per1000Usd, perSuccessUsd, answered }) => [
    route,
    percent(accuracy),
    `$${per1000Usd.toFixed(4)}`,
    `$${perSuccessUsd.toFixed(7)}`,
    percent(1 - per1000Usd / one.per1000Usd),
    Object.values(answered).map(figure).join(' / '),
  ])
  const heading = [
    'route',
    'as the labels say',
    '1,000 tickets',
    'a right answer',
    'cheaper',
    'answered by each',
  ]
  return [table(heading, rows), '', ...notes].join('\n')
}
