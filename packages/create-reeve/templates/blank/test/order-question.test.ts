import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { testRuntime } from 'reeve/testing'

test('a customer gets the answer that the person approved', async () => {
  await using desk = await testRuntime({ project: join(import.meta.dirname, '..') })
  const run = await desk.start('order-question', { message: 'Where is A-12345?' })
  const edited = { order: 'A-12345', text: 'It comes tomorrow.' }
  await desk.approve(run, { edit: edited })

  assert.partialDeepStrictEqual(await run.output(), { answered: true, ...edited })
})
