import { expect, test } from 'vitest'
import { z } from 'zod'
import { shareOf } from '../../src/base/hash.ts'
import { workflow } from '../../src/context.ts'
import { correctAnswer } from '../../src/engine/outside/correct-answer.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { learningClassifier } from '../../src/models/local/classify/learner.ts'
import { byClassifier, localExtractor } from '../../src/models/local/compose/extractor.ts'
import type { Solver } from '../../src/models/solver.ts'
import { listProposals } from '../../src/store/proposals/proposals.ts'
import { openLearning } from './house.ts'

const Kind = z.object({ kind: z.string() })
const read = workflow({
  name: 'read',
  input: z.object({ letter: z.string() }),
  output: Kind,
  run: (ctx, { letter }) => ctx.extract('read the letter', { schema: Kind, from: letter, route: 'reading' }),
}) as unknown as Workflow

const topics = {
  price: ['cost', 'price', 'monthly fee', 'expensive', 'rates'],
  broken: ['broken', 'crashes', 'error page', 'does not load', 'blank screen'],
}
const names = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gia', 'Hal', 'Ida', 'Jon', 'Kim', 'Leo']

function letters(): { letter: string; kind: string }[] {
  return Object.entries(topics).flatMap(([kind, words]) =>
    words.flatMap((word) =>
      names.map((name) => ({ kind, letter: `Hello, ${name} here: about the ${word} of it` })),
    ),
  )
}

/** Asks a model that is paid, as far as anybody can tell, and counts how often. */
function paidReader(says: (letter: string) => string): Solver & { asked: number } {
  return {
    name: 'paid/reader',
    kind: 'hosted',
    asked: 0,
    solve({ input }) {
      this.asked++
      return { kind: 'value', value: { kind: says(String(input)) } }
    },
  }
}

const byWord = (letter: string) => (topics.price.some((word) => letter.includes(word)) ? 'price' : 'broken')

async function openReading(options: { from: 'answers' | 'corrections'; says?: (letter: string) => string }) {
  const kind = learningClassifier({
    name: 'kind',
    question: 'read the letter',
    field: 'kind',
    from: options.from,
  })
  const own = localExtractor({ fields: { kind: byClassifier(kind) }, minConfidence: 0.8 })
  const paid = paidReader(options.says ?? byWord)
  const house = await openLearning({ routes: { reading: { solvers: [own, paid] } } }, [read])
  return { ...house, kind, paid }
}

test('what a hosted model answered is learnt overnight, answers in its place, and is taken back', async () => {
  const house = await openReading({ from: 'answers' })
  for (const { letter } of letters()) await (await house.run('read', { letter })).result()
  expect(house.paid.asked).toBe(120)
  const { trainings } = await house.learn()
  expect(trainings).toMatchObject([{ learner: 'kind', outcome: 'adopted', examples: 120, fromPeople: 0 }])
  const ask = async (letter: string) =>
    (await (await house.run('read', { letter })).result()) as { output: unknown }
  expect(await ask('Hello, Mia here: about the price of it')).toMatchObject({ output: { kind: 'price' } })
  expect(house.paid.asked).toBe(120)
  // Nothing is new: what the classifier itself answered is never learnt.
  expect((await house.learn()).trainings).toMatchObject([{ outcome: 'unchanged' }])
  const [proposal] = await listProposals(house.internals.database, { kind: 'training', limit: 5 })
  expect(proposal).toMatchObject({ status: 'adopted', decided_by: 'reeve' })
  await house.decide(proposal!.id, 'withdrawn')
  await ask('Hello, Mia here: about the price of it')
  expect(house.paid.asked).toBe(121)
})

test('what people corrected is learnt against what the model keeps saying', async () => {
  const house = await openReading({ from: 'answers', says: () => 'price' })
  for (const { letter, kind } of letters()) {
    const { id, result } = await house.run('read', { letter })
    await result()
    if (kind === 'price') continue
    await house.internals.database.transaction((session) =>
      correctAnswer(session, id, { question: 'read the letter', value: { kind } }, house.acting),
    )
  }
  expect((await house.learn()).trainings).toMatchObject([{ outcome: 'adopted', fromPeople: 60 }])
  expect(house.kind.classify('Hello, Zoe here: about the broken of it')).toMatchObject({ label: 'broken' })
})

test('one that is no better on held-back cases is not used, and says so', async () => {
  const byChance = (letter: string) => (shareOf(letter) < 0.5 ? 'price' : 'broken')
  const house = await openReading({ from: 'answers', says: byChance })
  for (const { letter } of letters()) await (await house.run('read', { letter })).result()
  const [report] = (await house.learn()).trainings
  expect(report).toMatchObject({ outcome: 'not-better' })
  expect(await listProposals(house.internals.database, { limit: 5 })).toEqual([])
  expect(house.kind.labels).toEqual([])
})

test('an answer that was not given cannot be corrected', async () => {
  const house = await openReading({ from: 'corrections' })
  const { id, result } = await house.run('read', { letter: 'the price' })
  await result()
  const correct = (question: string, call?: number) =>
    house.internals.database.transaction((session) =>
      correctAnswer(session, id, { question, call, value: { kind: 'x' } }, house.acting),
    )
  await expect(correct('read the mail')).rejects.toMatchObject({ code: 'unknown-question' })
  await expect(correct('read the letter', 7)).rejects.toMatchObject({ code: 'unknown-question' })
  expect(await correct('read the letter')).toEqual({ call: 1 })
})
