import { InMemoryStore } from '@mastra/core/storage'
import { createSixSteps } from './mastra-workflow.mjs'
import { closedLoop, measure, versionsOf } from './measure.ts'

await measure(async (spec) => {
  const workflow = await createSixSteps(spec, new InMemoryStore({ id: 'bench' }))
  return {
    versions: versionsOf('.', '@mastra/core'),
    durability: 'none',
    drive: closedLoop((number) => workflow(number)),
  }
})
