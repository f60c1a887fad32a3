import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { silentLog } from '../packages/reeve/src/base/log.ts'
import { type Context, workflow } from '../packages/reeve/src/context.ts'
import { projectOf } from '../packages/reeve/src/project/load.ts'
import { replayProject } from '../packages/reeve/src/runtime/evals/replaying.ts'
import { Runtime } from '../packages/reeve/src/runtime/runtime.ts'
import { tool } from '../packages/reeve/src/tools/tool.ts'
import { type BenchOptions, type BenchResult, goalOf, wholeNumber } from './runner/contract.ts'
import { figure } from './runner/table.ts'

const started = 400

/** The outside: what it did is counted, and while replays go on it throws. */
const outside = { isOpen: true, letters: 0, lookups: 0, answers: 0 }

function touch(what: 'letters' | 'lookups' | 'answers'): void {
  outside[what]++
  if (!outside.isOpen) throw new Error(`a replay touched the outside: ${what}`)
}

const find = tool({
  name: 'orders.find',
  description: 'Finds an order',
  input: z.object({ order: z.string() }),
  output: z.object({ paidUsd: z.number() }),
  effect: 'read',
  risk: 'low',
  run: ({ order }) => {
    touch('lookups')
    return { paidUsd: order.length }
  },
})
const reply = tool({
  name: 'mail.reply',
  description: 'Answers a letter',
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ id: z.string() }),
  effect: 'idempotent',
  risk: 'low',
  run: ({ to }) => {
    touch('letters')
    return { id: `to ${to}` }
  },
})

const Facts = z.object({ category: z.enum(['billing', 'technical']), urgency: z.number() })

/** A ticket: two steps, two questions, a look-up and a letter. */
function support(reads: (text: string) => string) {
  return workflow({
    name: 'support',
    input: z.object({ from: z.string(), order: z.string(), body: z.string() }),
    async run(ctx: Context, ticket) {
      const words = await ctx.step('count words', () => ticket.body.split(' ').length)
      const facts = await ctx.extract('read', { schema: Facts, from: ticket.body, route: 'reading' })
      const [order, language] = await ctx.all([
        ctx.call(find, { order: ticket.order }),
        ctx.step('language', () => 'en'),
      ])
      const text = await ctx.generate('draft', { route: 'writing', with: { facts, order, language } })
      const { id } = await ctx.call(reply, { to: ticket.from, text: reads(text) })
      return { id, words, ...facts }
    },
  })
}

function open(file: string, reads: (text: string) => string) {
  const answering = (text: string) => ({
    name: 'answering',
    kind: 'function' as const,
    solve: () => {
      touch('answers')
      return { kind: 'text' as const, text }
    },
  })
  return Runtime.open({
    project: projectOf(
      {
        knowledge: [],
        routes: {
          reading: { solvers: [answering('{"category":"billing","urgency":2}')] },
          writing: {
            solvers: [answering('Your order is paid, and the rest of this letter says so at length.')],
          },
        },
      },
      [support(reads)],
    ),
    environment: { database: { kind: 'sqlite', file }, keys: {}, user: 'bench', ci: true },
    log: silentLog,
  })
}

/** `--runs 10000` recorded runs of six calls are tried again, with the same code and with one that writes another letter. */
export async function run(options: BenchOptions): Promise<BenchResult> {
  const runs = options.quick ? 1000 : wholeNumber(options, 'runs', 10_000)
  const folder = await mkdtemp(join(tmpdir(), 'reeve-evals-'))
  try {
    const file = join(folder, 'reeve.db')
    await record(file, runs)
    outside.isOpen = false
    const before = { ...outside }
    const same = await measure(file, runs, (text) => text)
    const changed = await measure(file, runs, (text) => text.toUpperCase())
    const touched =
      outside.letters + outside.lookups + outside.answers - before.letters - before.lookups - before.answers
    const mismatches = runs - same.counts.same + (runs - changed.counts['new-effects'])
    return {
      goals: {
        replaysPerCoreSecond: goalOf(Math.min(same.perCoreSecond, changed.perCoreSecond), 2000, 'runs/s'),
        wrongVerdicts: goalOf(mismatches, 0, 'runs', 'lower'),
        outsideTouched: goalOf(touched, 0, 'times', 'lower'),
      },
      raw: { runs, same, changed },
      summary: `${runs} recorded runs of six calls: the same code ${figure(same.perCoreSecond)} runs a second of one core, another letter ${figure(changed.perCoreSecond)}`,
    }
  } finally {
    outside.isOpen = true
    await rm(folder, { recursive: true, force: true })
  }
}

async function record(file: string, runs: number): Promise<void> {
  const runtime = await open(file, (text) => text)
  await runtime.start()
  for (let done = 0; done < runs; done += started) {
    const count = Math.min(started, runs - done)
    const handles = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        runtime.startRun('support', {
          from: `customer${done + index}@example.com`,
          order: `A-${done + index}`,
          body: 'Where is my order? I paid it a week ago, and nothing has come since.',
        }),
      ),
    )
    await Promise.all(handles.map((handle) => handle.result()))
  }
  await runtime.stop()
  process.stderr.write(`${runs} runs recorded\n`)
}

async function measure(file: string, runs: number, reads: (text: string) => string) {
  const runtime = await open(file, reads)
  const cpu = process.cpuUsage()
  const began = performance.now()
  const { counts } = await replayProject(runtime, { limit: runs })
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await runtime.stop()
  const coreSeconds = (user + system) / 1e6
  const measured = { counts, seconds, coreSeconds, perCoreSecond: runs / coreSeconds }
  process.stderr.write(`${JSON.stringify(measured)}\n`)
  return measured
}
