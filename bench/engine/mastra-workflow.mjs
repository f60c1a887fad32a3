import { Mastra } from '@mastra/core'
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { z } from 'zod'
import { resultOf } from './measure.ts'

/** Six steps one after another; with its defaults Mastra stores a snapshot of the run after each of them. */
export async function createSixSteps(spec, storage, { forget = false } = {}) {
  const result = z.object({ run: z.number(), step: z.number(), text: z.string() })
  const input = z.object({ run: z.number() })
  let workflow = createWorkflow({ id: 'six-steps', inputSchema: input, outputSchema: result })
  for (let index = 1; index <= spec.steps; index++) {
    const step = createStep({
      id: `step-${index}`,
      inputSchema: index === 1 ? input : result,
      outputSchema: result,
      execute: async ({ inputData }) => resultOf(inputData.run, index, spec.resultBytes),
    })
    workflow = workflow.then(step)
  }
  const mastra = new Mastra({ storage, logger: false, workflows: { sixSteps: workflow.commit() } })
  await storage.init()
  const registered = mastra.getWorkflow('sixSteps')
  return async (number) => {
    const run = await registered.createRun()
    const ended = await run.start({ inputData: { run: number } })
    if (ended.status !== 'success') throw new Error(`run ended as ${ended.status}`)
    if (forget) await registered.deleteWorkflowRunById(run.runId)
  }
}
