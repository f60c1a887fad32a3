import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'
import { projectOf, Runtime, readEnvironment, workflow } from '../../packages/reeve/src/index.ts'
import { internalsOf } from '../../packages/reeve/src/internal.ts'
import type { ParkedReport, ParkedSpec } from './contract.ts'

const spec = JSON.parse(process.argv[2] ?? '') as ParkedSpec

const letter = workflow({
  name: 'letter',
  input: z.object({ number: z.int() }),
  async run(ctx, { number }) {
    const body = await ctx.step('draft', () => `Dear customer number ${number}, your parcel is on its way.`)
    const { status } = await ctx.approve('send the letter', { show: { to: `${number}@example.test`, body } })
    return { status }
  },
})

const runtime = await Runtime.open({
  project: projectOf({}, [letter], spec.dataFolder),
  environment: readEnvironment(spec.dataFolder, {
    DATABASE_URL: `file:${join(spec.dataFolder, 'reeve.db')}`,
  }),
})
const { engine, database } = internalsOf(runtime)

if (spec.role === 'decide') {
  process.on('message', async (approval: string) => {
    const at = Date.now()
    await engine.control.decide(approval, { verdict: 'approve', by: 'bench' })
    process.send?.(at)
  })
  process.on('disconnect', () => process.exit(0))
} else {
  await runtime.start()
  const readyMs = Date.now() - spec.spawnedAt
  const parked = spec.role === 'resume' ? {} : { perSecond: await park(spec.role === 'idle' ? 1 : spec.runs) }
  const waiting = (await database.get<{ count: number }>(
    `select count(*) as count from approvals where status = 'pending'`,
  ))!.count
  const memory = await settledMemory()
  const decided = spec.role === 'resume' ? await decideSome() : {}
  await runtime.stop()
  const report: ParkedReport = { readyMs, waiting, ...memory, ...parked, ...decided }
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** Starts so many runs, 400 at a time, and resolves when all of them wait. */
async function park(count: number): Promise<number> {
  const startedAt = performance.now()
  let under = 0
  let changed = () => {}
  engine.onEnded((_run, { status }) => {
    if (status !== 'waiting') throw new Error(`a run has ${status}`)
    under--
    changed()
  })
  for (let number = 0; number < count; number++) {
    under++
    void engine.startRun(letter, { number })
    if (under >= 400) await new Promise<void>((resolve) => (changed = resolve))
  }
  while (under > 0) await new Promise<void>((resolve) => (changed = resolve))
  return (count / (performance.now() - startedAt)) * 1000
}

/** Collects garbage until that frees nothing more; what is left is what the runs cost. */
async function settledMemory() {
  let heap = Number.POSITIVE_INFINITY
  for (let round = 0; round < 10; round++) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = process.memoryUsage().heapUsed
    if (now > heap * 0.99) break
    heap = now
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { rssMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20 }
}

async function decideSome() {
  const pending = await database.all<{ id: string; run: string }>(
    `select a.id, r.id as run from approvals a join runs r on r.no = a.run
     where a.status = 'pending' and a.run % ? = 0 order by a.run limit ?`,
    [Math.max(1, Math.floor(spec.runs / (2 * spec.decisions))), 2 * spec.decisions],
  )
  const decidedMs: number[] = []
  for (const { id, run } of pending.slice(0, spec.decisions)) {
    const startedAt = performance.now()
    await engine.control.decide(id, { verdict: 'approve', by: 'bench' })
    await ended(run)
    decidedMs.push(performance.now() - startedAt)
  }
  const decider = fork(import.meta.filename, [JSON.stringify({ ...spec, role: 'decide' })])
  const decidedElsewhereMs: number[] = []
  for (const { id, run } of pending.slice(spec.decisions)) {
    const said = once(decider, 'message')
    const end = ended(run)
    decider.send(id)
    const endedAt = await end
    const [at] = (await said) as [number]
    decidedElsewhereMs.push(endedAt - at)
  }
  decider.disconnect()
  await once(decider, 'exit')
  return { decidedMs, decidedElsewhereMs }
}

async function ended(run: string): Promise<number> {
  const { status } = await engine.resultOf(run)
  if (status !== 'succeeded') throw new Error(`run ${run} has ${status}`)
  return Date.now()
}
