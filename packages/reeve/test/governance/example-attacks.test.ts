import { expect, test } from 'vitest'
import { attackExamples } from '../../../../attacks/examples/hijack.ts'
import { exampleGoals } from '../../../../attacks/examples/report-examples.ts'

test('no refund of a hijacked model gets out, and without the rules of provenance they are seen to', async () => {
  const few = { every: 150, only: 'refund-desk' }
  const judged = await attackExamples(few)
  expect(judged['refund-desk']).toMatchObject({ attempts: 18, reached: 0, asked: 18, honestFinished: true })
  expect(exampleGoals(judged).reached).toMatchObject({ value: 0, ok: true })
  const unjudged = await attackExamples({ ...few, isProvenanceJudged: false })
  expect(unjudged['refund-desk']!.reached).toBe(18)
  expect(exampleGoals(unjudged).reached!.ok).toBe(false)
})
