import { compileSixSteps } from './langgraph-graph.mjs'
import { closedLoop, measure, versionsOf } from './measure.ts'

await measure(async (spec) => {
  const graph = compileSixSteps(spec, undefined)
  return {
    versions: versionsOf('.', '@langchain/langgraph', '@langchain/core'),
    durability: 'none',
    drive: closedLoop((number) => graph.invoke({ number })),
  }
})
