import { expect, test } from 'vitest'
import { z } from 'zod'
import { ReeveError } from '../../src/base/errors.ts'
import type { CoreContext } from '../../src/engine/context.ts'
import { defineWorkflow, type Workflow } from '../../src/engine/workflow.ts'
import { failureClasses } from '../../src/inspect/failures/failure-classes.ts'
import { placeOfCode, placeOfCorrection } from '../../src/inspect/failures/place-of.ts'
import { testEngine } from '../engine/harness.ts'

test.each([
  ['call-denied', 'permission model'],
  ['over-budget', 'permission model'],
  ['not-approved', 'human process'],
  ['criteria-unmet', 'evaluation suite'],
  ['route-exhausted', 'prompt'],
  ['bad-result', 'tool contract'],
  ['mcp-timeout', 'tool contract'],
  ['mcp-not-allowed', 'permission model'],
  ['no-knowledge', 'retrieval'],
  ['failed', undefined],
])('%s belongs to: %s', (code, place) => expect(placeOfCode(code)).toBe(place))

test('what people did otherwise is told apart by whether they said what was wanted', () => {
  expect(placeOfCorrection({ what: 'rejected', note: ' ' })).toBe('human process')
  expect(placeOfCorrection({ what: 'rejected', note: 'too long' })).toBe('prompt')
  expect(placeOfCorrection({ what: 'edited', note: null })).toBe('prompt')
})

test('failed runs and corrections are found, sorted and counted by day; what is older is not', async () => {
  const flow = defineWorkflow({
    name: 'flow',
    input: z.string(),
    async run(ctx: CoreContext, code) {
      if (code !== '') throw new ReeveError(code, 'it failed')
      return (await ctx.approve('publish', { show: { text: 'x' } })).status
    },
  }) as Workflow
  const { engine, database, clock } = await testEngine([flow])
  await engine.start()
  for (const code of ['call-denied', 'call-denied', 'bad-result', 'own-code', '', ''])
    await engine.startRun('flow', code)
  await clock.advance(10)
  const asked = await database.all<{ id: string }>('select id from approvals order by id')
  await engine.control.decide(asked[0]!.id, { verdict: 'reject', by: 'ada', note: 'too long' })
  await engine.control.decide(asked[1]!.id, { verdict: 'approve', by: 'ada', answer: { text: 'y' } })
  await clock.advance(10)
  const { classes, isMore } = await failureClasses(database, 0)
  expect(isMore).toBe(false)
  expect(
    classes.map(({ place, count, reasons }) => [place, count, reasons.map(({ reason }) => reason)]),
  ).toEqual([
    ['prompt', 2, expect.arrayContaining(['a person edited it', 'a person rejected it'])],
    ['permission model', 2, ['call-denied']],
    ['tool contract', 1, ['bad-result']],
    [null, 1, ['own-code']],
  ])
  expect(classes[0]?.days.reduce((sum, { count }) => sum + count, 0)).toBe(2)
  expect((await failureClasses(database, clock.now() + 1)).classes).toEqual([])
  await engine.stop()
})
