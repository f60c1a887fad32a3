import { expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../src/context.ts'
import { projectOf } from '../src/project/load.ts'
import { unknownInBudgets } from '../src/project/tools.ts'

test('a budget of a workflow or an agent that is not known is told, with the nearest name', () => {
  const invoice = workflow({ name: 'invoice', input: z.unknown(), run: async () => 1 })
  const budgets = { workflows: { invoise: '$1', invoice: '$1' }, agents: { clrk: '$2' } } as const
  expect(unknownInBudgets(projectOf({ budgets }, [invoice as never]))).toEqual([
    '`budgets` limits the workflow "invoise", and none is known of that name. Did you mean invoice?',
    '`budgets` limits the agent "clrk", and none is known of that name. There is none yet.',
  ])
  expect(unknownInBudgets(projectOf({}, [invoice as never]))).toEqual([])
})
