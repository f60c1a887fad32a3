import { expect, test } from 'vitest'
import { z } from 'zod'
import type { LessonBody } from '../../src/autonomy/lessons/lesson.ts'
import { lessonOf } from '../../src/autonomy/lessons/lesson-effects.ts'
import { workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { Solver } from '../../src/models/solver.ts'
import { listPending } from '../../src/store/approvals/approvals.ts'
import { readEvents } from '../../src/store/journal/journal.ts'
import { lessonsInForce } from '../../src/store/learning/lessons.ts'
import { listProposals, propose } from '../../src/store/proposals/proposals.ts'
import { requireRun } from '../../src/store/runs/runs.ts'
import { openLearning } from './house.ts'

const Sorted = z.object({ category: z.string() })
const sort = workflow({
  name: 'sort',
  input: z.object({ subject: z.string() }),
  run: async (ctx, { subject }) => {
    const question = subject.startsWith('again') ? 'sort it again' : 'sort the ticket'
    const { category } = await ctx.extract(question, {
      schema: Sorted,
      from: subject,
      route: 'sorting',
    })
    const said = await ctx.approve('file it', { show: { category } })
    return said.status === 'approved' ? said.value.category : category
  },
}) as unknown as Workflow

/** Says billing, unless it was told otherwise. */
const obedient: Solver = {
  name: 'obedient',
  kind: 'function',
  solve: ({ instructions = '' }) => ({
    kind: 'value',
    value: {
      category: instructions.includes('look twice before you say "billing"') ? 'technical' : 'billing',
    },
  }),
}
/** Hears nothing that it is told. */
const deaf: Solver = {
  name: 'deaf',
  kind: 'function',
  solve: () => ({ kind: 'value', value: { category: 'billing' } }),
}

async function openSorting(solver: Solver, learning = {}) {
  const house = await openLearning({ routes: { sorting: { solvers: [solver] } }, learning }, [sort])
  const { database, engine } = house.internals
  /** Runs it; whoever is asked puts `category` in the place of what it says. */
  const sortOne = async (subject: string, category: string) => {
    const { id, result } = await house.run('sort', { subject })
    for (;;) {
      const [asked] = (await listPending(database, 50)).filter(({ run_id }) => run_id === id)
      if (!asked) {
        await new Promise(setImmediate)
        continue
      }
      const { category: shown } = JSON.parse(asked.shown) as { category: string }
      await engine.control.decide(asked.id, {
        verdict: 'approve',
        by: 'ada',
        ...(shown !== category && { answer: { category } }),
      })
      break
    }
    await result()
    const [, ...events] = await readEvents(database, (await requireRun(database, id)).no)
    const answered = events.find(({ type }) => type === 'question-completed')
    return { id, lessons: (JSON.parse(answered!.payload!) as { lessons?: unknown }).lessons }
  }
  /** A lesson that a person adopts as it is. */
  const byHand = async (said: Partial<LessonBody>) => {
    const id = engine.services.newId()
    const body = {
      rule: 'by-hand',
      condition: null,
      act: 'advise',
      evidence: { runs: [], decisions: [], figures: {} },
      ...said,
    }
    const proposal = { kind: 'lesson' as const, title: 'by hand', body: body as never, key: id, by: 'ada' }
    await database.transaction((session) =>
      propose(session, proposal, { id, at: house.internals.clock.now() }),
    )
    await house.decide(id, 'adopted')
    return id
  }
  return { ...house, sortOne, byHand }
}

test('what people change in the answers to several questions is told to all of these', async () => {
  const house = await openSorting(obedient)
  for (let count = 0; count < 24; count++)
    await house.sortOne(`${count % 4 === 3 ? 'again' : 't'} ${count}`, 'technical')
  expect((await house.learn()).lessons).toMatchObject([{ outcome: 'adopted' }])
  expect(await lessonsInForce(house.internals.database)).toMatchObject([{ workflow: 'sort', question: null }])
})

test('what people change each time becomes a lesson that is tried, told, noted, measured and withdrawn', async () => {
  const house = await openSorting(obedient)
  const { database } = house.internals
  for (let count = 0; count < 24; count++)
    expect((await house.sortOne(`t${count}`, 'technical')).lessons).toBeUndefined()
  const { lessons } = await house.learn()
  expect(lessons).toMatchObject([{ outcome: 'adopted' }])
  const [lesson] = await lessonsInForce(database)
  expect(lesson).toMatchObject({ workflow: 'sort', question: 'sort the ticket', act: 'advise', withheld: 20 })
  const [proposal] = await listProposals(database, { kind: 'lesson', limit: 5 })
  expect(proposal).toMatchObject({ id: lesson!.id, status: 'adopted', decided_by: 'reeve' })
  const { trial, evidence } = lessonOf(proposal!)
  expect(trial).toMatchObject({ worse: 0, change: { mean: 1 } })
  expect(evidence.runs.length).toBeGreaterThanOrEqual(3)
  // Most runs are told, some go without; which ones is in the journal.
  const seen = []
  for (let count = 0; count < 40; count++) seen.push((await house.sortOne(`u${count}`, 'technical')).lessons)
  const told = seen.filter((each) => (each as { used: string[] }).used.includes(lesson!.id)).length
  expect(seen.filter((each) => (each as { withheld: string[] }).withheld.includes(lesson!.id)).length).toBe(
    40 - told,
  )
  expect(told).toBeGreaterThan(20)
  expect(told).toBeLessThan(40)
  await house.learn()
  const measured = JSON.parse((await lessonsInForce(database))[0]!.measured!) as object
  expect(measured).toMatchObject({
    with: { runs: told, good: told },
    without: { good: 0 },
    change: { verdict: 'better' },
  })
  await house.decide(lesson!.id, 'withdrawn')
  expect((await house.sortOne('v', 'technical')).lessons).toBeUndefined()
  expect((await house.internals.memory.history(lesson!.id)).at(-1)).toMatchObject({
    kind: 'lesson',
    endedAs: 'retracted',
  })
})

test('a lesson that changes nothing on runs that it was not found in is discarded, and not brought up again', async () => {
  const house = await openSorting(deaf)
  for (let count = 0; count < 45; count++) await house.sortOne(`t${count}`, 'technical')
  expect((await house.learn()).lessons).toMatchObject([{ outcome: 'discarded' }])
  expect((await house.learn()).lessons).toEqual([])
  expect(await lessonsInForce(house.internals.database)).toEqual([])
})

test('what a project wants to decide itself waits for a person, and a rejection lasts', async () => {
  const house = await openSorting(obedient, { lessons: 'propose' })
  for (let count = 0; count < 12; count++) await house.sortOne(`t${count}`, 'technical')
  const { lessons } = await house.learn()
  expect(lessons).toMatchObject([{ outcome: 'open' }])
  await house.decide(lessons[0]!.id, 'rejected')
  expect((await house.learn()).lessons).toEqual([])
})

test('lessons that contradict each other are shown with both sides, and a person takes one', async () => {
  const house = await openSorting(obedient)
  const { database } = house.internals
  for (let count = 0; count < 18; count++) await house.sortOne(`t${count}`, 'technical')
  const matter = { subject: 'file it', field: 'category', from: 'billing', to: 'sales' }
  const older = await house.byHand({
    workflow: 'sort',
    question: 'sort the ticket',
    text: 'Bills are sales.',
    matter,
  })
  const { lessons } = await house.learn()
  expect(lessons).toMatchObject([{ outcome: 'contradicts' }])
  const [flagged] = await listProposals(database, { kind: 'contradiction', status: 'open', limit: 5 })
  expect(JSON.parse(flagged!.body)).toMatchObject({
    one: { id: older, text: 'Bills are sales.', status: 'adopted' },
    other: { id: lessons[0]!.id },
  })
  await house.decide(flagged!.id, 'adopted')
  expect((await lessonsInForce(database)).map(({ id }) => id)).toEqual([lessons[0]!.id])
})
