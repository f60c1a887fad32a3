import { defineConfig, localComposer, type Question, type Solver } from 'reeve'

/** Cuts a request into its sentences without a model: a rule, and named as one. */
const sentences: Solver = {
  name: 'rule/sentences',
  kind: 'function',
  solve({ input }: Question) {
    const texts = JSON.stringify(input).match(/[^".!?]{8,}\?/g) ?? []
    const subtasks = texts
      .slice(0, 8)
      .map((task, index) => ({ id: `q${index + 1}`, worker: 'reader', task: task.trim() }))
    if (subtasks.length === 0) return { kind: 'abstain', reason: 'the request holds no question' }
    return { kind: 'value', value: { subtasks } }
  },
}

const silent: Solver = {
  name: 'rule/no-answer',
  kind: 'function',
  solve: () => ({ kind: 'text', text: 'The knowledge has nothing on this.' }),
}

export default defineConfig({
  // The articles of the support example: one shop, two desks.
  knowledge: ['../support-triage/knowledge'],
  budgets: { day: '$1', workflows: { research: '$5' }, whenExhausted: 'next' },
  routes: {
    coordinator: { solvers: ['anthropic/claude-sonnet-4-6', sentences] },
    reader: { solvers: ['anthropic/claude-haiku-4-5', localComposer({ sentences: 2 }), silent] },
  },
})
