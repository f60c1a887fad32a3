import { InMemoryStore } from '@mastra/core/storage'
import { createSixSteps } from './mastra-workflow.mjs'
import { closedLoop, measure, versionsOf } from './measure.ts'

// In its favour: its store searches every run it has held whenever one is created and halves its pace within seconds, so
// each run is deleted when it has ended.

await measure(async (spec) => {
  const workflow = await createSixSteps(spec, new InMemoryStore({ id: 'bench' }), { forget: true })
  return {
    versions: versionsOf('.', '@mastra/core'),
    durability: 'none',
    drive: closedLoop((number) => workflow(number)),
  }
})
