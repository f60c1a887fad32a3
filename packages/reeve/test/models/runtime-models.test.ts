import { expect, test } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../src/base/log.ts'
import { workflow } from '../../src/context.ts'
import type { TextEvent } from '../../src/models/asking/text-stream.ts'
import { projectOf } from '../../src/project/load.ts'
import { internalsOf, Runtime } from '../../src/runtime/runtime.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { scriptedSolver } from '../../src/testing/scripted.ts'

const write = workflow({
  name: 'write',
  input: z.string(),
  run: (ctx, about) => ctx.generate('letter', { route: 'writing', with: { about }, cache: '1d' }),
})

async function open(replies: string[]) {
  const events: TextEvent[] = []
  const clock = new FakeClock()
  const runtime = await Runtime.open({
    project: projectOf(
      {
        knowledge: [],
        routes: { writing: { solvers: [scriptedSolver(replies, { identity: 'scripted' })] } },
      },
      [write],
    ),
    environment: { database: { kind: 'sqlite', file: ':memory:' }, keys: {}, user: 'ada', ci: false },
    log: silentLog,
    clock,
    textListener: (event) => {
      events.push({ ...event })
    },
  })
  await runtime.start()
  const ask = async () => {
    const handle = await runtime.startRun(write, 'shoes')
    return { id: handle.id, result: await handle.result() }
  }
  return { runtime, clock, events, ask }
}

test('a project’s listener hears texts once; an answer given again is not written again', async () => {
  const { runtime, events, ask } = await open(['Dear Ada'])
  const { id } = await ask()
  expect((await ask()).result).toMatchObject({ output: 'Dear Ada' })
  expect(events.map(({ type, run }) => [type, run])).toEqual([
    ['text-started', id],
    ['text-written', id],
    ['text-finished', id],
  ])
  await runtime.stop()
})

test('a bad answer can be forgotten, by the run that paid for it or with all others', async () => {
  const { runtime, ask } = await open(['first', 'second', 'third'])
  const { id } = await ask()
  expect(await runtime.forgetAnswers('another')).toBe(0)
  expect(await runtime.forgetAnswers(id)).toBe(1)
  expect((await ask()).result).toMatchObject({ output: 'second' })
  expect(await runtime.forgetAnswers()).toBe(1)
  expect((await ask()).result).toMatchObject({ output: 'third' })
  await runtime.stop()
})

test('pruning drops answers that have expired, without a retention of runs', async () => {
  const { runtime, clock, ask } = await open(['first'])
  await ask()
  await internalsOf(runtime).database.run('update answers set expires_at = ?', [clock.now()])
  await runtime.prune()
  expect(await runtime.forgetAnswers()).toBe(0)
  await runtime.stop()
})
