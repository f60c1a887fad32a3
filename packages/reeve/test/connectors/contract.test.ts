import { describe, expect, test } from 'vitest'
import { connectorChecks } from '../../src/testing/index.ts'
import { cases } from './cases/index.ts'
import { onlyWhere } from './contract/applies.ts'

/** `npm run test:connectors [NAME]` looks at all, or at one; a run of everything at the one that has most to lose, and not for long. */
const only = process.env.CONNECTORS ?? 'stripe'
const isWhole = process.env.CONNECTORS !== undefined
const chosen = cases.filter(({ connector: { definition } }) => only === 'all' || definition.name === only)

test('there is a connector to look at', () => {
  expect(['all', ...cases.map(({ connector: { definition } }) => definition.name)]).toContain(only)
})

describe.each(chosen.map((each) => [each.connector.definition.name, each] as const))('%s', (_name, its) => {
  for (const { name, doesNotApply, isLong, run } of connectorChecks(its))
    test.runIf(isWhole || !isLong)(name, async (context) => {
      onlyWhere(context, doesNotApply)
      await run()
    })
})
