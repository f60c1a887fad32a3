import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../src/index.ts'
import { runInMemory } from '../src/testing/index.ts'

test('a run in memory that waits for a person is an error, not a test that hangs', async () => {
  const waits = workflow({
    name: 'waits',
    input: z.any(),
    run: (ctx) => ctx.approve('send the letter', { show: {} }),
  })
  await expect(runInMemory(waits, {})).rejects.toMatchObject({
    code: 'run-waits',
    message: expect.stringContaining('send the letter'),
  })
})
