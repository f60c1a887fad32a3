import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { resultOf } from './measure.ts'

/** Six nodes one after another; each keeps its result under a key of its own, as steps do elsewhere. */
export function compileSixSteps(spec, checkpointer) {
  const steps = Array.from({ length: spec.steps }, (_, index) => index + 1)
  const state = Annotation.Root({
    number: Annotation(),
    ...Object.fromEntries(steps.map((step) => [`result${step}`, Annotation()])),
  })
  const graph = new StateGraph(state)
  for (const step of steps) {
    graph.addNode(`step-${step}`, ({ number }) => ({
      [`result${step}`]: resultOf(number, step, spec.resultBytes),
    }))
    graph.addEdge(step === 1 ? START : `step-${step - 1}`, `step-${step}`)
  }
  graph.addEdge(`step-${spec.steps}`, END)
  return graph.compile(checkpointer ? { checkpointer } : {})
}
