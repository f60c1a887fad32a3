import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Context, workflow } from '../../src/context.ts'
import type { Workflow } from '../../src/engine/workflow.ts'
import { payloadOf } from '../../src/store/journal/events.ts'
import { eventsOf } from '../engine/harness.ts'
import { openLearning } from '../learning/house.ts'

const Asked = z.object({ in: z.string().optional() })
const search = (ctx: Context, { in: scope }: z.infer<typeof Asked>) =>
  ctx.recall('known', { query: 'invoices', from: 'memory', in: scope })

const keep = workflow({
  name: 'keep',
  input: z.object({ text: z.string(), scope: z.string() }),
  run: (ctx: Context, { text, scope }) => ctx.remember(text, { scope, trusted: true }),
}) as unknown as Workflow
const triage = workflow({ name: 'triage', input: Asked, run: search }) as unknown as Workflow
const stranger = workflow({ name: 'stranger', input: Asked, run: search }) as unknown as Workflow
const meddling = workflow({
  name: 'meddling',
  input: z.object({ id: z.string() }),
  run: (ctx: Context, { id }) => ctx.forget(id, { why: 'it should not know' }),
}) as unknown as Workflow

async function openHouse() {
  const scopes = {
    customers: { readers: ['workflow:triage'], private: true },
    'customers/vip': { readers: ['eve'] },
  }
  const house = await openLearning({ memory: { scopes } }, [keep, triage, stranger, meddling])
  const run = async (name: string, input: object) => {
    const started = await house.run(name, input)
    return { ...(await started.result()), events: await eventsOf(house.internals.database, started.id) }
  }
  const texts = async (name: string, input: object) => {
    const ended = (await run(name, input)) as { output?: unknown }
    return (ended.output as { text: string }[]).map(({ text }) => text)
  }
  await run('keep', { text: 'All invoices go out on Mondays.', scope: 'policy' })
  await run('keep', { text: 'The invoices of Vera go to her lawyer.', scope: 'customers/vip' })
  const kept = await run('keep', { text: 'Ada wants her invoices in French.', scope: 'customers/ada' })
  return { ...house, run, texts, ada: (kept as unknown as { output: string }).output }
}

test('a run finds what its workflow or its principal may read, and nothing else', async () => {
  const { run, texts } = await openHouse()
  expect(await texts('stranger', {})).toEqual(['All invoices go out on Mondays.'])
  expect((await texts('triage', {})).sort()).toEqual([
    'Ada wants her invoices in French.',
    'All invoices go out on Mondays.',
  ])
  const { events } = await run('stranger', {})
  const found = payloadOf(events.find(({ type }) => type === 'recall-completed')!, 'recall-completed')
  expect(found.audit).toMatchObject({ hidden: ['customers', 'customers/vip'] })
  expect(JSON.stringify(found)).not.toContain('Ada')
})

test('asking for a scope that is not theirs, or ending what lies there, is refused', async () => {
  const { run, ada, internals } = await openHouse()
  for (const refused of [
    await run('stranger', { in: 'customers/ada' }),
    await run('triage', { in: '/customers//vip/' }),
    await run('meddling', { id: ada }),
  ])
    expect(refused).toMatchObject({ error: { code: 'memory-forbidden' } })
  expect((await internals.memory.history(ada)).at(-1)!.endedAt).toBeNull()
})

test('what is recalled from a private scope is labelled, and counts as private for what the run does next', async () => {
  const { run } = await openHouse()
  const { events } = await run('triage', {})
  const { passages } = payloadOf(events.find(({ type }) => type === 'recall-completed')!, 'recall-completed')
  expect(passages.map(({ text, isPrivate }) => [text, isPrivate])).toEqual(
    expect.arrayContaining([
      ['Ada wants her invoices in French.', true],
      ['All invoices go out on Mondays.', undefined],
    ]),
  )
})
