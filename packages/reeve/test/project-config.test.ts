import { expect, test } from 'vitest'
import { z } from 'zod'
import { agent } from '../src/agents/agent.ts'
import { toUsd } from '../src/base/money.ts'
import { workflow } from '../src/context.ts'
import { defineWorkflow } from '../src/engine/workflow.ts'
import { checkConfig } from '../src/project/check-config.ts'
import type { ProjectConfig } from '../src/project/config.ts'
import { tool } from '../src/tools/tool.ts'
import { testEngine } from './engine/harness.ts'

/** As it may come from JSON, or from code that is not type-checked. */
const loose = (config: unknown) => config as ProjectConfig

test.each<[string, ProjectConfig, RegExp]>([
  [
    'an age',
    loose({ retention: { failed: '3 days' } }),
    /retention\.failed is "3 days", which is not a valid duration/,
  ],
  [
    'an endless age',
    { retention: { failed: Number.POSITIVE_INFINITY } },
    /longer than 100 years.* leave it out/,
  ],
  ['no concurrency', { queues: { mail: { concurrency: 0 } } }, /queues\.mail\.concurrency is the number 0/],
  ['half a run', { queues: { mail: { concurrency: 1.5 } } }, /queues\.mail\.concurrency/],
  [
    'endless concurrency',
    { queues: { mail: { perKey: Number.POSITIVE_INFINITY } } },
    /perKey.* leave it out/,
  ],
  [
    'a rate',
    loose({ queues: { mail: { rate: { count: 1, per: 'minute' } } } }),
    /queues\.mail\.rate\.per is "minute"/,
  ],
  [
    'a rate of nothing',
    { queues: { mail: { rate: { count: Number.NaN, per: '1m' } } } },
    /rate\.count is the number NaN/,
  ],
  ['no time', { queues: { mail: { rate: { count: 1, per: 0 } } } }, /rate\.per \(in ms\) is the number 0/],
  ['a queue', { queues: { 'a\0b': {} } }, /name of a queue has a control character/],
  ['a budget', loose({ budgets: { day: '€5' } }), /budget of "day" is "€5", which is not an amount/],
  ['a large budget', { budgets: { agents: { ada: '$10000000' } } }, /budget of "ada" .*more than \$9000000/],
])('a configuration with %s that is none is refused when it is loaded', (_what, config, why) => {
  expect(() => checkConfig(config)).toThrow(why)
})

const declared = {
  name: 'x',
  description: 'x',
  input: z.unknown(),
  output: z.unknown(),
  effect: 'read' as const,
  run: () => 1,
}
const person = { name: 'ada', instructions: 'x', input: z.unknown(), route: 'r', owner: 'o' }

test.each<[string, () => unknown, string]>([
  [
    'workflow’s time',
    () => workflow({ input: z.unknown(), limits: { time: '3 days' as never }, run: () => 1 }),
    'bad-duration',
  ],
  [
    'workflow’s steps',
    () => workflow({ input: z.unknown(), limits: { steps: 0.5 }, run: () => 1 }),
    'bad-number',
  ],
  [
    'workflow’s cost',
    () => workflow({ input: z.unknown(), limits: { cost: 1e12 }, run: () => 1 }),
    'bad-amount',
  ],
  ['workflow’s queue', () => workflow({ input: z.unknown(), queue: {} as never, run: () => 1 }), 'bad-text'],
  [
    'workflow’s version',
    () => workflow({ input: z.unknown(), version: 2 as never, run: () => 1 }),
    'bad-text',
  ],
  [
    'workflow’s name',
    () => defineWorkflow({ name: 7 as never, input: z.unknown(), run: () => 1 }),
    'bad-text',
  ],
  ['tool’s approval time', () => tool({ ...declared, approvalTimeout: '1 week' as never }), 'bad-duration'],
  ['tool’s time', () => tool({ ...declared, timeout: 1e300 }), 'bad-duration'],
  ['tool’s retry', () => tool({ ...declared, retry: { delay: '5 min' as never } }), 'bad-duration'],
  ['tool’s name', () => tool({ ...declared, name: null as never }), 'bad-tool'],
  ['tool’s effect', () => tool({ ...declared, effect: 'twice' as never }), 'bad-tool'],
  ['tool’s risk', () => tool({ ...declared, risk: 'extreme' as never }), 'bad-tool'],
  ['tool’s approval', () => tool({ ...declared, approval: 'Always' as never }), 'bad-tool'],
  ['agent’s name', () => agent({ ...person, name: null as never }), 'bad-agent'],
  ['agent’s time', () => agent({ ...person, limits: { time: '1 hour' as never } }), 'bad-duration'],
])('a %s that is none is refused when it is declared', (_what, declare, code) => {
  expect(declare).toThrow(expect.objectContaining({ code }))
})

test('an amount of money is read as it is written, or refused', () => {
  expect([toUsd('$0.05'), toUsd('$5'), toUsd('$.5'), toUsd(0)]).toEqual([0.05, 5, 0.5, 0])
  for (const none of [
    '5',
    '€5',
    '$',
    '$-1',
    '$1e3',
    '$0x10',
    '',
    null,
    {},
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])
    expect(() => toUsd(none as never), String(none)).toThrow(/not an amount|more than/)
})

test('an engine refuses a capacity that is none', async () => {
  for (const capacity of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    await expect(testEngine([], { capacity })).rejects.toMatchObject({ code: 'bad-number' })
})
