import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { type Context, workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import type { ReplayedRun } from '../../src/evals/replay/compare.ts'
import type { ReplayOptions } from '../../src/evals/replay/replay-runs.ts'
import { projectOf } from '../../src/project/load.ts'
import { replayProject } from '../../src/runtime/evals/replaying.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'
import { tool } from '../../src/tools/tool.ts'

type Body = (ctx: Context, input: { n: number }) => Promise<unknown>

const closed = { isOpen: true, calls: 0 }
const mail = tool({
  name: 'mail.send',
  description: 'Sends a letter',
  input: z.object({ to: z.string(), text: z.string() }),
  output: z.object({ id: z.string() }),
  effect: 'idempotent',
  risk: 'low',
  run: ({ to }) => {
    if (!closed.isOpen) throw new Error('the door is shut')
    closed.calls++
    return { id: `sent to ${to}` }
  },
})

function flow(run: Body): Workflow {
  return workflow({ name: 'flow', input: z.object({ n: z.number() }), run }) as Workflow
}

async function open(file: string, run: Body, replies: string[] = []) {
  const runtime = await Runtime.open({
    project: projectOf({ knowledge: [], routes: { writing: { solvers: [scriptedSolver(replies)] } } }, [
      flow(run),
    ]),
    environment: { database: { kind: 'sqlite', file }, keys: {}, user: 'nobody', ci: false },
    log: silentLog,
  })
  return runtime
}

const recorded: Body = async (ctx, { n }) => {
  const seen = await ctx.step('look', () => {
    if (!closed.isOpen) throw new Error('a step ran')
    return n * 2
  })
  const [draft] = await ctx.all([
    ctx.generate('draft', { route: 'writing', with: { seen } }),
    ctx.sleep('1ms').then(() => ctx.step('beside', () => 'b')),
  ])
  const { id } = await ctx.call(mail, { to: `a${n}`, text: draft })
  if (n === 3) throw new Error('three is too many')
  return { id, at: ctx.now().getTime(), chance: ctx.random(), draft }
}

const file = join(mkdtempSync(join(tmpdir(), 'replay-')), 'r.db')

beforeAll(async () => {
  const first = await open(file, recorded, ['one', 'two', 'three'])
  await first.start()
  for (const n of [1, 2, 3]) await (await first.startRun('flow', { n })).result()
  await first.stop()
  closed.isOpen = false
})

/** Tries `other` over three runs of `recorded`, with every door shut. */
async function tried(other: Body, options: ReplayOptions = {}, replies: string[] = []) {
  const second = await open(file, other, replies)
  onTestFinished(() => second.stop())
  const before = closed.calls
  const heard: ReplayedRun[] = []
  const report = await replayProject(second, options, (each) => heard.push(each))
  expect(closed.calls).toBe(before)
  expect((await second.listRuns()).runs).toHaveLength(3)
  return { ...report, heard }
}

const ending = (body: (ctx: Context, n: number, draft: string) => Promise<unknown>): Body => {
  return async (ctx, { n }) => {
    const seen = await ctx.step('look', () => 0)
    const [draft] = await ctx.all([
      ctx.generate('draft', { route: 'writing', with: { seen } }),
      ctx.sleep('1ms').then(() => ctx.step('beside', () => 'b')),
    ])
    return body(ctx, n, draft)
  }
}

test('unchanged code comes to the same, failures included, and no door is opened', async () => {
  const { counts, changed, heard } = await tried(recorded)
  expect(changed).toEqual([])
  expect(counts.same).toBe(3)
  expect(heard.map(({ was }) => was.status)).toEqual(['failed', 'succeeded', 'succeeded'])
})

test('another result, another path and new effects are told apart, with what differs', async () => {
  const other = await tried(
    ending(async (ctx, n, text) => {
      if (n === 1) {
        await ctx.call(mail, { to: 'a1', text })
        return 'another result'
      }
      if (n === 2) return 'no letter'
      await ctx.call(mail, { to: 'boss', text })
    }),
  )
  expect(
    other.changed.map(({ outcome, why, newEffects }) => [outcome, why, newEffects.map(({ args }) => args)]),
  ).toEqual([
    ['new-effects', 'would call mail.send', [{ to: 'boss', text: 'three' }]],
    ['different-path', 'call 5, effect "mail.send", is not made any more', []],
    ['different-result', 'the result differs', []],
  ])
  expect(other.changed[2]).toMatchObject({
    now: { output: 'another result' },
    was: { output: { id: 'sent to a1' } },
  })
})

test('runs that went past a patch mark are tried without what it adds, wherever it stands', async () => {
  const marked =
    (where: 'middle' | 'end'): Body =>
    async (ctx, { n }) => {
      const seen = await ctx.step('look', () => n * 2)
      if (where === 'middle' && ctx.patched('check')) await ctx.step('check', () => 'c')
      const [draft] = await ctx.all([
        ctx.generate('draft', { route: 'writing', with: { seen } }),
        ctx.sleep('1ms').then(() => ctx.step('beside', () => 'b')),
      ])
      const { id } = await ctx.call(mail, { to: `a${n}`, text: draft })
      if (n === 3) throw new Error('three is too many')
      if (where === 'end' && ctx.patched('check')) await ctx.step('check', () => 'c')
      return { id, at: ctx.now().getTime(), chance: ctx.random(), draft }
    }
  for (const where of ['middle', 'end'] as const)
    expect((await tried(marked(where))).counts).toMatchObject({ same: 3, 'would-ask': 0 })
})

test('calls that were put in, left out or moved do not shift the answers of the others', async () => {
  const { changed } = await tried(async (ctx, { n }) => {
    if (n === 1) await ctx.sleep('1ms')
    const draft = await ctx.generate('draft', { route: 'writing', with: { seen: n * 2 } })
    const seen = await ctx.step('look', () => 0)
    await ctx.call(mail, { to: `a${n}`, text: draft })
    return seen
  })
  expect(changed.map(({ now }) => now?.output)).toEqual([6, 4, 2])
  expect(changed[1]?.differences.map(({ what, name }) => `${what} ${name}`)).toEqual([
    'moved look',
    'unmade 1ms',
    'unmade beside',
  ])
})

test('a changed prompt would ask a model; where tolerant the old answer stands; where it may, the route is asked', async () => {
  const prompted: Body = async (ctx, input) => {
    const seen = await ctx.step('look', () => 0)
    const [draft] = await ctx.all([
      ctx.generate('draft', { route: 'writing', with: { seen }, instructions: 'Be kind.' }),
      ctx.sleep('1ms').then(() => ctx.step('beside', () => 'b')),
    ])
    return input.n === 1 ? draft : ctx.call(mail, { to: `a${input.n}`, text: draft })
  }
  const strict = await tried(prompted)
  expect(strict.counts['would-ask']).toBe(3)
  expect(strict.changed[0]?.wouldAsk).toEqual([{ what: 'model', call: 2, name: 'draft' }])
  const tolerant = await tried(prompted, { tolerant: true, limit: 2 })
  expect(tolerant.changed.map(({ outcome }) => outcome)).toEqual(['different-path', 'different-path'])
  const asked = await tried(prompted, { mayAsk: true }, ['3', 'two', 'new words'])
  expect(asked.changed.map(({ outcome, now }) => [outcome, now?.output])).toEqual([
    ['new-effects', undefined],
    ['different-path', { id: 'sent to a2' }],
    ['different-path', 'new words'],
  ])
})

test('what cannot be replayed says why', async () => {
  const { changed } = await tried(async (ctx, { n }) => {
    if (n === 1) return new Promise(() => {})
    if (n === 2) await ctx.waitFor('word')
    if (n === 3) await ctx.approve('publish', { show: 'x' })
  })
  expect(changed.map(({ outcome, why }) => [outcome, why])).toEqual([
    ['would-ask', 'would ask a person ("publish")'],
    ['would-ask', 'would ask a signal ("word")'],
    ['cannot-replay', expect.stringContaining('came to rest before its end')],
  ])
})
