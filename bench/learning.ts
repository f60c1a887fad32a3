import {
  byClassifier,
  learningClassifier,
  localExtractor,
  projectOf,
  Runtime,
  type Solver,
  type Workflow,
  workflow,
} from 'reeve'
import { internalsOf } from 'reeve/internal'
import { silentLog } from 'reeve/testing'
import { z } from 'zod'
import { correctAnswer } from '../packages/reeve/src/engine/outside/correct-answer.ts'
import { pairedChange } from '../packages/reeve/src/evals/statistics/paired.ts'
import { listPending } from '../packages/reeve/src/store/approvals/approvals.ts'
import { addPrincipal } from '../packages/reeve/src/store/identity/principals.ts'
import { type PlayedBusiness, playBusiness } from './learning/business.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { figure, table } from './runner/table.ts'

/**
 * A desk that answers letters for `--days 90`, `--letters 8` a day, twice for each of `--seeds 20`: with learning and without, the same
 * letters in the same order, and the same luck for each letter. A paid reader misreads one letter in twelve, and whoever owns the desk
 * sees half of these on the next day and says what the letter was. A paid writer forgets a sentence that the owner wants in replies to
 * complaints, and writes it once it is told to; each reply is looked at, and edited where it lacks that. The desk learns each week.
 *
 * Success: letters that were read rightly and answered with a reply that nobody had to edit. Cost: of the reader and the writer, by
 * letter. Both are paired by seed; the interval is a bootstrap over seeds.
 *
 * `--business` plays `examples/small-business` in its place, with `--learning off` and `on`: success is the share of letters, articles and
 * decisions that were right as they were, cost is all of its models, by 1,000 of these.
 */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const seeds = wholeNumber(options, 'seeds', options.quick ? 3 : 20)
  const days = wholeNumber(options, 'days', options.quick ? 28 : 90)
  const letters = wholeNumber(options, 'letters', 8)
  const pairs: { seed: number; off: PlayedBusiness; on: PlayedBusiness }[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const both = options.business
      ? playBusiness
      : (how: { isLearning: boolean }) => play({ seed, days, letters, ...how })
    // A play of the business waits for its processes and its disk half of the time.
    const [off, on] = await Promise.all([
      both({ seed, days, isLearning: false }),
      both({ seed, days, isLearning: true }),
    ])
    pairs.push({ seed, off, on })
    if (options.business) process.stderr.write(`${JSON.stringify(pairs.at(-1))}\n`)
  }
  const compare = (of: (played: PlayedBusiness) => number) =>
    pairedChange(pairs.map(({ off, on }) => ({ before: of(off), now: of(on) })))
  const success = compare(({ good, all }) => good / all)
  const cost = compare(({ costUsd, all }) => (costUsd / all) * 1000)
  const shown = (name: string, of: (played: PlayedBusiness) => number, change: typeof success) => [
    name,
    figure(mean(pairs.map(({ off }) => of(off)))),
    figure(mean(pairs.map(({ on }) => of(on)))),
    figure(change.mean),
    `${figure(change.low)} … ${figure(change.high)}`,
  ]
  return {
    goals: {
      successGainLow: goalOf(success.low, 0.0001, 'share', 'higher'),
      costChangeHigh: goalOf(
        cost.high,
        -0.0001,
        `$ per 1,000 ${options.business ? 'pieces' : 'letters'}`,
        'lower',
      ),
    },
    raw: { seeds, days, letters, success, cost, pairs },
    summary: table(
      ['', 'without', 'with', 'change', '95 %'],
      [
        shown('success', ({ good, all }) => good / all, success),
        shown(
          `$ per 1,000 ${options.business ? 'pieces' : 'letters'}`,
          ({ costUsd, all }) => (costUsd / all) * 1000,
          cost,
        ),
      ],
    ),
  }
}

interface Played extends PlayedBusiness {
  lessons: number
  trainings: number
}

const Read = z.object({ kind: z.string() })
const wanted = 'We are sorry, and look at it today.'
const readerUsd = 0.0004
const writerUsd = 0.0011

const signs: Record<string, string[]> = {
  price: ['what does it cost', 'your monthly rates', 'a price for care', 'how expensive is it'],
  project: ['build a booking page', 'a new shop site', 'a page for our fair', 'a project in spring'],
  complaint: ['the page looks broken', 'it shows an error', 'nothing loads any more', 'the form is dead'],
  spam: ['rank first tomorrow', 'ten thousand backlinks', 'crypto at a discount', 'free traffic now'],
}
const trades = [
  'bakery',
  'florist',
  'garage',
  'book shop',
  'tailor',
  'café',
  'studio',
  'choir',
  'hotel',
  'dentist',
]
const kinds = Object.keys(signs)

async function play({
  seed,
  days,
  letters,
  isLearning,
}: {
  seed: number
  days: number
  letters: number
  isLearning: boolean
}): Promise<Played> {
  const luckOf = chanceOf(seed)
  let costUsd = 0
  const reader: Solver = {
    name: 'paid/reader',
    kind: 'hosted',
    solve({ input }) {
      costUsd += readerUsd
      const { id, kind } = truthIn(String(input))
      const isMisread = luckOf('misread', id) < 1 / 12
      const said = isMisread ? kinds[Math.floor(luckOf('as', id) * kinds.length)]! : kind
      return { kind: 'value', value: { kind: said } }
    },
  }
  const writer: Solver = {
    name: 'paid/writer',
    kind: 'hosted',
    solve({ instructions = '', input }) {
      costUsd += writerUsd
      const isComplaint = JSON.stringify(input).includes('complaint')
      const told = instructions.includes(wanted) && isComplaint ? ` ${wanted}` : ''
      return {
        kind: 'text',
        text: `Thank you for your letter to our small studio.${told} We will write to you again soon.`,
      }
    },
  }
  const kind = learningClassifier({
    name: 'kind',
    question: 'read the letter',
    field: 'kind',
    from: 'answers',
  })
  const own = localExtractor({ fields: { kind: byClassifier(kind) }, minConfidence: 0.9 })
  const answer = workflow({
    name: 'answer',
    input: z.object({ letter: z.string() }),
    run: async (ctx, { letter }) => {
      const { kind: is } = await ctx.extract('read the letter', {
        schema: Read,
        from: letter,
        route: 'reading',
      })
      if (is === 'spam') return { is, edited: false }
      const body = await ctx.generate('write the reply', { route: 'writing', with: { letter, is } })
      const said = await ctx.approve(is === 'complaint' ? 'answer a complaint' : 'answer', { show: { body } })
      return { is, edited: said.status === 'approved' && said.value.body !== body }
    },
  }) as unknown as Workflow
  const runtime = await Runtime.open({
    project: projectOf(
      {
        knowledge: [],
        routes: {
          reading: { solvers: [...(isLearning ? [own] : []), reader] },
          writing: { solvers: [writer] },
        },
        ...(isLearning && { learning: {} }),
      },
      [answer],
    ),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: false },
    log: silentLog,
  })
  const { database, engine, clock } = internalsOf(runtime)
  const acting = () => ({ by: 'ada', proof: 'session' as const, at: clock.now() })
  await runtime.start()
  await database.transaction((session) =>
    addPrincipal(session, { name: 'ada', kind: 'person', role: 'owner' }, acting()),
  )
  const played: Played = { all: 0, good: 0, costUsd: 0, lessons: 0, trainings: 0 }
  for (let day = 0; day < days; day++) {
    const misread: { run: string; kind: string }[] = []
    for (let index = 0; index < letters; index++) {
      const id = `${day}-${index}`
      const { text, kind: truth } = letterOf(id, luckOf)
      const started = await runtime.startRun('answer', { letter: text })
      const result = started.result()
      await decided(result, async () => {
        const [asked] = await listPending(database, 1)
        if (!asked) return
        const { body } = JSON.parse(asked.shown) as { body: string }
        const lacks = asked.subject === 'answer a complaint' && !body.includes(wanted)
        const edit = body.replace('We will', `${wanted} We will`)
        await engine.control.decide(asked.id, {
          verdict: 'approve',
          by: 'ada',
          ...(lacks && { answer: { body: edit } }),
        })
      })
      const ended = (await result) as { output?: { is: string; edited: boolean } }
      played.all++
      const isRight = ended.output?.is === truth
      if (isRight && !ended.output!.edited) played.good++
      if (!isRight && luckOf('seen', id) < 0.5) misread.push({ run: started.id, kind: truth })
    }
    if (!isLearning) continue
    for (const { run, kind: is } of misread)
      await database.transaction((session) =>
        correctAnswer(session, run, { question: 'read the letter', value: { kind: is } }, acting()),
      )
    if (day % 7 !== 6) continue
    const night = await (await engine.startRun('reeve.learn', {}, { channel: 'operator' })).result()
    const { lessons = [], trainings = [] } =
      night.status === 'succeeded'
        ? (night.output as { lessons?: { outcome: string }[]; trainings?: { outcome: string }[] })
        : {}
    played.lessons += lessons.filter(({ outcome }) => outcome === 'adopted').length
    played.trainings += trainings.filter(({ outcome }) => outcome === 'adopted').length
  }
  await runtime.stop(0)
  return { ...played, costUsd }
}

/** Decides what is asked until the run has ended. */
async function decided(result: Promise<unknown>, decide: () => Promise<void>): Promise<void> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  result.then(over, over)
  while (!isOver) {
    await decide()
    await new Promise(setImmediate)
  }
}

function letterOf(id: string, luck: (...what: string[]) => number): { text: string; kind: string } {
  const kind = kinds[Math.floor(luck('kind', id) * kinds.length)]!
  const sign = signs[kind]![Math.floor(luck('sign', id) * 4)]!
  const trade = trades[Math.floor(luck('trade', id) * trades.length)]!
  return { kind, text: `Hello, this is the ${trade} down the road: ${sign}. Yours, ref ${id}` }
}

function truthIn(text: string): { id: string; kind: string } {
  const [, id = ''] = /ref (\S+)$/.exec(text) ?? []
  return { id, kind: kinds.find((kind) => signs[kind]!.some((sign) => text.includes(sign)))! }
}

/** The same number from 0 up to 1 for the same seed and words. */
function chanceOf(seed: number): (...what: string[]) => number {
  return (...what) => {
    let hash = seed * 2654435761
    for (const code of what.join(' ')) hash = Math.imul(hash ^ code.charCodeAt(0), 0x5bd1e995) ^ (hash >>> 13)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length
}
